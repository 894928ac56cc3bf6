"""Collects the nodes and constants of one ONNX graph that is written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17  # as for actors: every supported ONNX Runtime has it
IR_VERSION = 8  # of that opset's time


class OnnxBuilder:
    """Nodes in the order in which they are added, and constants; equal constants are kept once."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._tensors: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; the output's name."""
        output = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        """A constant's name. 16-bit floats are widened once, when the file is loaded."""
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._constants:
            name = f"constant{len(self._tensors)}"
            self._tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
            wide = self.add("Cast", name, to=TensorProto.FLOAT) if values.dtype == np.float16 else name
            self._constants[key] = wide
        return self._constants[key]

    def floats(self, values: NDArray[Any] | Sequence[float] | float) -> str:
        """A constant of 32-bit floats."""
        return self.constant(np.asarray(values, np.float32))

    def whole(self, *values: int) -> str:
        """A constant list of 64-bit whole numbers: shapes, indices, axes."""
        return self.constant(np.array(values, np.int64))

    def span(self, value: str, first: int, end: int, axis: int) -> str:
        """The part of a value from `first` up to `end` along an axis."""
        return self.add("Slice", value, self.whole(first), self.whole(end), self.whole(axis))

    def finish(
        self,
        name: str,
        description: str,
        inputs: Mapping[str, tuple[int, Sequence[int]]],
        outputs: Mapping[str, tuple[str, Sequence[int]]],
    ) -> bytes:
        """The file. inputs: type and shape by name; outputs, of 32-bit floats: the value and its shape by name."""
        for output, (value, _) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [value], [output]))
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(port, kind, list(shape)) for port, (kind, shape) in inputs.items()],
            [
                helper.make_tensor_value_info(port, TensorProto.FLOAT, list(shape))
                for port, (_, shape) in outputs.items()
            ],
            self._tensors,
        )
        opset = helper.make_opsetid("", OPSET)
        made = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, doc_string=description)
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString(deterministic=True)
