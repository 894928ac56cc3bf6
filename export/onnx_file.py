"""A torch network with named ports -> an ONNX file that the app can play."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import onnx
import torch
from onnxscript import ir, opset18, optimizer

from export import ExportError
from export.graph import Graph
from puppet.actor.graph.check import check_graph
from puppet.core.texts import one_line

# What torch's exporter is written in: older versions are made by a converter, which has none for Resize. ONNX Runtime
# runs it from 1.20 on, and leaves to the CPU what another provider does not know in this version.
OPSET = 18
BATCH = "N"  # the free dimension's name
CHECK_ERRORS = (onnx.checker.ValidationError, onnx.shape_inference.InferenceError)
FOLDED = 1 << 24  # numbers of a constant that may come of other constants; by itself the optimizer stops far below
CHATTY = ("torch.onnx", "torch.fx", "torch.fx.experimental.symbolic_shapes", "onnxscript", "onnx_ir")  # loggers


def to_onnx(graph: Graph) -> bytes:
    """The graph as one ONNX file with a free batch dimension and its weights inside. Raises ExportError."""
    batch, shapes = torch.export.Dim(BATCH), torch.export.ShapesCollection()
    for example in graph.inputs.values():
        shapes[example] = {0: batch}
    examples = tuple(graph.inputs.values())
    try:
        with _quiet():
            program = torch.onnx.export(
                graph.module,
                examples,
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
                dynamic_shapes=shapes.dynamic_shapes(graph.module, examples),
                custom_translation_table={torch.ops.aten.index.Tensor: _gathered},
                optimize=False,  # done below, with another limit
            )
            assert program is not None  # the exporter without dynamo gives none
            optimizer.optimize(program.model, input_size_limit=FOLDED, output_size_limit=FOLDED)
        made = _without_origin(program.model_proto)
        onnx.checker.check_model(made, full_check=True)
        _require_free_batch(made)
        return made.SerializeToString(deterministic=True)
    except (ValueError, RuntimeError, TypeError, *CHECK_ERRORS) as error:
        raise ExportError(f"the {graph.name} cannot be written as ONNX: {_cause(error)}") from error


def require_playable(files: Mapping[str, bytes]) -> None:
    """ExportError for a graph that the app would refuse. files: ONNX files by name."""
    for name, file in files.items():
        try:
            check_graph(file)
        except ValueError as error:
            raise ExportError(f"the {name} is none that an actor may have: {error}") from error


def _gathered(self: Any, indices: Sequence[Any]) -> Any:
    """`x[:, rows]` as Gather. The exporter itself writes GatherND and transpositions, which take longer.

    An actor may not hold them. Raises ValueError for more than one list of rows.
    """
    given = [(axis, rows) for axis, rows in enumerate(indices) if rows is not None]
    if len(given) != 1:
        raise ValueError("several dimensions are indexed by lists at once; index one after the other")
    axis, rows = given[0]
    if rows.dtype not in (ir.DataType.INT32, ir.DataType.INT64):
        raise ValueError("a dimension is indexed by a mask, whose number of rows is not known; index it by a list")
    return opset18.Gather(self, rows, axis=axis)


def _require_free_batch(made: onnx.ModelProto) -> None:
    """ValueError where the network computes with the number of examples, which is then fixed to theirs."""
    for port in (*made.graph.input, *made.graph.output):
        if port.type.tensor_type.shape.dim[0].dim_param != BATCH:
            raise ValueError(f"{port.name} has a fixed number of rows: the network computes with the size of its batch")


def _without_origin(made: onnx.ModelProto) -> onnx.ModelProto:
    """The model without what the exporter notes in it: stack traces with folders of this machine, and shapes."""
    graph = made.graph
    graph.ClearField("value_info")
    for part in (made, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    return made


@contextlib.contextmanager
def _quiet() -> Generator[None, None, None]:
    """Without what the exporter says besides its errors.

    It warns about torch's own insides and a missing torchvision, and prints a network that it cannot follow.
    """
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _cause(error: BaseException) -> str:
    """The first sentence of what the exporter stumbled over; around it, it says where to report errors of torch."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line for line in str(error).splitlines() if line.strip()]
    return one_line(lines[0] if lines else type(error).__name__)
