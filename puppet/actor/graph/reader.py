"""An actor's ONNX graph, read strictly from the file's own bytes before anything else sees them. Stdlib and numpy.

ONNX files are protobuf messages. They are read by a list of the fields that an actor needs (numbers from onnx.proto,
which is frozen), so that nothing can mean one thing here and another to ONNX Runtime: shortest numbers only, no unknown
field, nothing given twice, no data outside the file. `graph_check` judges what was read.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

STANDARD_DOMAINS = ("", "ai.onnx")
IR_VERSIONS = range(7, 12)  # of the file format; export writes 8
OPSETS = range(13, 22)  # versions of the operators, whose meaning graph_check knows; export writes 17

MAX_FIELDS = 200_000  # of all messages together; the built-in actors have 6,000
MAX_NODES = 5_000  # the built-in actors have 414
MAX_TENSORS = 5_000
MAX_RANK = 8
MAX_PORTS = 64  # inputs or outputs of a node
MAX_NAME = 256  # bytes
MAX_DOC = 4096  # bytes
MAX_NUMBERS = 1 << 16  # whole numbers written one by one; larger tensors are raw bytes

FLATBUFFER = b"ORTM"  # at byte 4: ONNX Runtime's other file format, told by its content

TYPES: dict[int, np.dtype] = {  # TensorProto.DataType -> numpy
    1: np.dtype(np.float32),
    2: np.dtype(np.uint8),
    3: np.dtype(np.int8),
    6: np.dtype(np.int32),
    7: np.dtype(np.int64),
    9: np.dtype(np.bool_),
    10: np.dtype(np.float16),
    11: np.dtype(np.float64),
}


class GraphError(ValueError):
    """A graph that an actor may not hold; the message says why."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """A constant. values: as the file holds them, of the shape."""

    name: str
    values: NDArray


@dataclass(frozen=True)
class Port:
    """A value that the file describes. shape: a side that is left open is None; None when no shape is given."""

    name: str
    shape: tuple[int | None, ...] | None
    dtype: np.dtype


@dataclass(frozen=True)
class Node:
    """An operator. "" stands for an input or output that is left out. attributes: int, float, bytes, Tensor, lists."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """What an ONNX file says."""

    opset: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    described: tuple[Port, ...]
    constants: tuple[Tensor, ...]
    nodes: tuple[Node, ...]


def read_graph(data: bytes) -> Graph:
    """The graph of an ONNX file. Raises GraphError for whatever an actor's graph does not need."""
    if data[4:8] == FLATBUFFER:
        raise GraphError("the graph is written in ONNX Runtime's own format, not in ONNX")
    model = _Reader().read(memoryview(data), "model")
    _require(model, "model", "ir_version", "graph", "opset_import")
    if model["ir_version"] not in IR_VERSIONS:
        raise GraphError(f"the graph's format has version {model['ir_version']}, {_span(IR_VERSIONS)} can be read")
    for opset in model["opset_import"]:
        _check_domain(opset.get("domain", ""))
    if len(model["opset_import"]) != 1 or model["opset_import"][0].get("version") not in OPSETS:
        raise GraphError(f"the graph's operators must be of one version, {_span(OPSETS)}")
    graph = model["graph"]
    nodes, constants = graph.get("node", []), graph.get("initializer", [])
    if len(nodes) > MAX_NODES or len(constants) > MAX_TENSORS:
        raise GraphError(f"the graph has {len(nodes)} operators and {len(constants)} constants, which are too many")
    return Graph(
        opset=model["opset_import"][0]["version"],
        inputs=tuple(map(_port, graph.get("input", []))),
        outputs=tuple(map(_port, graph.get("output", []))),
        described=tuple(map(_port, graph.get("value_info", []))),
        constants=tuple(map(_tensor, constants)),
        nodes=tuple(map(_node, nodes)),
    )


# --- messages ---

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
        14: _Field("data_location", _INT),  # 0: the file itself; no other is let through
    },
    "port": {1: _Field("name", _TEXT), 2: _Field("type", "type"), 3: _Field("doc_string", _DOC)},
    "type": {1: _Field("tensor_type", "tensor type")},
    "tensor type": {1: _Field("elem_type", _INT), 2: _Field("shape", "shape")},
    "shape": {1: _Field("dim", "side", many=True)},
    "side": {1: _Field("dim_value", _INT), 2: _Field("dim_param", _TEXT)},
}
_GRAPHS_WITHIN = "graphs within it (as If, Loop and Scan do), where external data and loops without end could hide"
_REFUSED = {  # fields of the format that deserve words of their own
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
_PAYLOADS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}  # AttributeProto.AttributeType


