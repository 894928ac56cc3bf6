"""Reads TFLite models: operators, tensors and constants, for the conversion to ONNX.

The file format's classes come with mediapipe 0.10.21, whose models are what is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flatbuffers import flexbuffers
from mediapipe.tasks.metadata import schema_py_generated as schema
from numpy.typing import NDArray

from export import ExportError
from export.tflite_model import Model, Operator

OPERATORS = {number: name for name, number in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
TYPES = {
    schema.TensorType.FLOAT32: np.dtype("<f4"),
    schema.TensorType.FLOAT16: np.dtype("<f2"),
    schema.TensorType.INT32: np.dtype("<i4"),
    schema.TensorType.INT8: np.dtype("i1"),
}
DENSE = schema.DimensionType.DENSE


def read_tflite(content: bytes) -> Model:
    """Read a model. Raises ExportError for what is none, or has more than one graph."""
    if content[4:8] != b"TFL3":
        raise ExportError("this is no TFLite model")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    if len(model.subgraphs) != 1:
        raise ExportError(f"a TFLite model with one graph is needed; this one has {len(model.subgraphs)}")
    graph = model.subgraphs[0]
    kinds = [_kind(code) for code in model.operatorCodes]
    constants = {
        number: _values(tensor, bytes(model.buffers[tensor.buffer].data))
        for number, tensor in enumerate(graph.tensors)
        if model.buffers[tensor.buffer].data is not None and len(model.buffers[tensor.buffer].data)
    }
    operators: list[Operator] = []
    for made in graph.operators:
        kind, inputs, outputs = kinds[made.opcodeIndex], _numbers(made.inputs), _numbers(made.outputs)
        if kind in ("DEQUANTIZE", "DENSIFY"):  # only of constants: weights are stored smaller than they are used
            constants[outputs[0]] = constants[inputs[0]]
            continue
        operators.append(Operator(kind, inputs, outputs, _options(made)))
    shapes = tuple(tuple(int(side) for side in tensor.shape) for tensor in graph.tensors)
    return Model(tuple(operators), _numbers(graph.inputs), _numbers(graph.outputs), shapes, constants)


def _kind(code: Any) -> str:
    number = max(code.builtinCode, code.deprecatedBuiltinCode)  # old files have the number in the second field
    return code.customCode.decode() if number == schema.BuiltinOperator.CUSTOM else OPERATORS[number]


def _numbers(values: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _options(made: Any) -> dict[str, Any]:
    if made.customOptions is not None and len(made.customOptions):
        options: Any = flexbuffers.Loads(bytes(made.customOptions))
        return options if isinstance(options, dict) else {}  # a C structure: shapes say the same
    return {} if made.builtinOptions is None else vars(made.builtinOptions)


def _values(tensor: Any, data: bytes) -> NDArray[Any]:
    if tensor.type not in TYPES:
        raise ExportError(f"tensors of TFLite type {tensor.type} are not supported")
    values = np.frombuffer(data, TYPES[tensor.type])
    return _dense(tensor, values) if tensor.sparsity is not None else values.reshape(_numbers(tensor.shape))


def _dense(tensor: Any, values: NDArray[Any]) -> NDArray[Any]:
    """A tensor whose zeros are left out, with them.

    Format: TACO's (Kjolstad et al. 2017), as TFLite's schema describes it; here without blocks.
    """
    shape, sparsity = _numbers(tensor.shape), tensor.sparsity
    order = _numbers(sparsity.traversalOrder)
    if len(order) != len(shape):
        raise ExportError("sparse tensors in blocks are not supported")
    positions: list[tuple[int, ...]] = [()]  # along the dimensions seen so far, in the order in which values lie
    for level, dimension in enumerate(sparsity.dimMetadata):
        if dimension.format == DENSE:
            positions = [(*before, i) for before in positions for i in range(dimension.denseSize)]
        else:
            segments, indices = dimension.arraySegments.values, dimension.arrayIndices.values
            positions = [
                (*before, int(i)) for n, before in enumerate(positions) for i in indices[segments[n] : segments[n + 1]]
            ]
        if any(len(position) != level + 1 for position in positions):
            raise ExportError("a sparse tensor's positions do not fit its shape")
    if len(positions) != len(values):
        raise ExportError(f"a sparse tensor has {len(values)} values for {len(positions)} positions")
    dense = np.zeros(shape, values.dtype)
    for position, value in zip(positions, values, strict=True):
        where = [0] * len(shape)
        for level, axis in enumerate(order):
            where[axis] = position[level]
        dense[tuple(where)] = value
    return dense
