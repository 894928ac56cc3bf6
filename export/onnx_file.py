"""A torch network with named ports -> an ONNX file that the app can play."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping

import onnx
import torch

from export import ExportError
from export.graph import Graph
from puppet.actor.graph.check import check_graph

OPSET = 17  # supported by the CUDA, CoreML, DirectML and CPU providers of every supported ONNX Runtime


def to_onnx(graph: Graph) -> bytes:
    """The graph as one ONNX file with a free batch dimension and its weights inside. Raises ExportError."""
    ports = [*graph.inputs, *graph.outputs]
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracing exporter warns that it is deprecated
            torch.onnx.export(
                graph.module,
                tuple(graph.inputs.values()),
                buffer,  # pyright: ignore[reportArgumentType]  # accepted by the tracing exporter
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                dynamic_axes={name: {0: "N"} for name in ports},
                opset_version=OPSET,
                do_constant_folding=True,
                dynamo=False,  # the same result, 40 times faster and a third smaller; torch is pinned
            )
        made = onnx.load_from_string(buffer.getvalue())
        for port in made.graph.output:  # the tracer loses dimensions it cannot infer
            kind = port.type.tensor_type.elem_type
            shape = ["N", *graph.outputs[port.name][1]]
            port.CopyFrom(onnx.helper.make_tensor_value_info(port.name, kind, shape))
        made.doc_string = made.graph.doc_string = ""
        for node in made.graph.node:
            node.doc_string = ""  # it holds file names of the exporter
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString()
    except (ValueError, RuntimeError, TypeError, onnx.checker.ValidationError) as error:
        raise ExportError(f"the {graph.name} cannot be written as ONNX: {' '.join(str(error).split())}") from error


def require_playable(files: Mapping[str, bytes]) -> None:
    """ExportError for a graph that the app would refuse. files: ONNX files by name."""
    for name, file in files.items():
        try:
            check_graph(file)
        except ValueError as error:
            raise ExportError(f"the {name} is none that an actor may have: {error}") from error