class _Reader:
    """Reads messages of one file; counts what it meets, so that a small file cannot keep it busy."""

    def __init__(self) -> None:
        self._fields = 0
        self._numbers = 0

    def read(self, message: memoryview, kind: str) -> dict[str, Any]:
        """Values by the names of their fields, lists where a field may be repeated."""
        known, found = _MESSAGES[kind], {}
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

    def _value(self, message: memoryview, at: int, end: int, wire: int, entry: _Field) -> tuple[list, int]:
        """What follows a tag, as a list: several where numbers are packed."""
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
        numbers, at = [], 0
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


# --- from messages to the graph ---


def _require(message: dict[str, Any], kind: str, *names: str) -> None:
    for name in names:
        if name not in message:
            raise GraphError(f"not an ONNX graph: a {kind} has no {name}")


def _check_domain(domain: str) -> None:
    if domain not in STANDARD_DOMAINS:
        raise GraphError(f"the graph uses operators of {domain[:60]!r}")


def _node(message: dict[str, Any]) -> Node:
    _require(message, "node", "op_type", "output")
    _check_domain(message.get("domain", ""))
    inputs, outputs = message.get("input", []), message["output"]
    if len(inputs) > MAX_PORTS or len(outputs) > MAX_PORTS:
        raise GraphError(f"the graph has an operator of {len(inputs)} inputs and {len(outputs)} outputs")
    attributes: dict[str, Any] = {}
    for entry in message.get("attribute", []):
        _require(entry, "attribute", "name", "type")
        name, kind = entry["name"], entry["type"]
        payload = _PAYLOADS.get(kind)
        held = set(entry) & set(_PAYLOADS.values())
        if payload is None or held - {payload} or name in attributes:
            raise GraphError(f"the graph has an attribute {name[:60]!r} of another type, or given twice")
        value = entry.get(payload, {"f": 0.0, "i": 0, "s": "", "floats": [], "ints": []}.get(payload))
        if value is None:
            raise GraphError(f"not an ONNX graph: the attribute {name[:60]!r} is empty")
        attributes[name] = _tensor(value) if payload == "t" else value
    return Node(message["op_type"], tuple(inputs), tuple(outputs), attributes)


def _port(message: dict[str, Any]) -> Port:
    _require(message, "port", "name", "type")
    tensor = message["type"].get("tensor_type", {})
    shape = None
    if "shape" in tensor:
        shape = tuple(map(_side, tensor["shape"].get("dim", [])))
        if len(shape) > MAX_RANK:
            raise GraphError(f"the graph has a value of {len(shape)} dimensions, at most {MAX_RANK} are allowed")
    return Port(message["name"], shape, _dtype(tensor.get("elem_type", 0)))


def _side(message: dict[str, Any]) -> int | None:
    if len(message) == 2:
        raise GraphError("not an ONNX graph: a side has a number and a name")
    side = message.get("dim_value")
    if side is not None and side < 0:
        raise GraphError("the graph has a side below 0")
    return side


def _dtype(number: int) -> np.dtype:
    if number not in TYPES:
        raise GraphError(f"the graph has values of a type (number {number}) that an actor does not need")
    return TYPES[number]


def _tensor(message: dict[str, Any]) -> Tensor:
    """The data must be exactly as long as the shape says."""
    if message.get("data_location", 0):
        raise GraphError("the graph has external data")
    dtype = _dtype(message.get("data_type", 0))
    shape = tuple(message.get("dims", ()))
    if len(shape) > MAX_RANK or any(side < 0 for side in shape):
        raise GraphError("the graph has a constant of an impossible shape")
    listed = {
        name: message[name] for name in ("float_data", "int32_data", "int64_data", "double_data") if message.get(name)
    }
    place = {"f4": "float_data", "f8": "double_data", "i8": "int64_data"}.get(dtype.str[1:], "int32_data")
    if len(listed) + ("raw_data" in message) > 1 or set(listed) - {place}:
        raise GraphError("the graph has a constant whose data lie in the wrong place, or in two places")
    count = math.prod(shape)
    size = len(message["raw_data"]) // dtype.itemsize if "raw_data" in message else len(listed.get(place, ()))
    if size != count or ("raw_data" in message and len(message["raw_data"]) != count * dtype.itemsize):
        raise GraphError(f"the graph has a constant of shape {_sides(shape)} with {size} numbers")
    if "raw_data" in message:
        values = np.frombuffer(message["raw_data"], dtype.newbyteorder("<")).astype(dtype, copy=False)
    elif dtype == np.float16:  # written as the whole numbers that its bits are
        values = np.array(_within(listed.get(place, []), np.dtype(np.uint16)), np.uint16).view(np.float16)
    else:
        numbers = listed.get(place, [])
        values = np.array(numbers if dtype.kind == "f" else _within(numbers, dtype), dtype)
    return Tensor(message.get("name", ""), values.reshape(shape))


def _within(numbers: list[int], dtype: np.dtype) -> list[int]:
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not all(low <= number <= high for number in numbers):
        raise GraphError("the graph has a constant whose numbers do not fit its type")
    return numbers


def _sides(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "()"


def _span(versions: range) -> str:
    return f"{versions[0]} to {versions[-1]}"
