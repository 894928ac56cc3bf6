"""The protobuf messages of an ONNX file, read by a list of the fields that an actor needs. Stdlib only.

Field numbers are those of onnx.proto, which are frozen. Nothing may mean one thing here and another to ONNX Runtime:
numbers must have their shortest form, unknown fields are refused, and a field that is given twice is refused too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from puppet.actor.graph.types import GraphError

MAX_FIELDS = 200_000  # of all messages together; the built-in actors have 6,000
MAX_NAME = 256  # bytes
MAX_DOC = 4096  # bytes
MAX_NUMBERS = 1 << 16  # whole numbers written one by one; larger tensors are raw bytes

Message = dict[str, Any]  # values by the names of their fields; lists where a field may be repeated

# kinds of values, with the wire types that they are written in
_INT, _FLOAT, _DOUBLE, _TEXT, _DOC, _BYTES = "int", "float", "double", "text", "doc", "bytes"
_WIRES = {_INT: 0, _DOUBLE: 1, _FLOAT: 5}  # everything else: 2
_WIDTHS = {_FLOAT: 4, _DOUBLE: 8}


@dataclass(frozen=True)
class _Field:
    """kind: one of the above, or the message that it holds. many: it may be repeated."""

    name: str
    kind: str
    many: bool = False


_MESSAGES: dict[str, dict[int, _Field]] = {
    "model": {
        1: _Field("ir_version", _INT),
        2: _Field("producer_name", _TEXT),
        3: _Field("producer_version", _TEXT),
        4: _Field("domain", _TEXT),
        5: _Field("model_version", _INT),
        6: _Field("doc_string", _DOC),
        7: _Field("graph", "graph"),
        8: _Field("opset_import", "opset", many=True),
    },
    "opset": {1: _Field("domain", _TEXT), 2: _Field("version", _INT)},
    "graph": {
        1: _Field("node", "node", many=True),
        2: _Field("name", _TEXT),
        5: _Field("initializer", "tensor", many=True),
        10: _Field("doc_string", _DOC),
        11: _Field("input", "port", many=True),
        12: _Field("output", "port", many=True),
        13: _Field("value_info", "port", many=True),
    },
    "node": {
        1: _Field("input", _TEXT, many=True),
        2: _Field("output", _TEXT, many=True),
        3: _Field("name", _TEXT),
        4: _Field("op_type", _TEXT),
        5: _Field("attribute", "attribute", many=True),
        6: _Field("doc_string", _DOC),
        7: _Field("domain", _TEXT),
    },
    "attribute": {
        1: _Field("name", _TEXT),
        2: _Field("f", _FLOAT),
        3: _Field("i", _INT),
        4: _Field("s", _TEXT),
        5: _Field("t", "tensor"),
        7: _Field("floats", _FLOAT, many=True),
        8: _Field("ints", _INT, many=True),
        13: _Field("doc_string", _DOC),
        20: _Field("type", _INT),
    },
    "tensor": {
        1: _Field("dims", _INT, many=True),
        2: _Field("data_type", _INT),
        4: _Field("float_data", _FLOAT, many=True),
        5: _Field("int32_data", _INT, many=True),
        7: _Field("int64_data", _INT, many=True),
        8: _Field("name", _TEXT),
        9: _Field("raw_data", _BYTES),
        10: _Field("double_data", _DOUBLE, many=True),
        12: _Field("doc_string", _DOC),
        14: _Field("data_location", _INT),  # 0: the file itself; any other is refused
    },
    "port": {1: _Field("name", _TEXT), 2: _Field("type", "type"), 3: _Field("doc_string", _DOC)},
    "type": {1: _Field("tensor_type", "tensor type")},
    "tensor type": {1: _Field("elem_type", _INT), 2: _Field("shape", "shape")},
    "shape": {1: _Field("dim", "side", many=True)},
    "side": {1: _Field("dim_value", _INT), 2: _Field("dim_param", _TEXT)},
}
_GRAPHS_WITHIN = "graphs within it (as If, Loop and Scan do), where external data and loops without end could hide"
_REFUSED = {  # fields of the format that have a message of their own
    ("model", 14): "metadata, which an actor does not need",
    ("model", 20): "training steps",
    ("model", 25): "local functions",
    ("graph", 14): "quantisation notes, which an actor does not need",
    ("graph", 15): "sparse tensors",
    ("attribute", 6): _GRAPHS_WITHIN,
    ("attribute", 11): _GRAPHS_WITHIN,
    ("attribute", 9): "lists of texts",
    ("attribute", 21): "parts of a local function",
    ("attribute", 22): "sparse tensors",
    ("attribute", 23): "sparse tensors",
    ("tensor", 3): "tensors in segments",
    ("tensor", 6): "texts as tensors",
    ("tensor", 13): "external data",
    ("type", 4): "sequences",
    ("type", 5): "maps",
    ("type", 8): "sparse tensors",
    ("type", 9): "optional values",
}


class MessageReader:
    """Reads the messages of one file. It counts fields and numbers, so that a small file cannot keep it busy."""

    def __init__(self) -> None:
        self._fields = 0
        self._numbers = 0

    def read(self, message: memoryview, kind: str) -> Message:
        """The fields of a message. kind: a key of _MESSAGES. Raises GraphError."""
        known, found = _MESSAGES[kind], Message()
        at, end = 0, len(message)
        while at < end:
            tag, at = _varint(message, at, end, longest=5)
            number, wire = tag >> 3, tag & 7
            if tag >= 1 << 32 or not number:
                raise GraphError("not an ONNX graph: a field's number is out of bounds")
            if (kind, number) in _REFUSED:
                raise GraphError(f"the graph has {_REFUSED[kind, number]}")
            if number not in known:
                raise GraphError(f"not an ONNX graph that an actor may hold: field {number} of a {kind} is not known")
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise GraphError("the graph has too many parts")
            entry = known[number]
            value, at = self._value(message, at, end, wire, entry)
            if entry.many:
                found.setdefault(entry.name, []).extend(value)
            elif entry.name in found:
                raise GraphError(f"not an ONNX graph that an actor may hold: {entry.name} of a {kind} is given twice")
            else:
                found[entry.name] = value[0]
        return found

    def _value(self, message: memoryview, at: int, end: int, wire: int, entry: _Field) -> tuple[list[Any], int]:
        """What follows a tag, as a list (several where numbers are packed), and where it ends."""
        kind = entry.kind
        natural = _WIRES.get(kind, 2)
        packed = wire == 2 and natural != 2 and entry.many
        if wire != natural and not packed:
            raise GraphError(f"not an ONNX graph: {entry.name} is written in another way (wire type {wire})")
        if wire == 0:
            number, at = _varint(message, at, end)
            self._count(1)
            return [_signed(number)], at
        size = _WIDTHS.get(kind, 0)
        if wire == 2:
            size, at = _varint(message, at, end)
        if size > end - at:
            raise GraphError("not an ONNX graph, or cut short")
        part, at = message[at : at + size], at + size
        if kind in _WIDTHS:
            count, rest = divmod(size, _WIDTHS[kind])
            if rest:
                raise GraphError(f"not an ONNX graph: {entry.name} is cut short")
            self._count(count)
            return list(struct.unpack(f"<{count}{'f' if kind == _FLOAT else 'd'}", part)), at
        if kind == _INT:
            return self._packed(part), at
        if kind in (_TEXT, _DOC):
            return [_text(part, kind, entry.name)], at
        if kind == _BYTES:
            return [part], at
        return [self.read(part, kind)], at

    def _packed(self, part: memoryview) -> list[int]:
        numbers: list[int] = []
        at = 0
        while at < len(part):
            self._count(1)
            number, at = _varint(part, at, len(part))
            numbers.append(_signed(number))
        return numbers

    def _count(self, numbers: int) -> None:
        self._numbers += numbers
        if self._numbers > MAX_NUMBERS:
            raise GraphError(f"the graph has more than {MAX_NUMBERS} numbers written one by one")


def _varint(message: memoryview, at: int, end: int, longest: int = 10) -> tuple[int, int]:
    """An unsigned number in the shortest form there is, and where it ends."""
    value = 0
    for place in range(longest):
        if at >= end:
            raise GraphError("not an ONNX graph, or cut short")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if (place and not byte) or value >= 1 << 64:
                break
            return value, at
    raise GraphError("not an ONNX graph: a number is longer than it needs to be")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _text(part: memoryview, kind: str, name: str) -> str:
    longest = MAX_DOC if kind == _DOC else MAX_NAME
    if len(part) > longest:
        raise GraphError(f"the graph has a {name} of {len(part)} bytes, at most {longest} are allowed")
    try:
        text = bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        raise GraphError(f"not an ONNX graph: {name} is no text") from None
    if kind == _TEXT and not text.isprintable():
        raise GraphError(f"the graph has a {name} that cannot be printed")
    return text
