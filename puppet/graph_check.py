"""What an actor's ONNX graph must not hold, read from the file's own bytes before anything else sees them.

ONNX files are protobuf messages. Only the few fields that matter are followed (field numbers from onnx.proto, which
is frozen), so the app needs no `onnx` package: external data would make the runtime open other files, operators
outside the standard domain and local functions could be anything.
"""

from __future__ import annotations

from collections.abc import Iterator

STANDARD_DOMAINS = (b"", b"ai.onnx")
MAX_DEPTH = 8  # graphs within graphs

# onnx.proto: message -> {field: message it holds}
_GRAPH, _NODE, _ATTRIBUTE, _TENSOR, _SPARSE, _OPSET = "graph", "node", "attribute", "tensor", "sparse", "opset"
_HOLDS = {
    "model": {7: _GRAPH, 8: _OPSET},
    _GRAPH: {1: _NODE, 5: _TENSOR, 15: _SPARSE},
    _NODE: {5: _ATTRIBUTE},
    _ATTRIBUTE: {5: _TENSOR, 6: _GRAPH, 10: _TENSOR, 11: _GRAPH, 22: _SPARSE, 23: _SPARSE},
    _SPARSE: {1: _TENSOR, 2: _TENSOR},
    _TENSOR: {},
    _OPSET: {},
}
_FORBIDDEN = {
    ("model", 20): "training steps",
    ("model", 25): "local functions",
    (_TENSOR, 13): "external data",
}
_DOMAIN = {(_NODE, 7), (_OPSET, 1)}
_DATA_LOCATION = 14  # of a tensor; 0 is the file itself


def check_graph(data: bytes) -> None:
    """Raises ValueError with the reason when `data` is no ONNX graph that an actor may hold."""
    _check(memoryview(data), "model", 0)


def _check(message: memoryview, kind: str, depth: int) -> None:
    if depth > 4 * MAX_DEPTH:
        raise ValueError("the graph is nested too deeply")
    holds = _HOLDS[kind]
    for number, value in _fields(message):
        if (kind, number) in _FORBIDDEN:
            raise ValueError(f"the graph has {_FORBIDDEN[kind, number]}")
        if kind == _TENSOR and number == _DATA_LOCATION and value != 0:
            raise ValueError("the graph has external data")
        if not isinstance(value, memoryview):
            continue
        if (kind, number) in _DOMAIN and bytes(value) not in STANDARD_DOMAINS:
            raise ValueError(f"the graph uses operators of {bytes(value[:60]).decode('utf-8', 'replace')!r}")
        if number in holds:
            _check(value, holds[number], depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field number and value of everything in a protobuf message; bytes as views, numbers as int."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("not an ONNX graph")
        if at + size > end:
            raise ValueError("not an ONNX graph, or cut short")
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("not an ONNX graph, or cut short")
