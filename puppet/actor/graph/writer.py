"""Writes an ONNX file without the library of that name: operators in order, and constants. Stdlib and numpy only.

It writes what `reader` reads, in the form that `wire` asks for.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from puppet.actor.graph.types import TYPES

OPSET = 18
IR_VERSION = 8
BATCH = "N"  # the free dimension's name
FLOAT, UINT8 = 1, 2  # TensorProto.DataType
_NUMBERS = {dtype: number for number, dtype in TYPES.items()}

Shape = Sequence[int | str]


class GraphWriter:
    """Operators in the order in which they are added; constants are kept once by name."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def add(self, op: str, *inputs: str, **attributes: int | float | list[int]) -> str:
        """Add an operator with one output; the output's name."""
        return self.add_named(f"v{len(self._nodes)}", op, *inputs, **attributes)

    def add_named(self, output: str, op: str, *inputs: str, **attributes: int | float | list[int]) -> str:
        """The same with an output of a given name."""
        parts = [_text(1, name) for name in inputs] + [_text(2, output), _text(4, op)]
        parts += [_message(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append(b"".join(parts))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        """A constant's name."""
        values = np.ascontiguousarray(values)
        key = values.dtype.str, values.shape, values.tobytes()
        if key not in self._names:
            name = self._names[key] = f"c{len(self._names)}"
            packed = b"".join(map(_varint, values.shape))
            self._constants.append(
                (_message(1, packed) if packed else b"")
                + _whole(2, _NUMBERS[values.dtype])
                + _text(8, name)
                + _message(9, key[2])
            )
        return self._names[key]

    def floats(self, values: ArrayLike) -> str:
        """A constant of 32-bit floats."""
        return self.constant(np.asarray(values, np.float32))

    def whole(self, *values: int) -> str:
        """A constant list of 64-bit whole numbers: shapes, indices, axes."""
        return self.constant(np.array(values, np.int64))

    def span(self, value: str, first: int, end: int, axis: int = 1) -> str:
        """The part of a value from `first` up to `end` along an axis."""
        return self.add("Slice", value, self.whole(first), self.whole(end), self.whole(axis))

    def file(
        self, name: str, inputs: Mapping[str, tuple[int, Shape]], outputs: Mapping[str, tuple[int, Shape]]
    ) -> bytes:
        """The file. inputs, outputs: type and shape by name; a side that is a text is free."""
        graph = b"".join(_message(1, node) for node in self._nodes) + _text(2, name)
        graph += b"".join(_message(5, tensor) for tensor in self._constants)
        graph += b"".join(_message(11, _port(port, *kind)) for port, kind in inputs.items())
        graph += b"".join(_message(12, _port(port, *kind)) for port, kind in outputs.items())
        return _whole(1, IR_VERSION) + _message(7, graph) + _message(8, _whole(2, OPSET))


def _port(name: str, kind: int, shape: Shape) -> bytes:
    sides = b"".join(_message(1, _text(2, side) if isinstance(side, str) else _whole(1, side)) for side in shape)
    return _text(1, name) + _message(2, _message(1, _whole(1, kind) + _message(2, sides)))


def _attribute(name: str, value: int | float | list[int]) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _whole(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _whole(3, value) + _whole(20, 2)
    return _text(1, name) + b"".join(_whole(8, number) for number in value) + _whole(20, 7)


def _message(number: int, content: bytes) -> bytes:
    return _key(number, 2) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode())


def _whole(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value & (1 << 64) - 1)


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
