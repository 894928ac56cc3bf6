"""ONNX graphs for tests of the graph reader and its check: written byte by byte, or with onnx but unchecked."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, I64, U8, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.UINT8, TensorProto.BOOL


def varint(number: int, more: int = 0) -> bytes:
    """more: bytes that it is longer than it needs to be."""
    number &= (1 << 64) - 1
    groups = []
    while True:
        groups.append(number & 0x7F)
        number >>= 7
        if not number:
            break
    groups += [0] * more
    return bytes([group | 0x80 for group in groups[:-1]] + [groups[-1]])


def field(number: int, value: int | bytes, wire: int | None = None) -> bytes:
    wire = wire if wire is not None else (0 if isinstance(value, int) else 2)
    tag = varint(number << 3 | wire)
    if wire == 0:
        assert isinstance(value, int)
        return tag + varint(value)
    assert isinstance(value, bytes)
    return tag + (varint(len(value)) if wire == 2 else b"") + value


def hidden(number: int, value: bytes) -> bytes:
    """A field under a tag of five bytes, whose 35 bits are another field to whoever does not cut them to 32."""
    return varint((number << 3 | 2) | 1 << 32) + varint(len(value)) + value


def port(name: str, *sides: int | str, kind: int = F) -> bytes:
    dims = b"".join(field(1, field(1, s) if isinstance(s, int) else field(2, s.encode())) for s in sides)
    return field(1, name.encode()) + field(2, field(1, field(1, kind) + field(2, dims)))


def node(op: str, inputs=("x",), outputs=("y",), more: bytes = b"") -> bytes:
    given = b"".join(field(1, name.encode()) for name in inputs)
    made = b"".join(field(2, name.encode()) for name in outputs)
    return given + made + field(4, op.encode()) + more


def graph(*nodes: bytes, more: bytes = b"") -> bytes:
    """x (N, 4) -> y (N, 4)."""
    made = b"".join(field(1, one) for one in nodes or (node("Relu"),))
    return made + field(2, b"g") + more + field(11, port("x", "N", 4)) + field(12, port("y", "N", 4))


def model(inner: bytes | None = None, more: bytes = b"", opset: bytes = field(1, b"") + field(2, 17)) -> bytes:
    return field(1, 8) + field(7, graph() if inner is None else inner) + field(8, opset) + more


def tensor(name: bytes = b"w", more: bytes = b"", data: bytes | None = bytes(16)) -> bytes:
    raw = b"" if data is None else field(9, data)
    return field(1, 4) + field(2, F) + field(8, name) + raw + more


ADD = node("Add", ("x", "w"))


# --- with onnx ---


def made(nodes, constants=None, inputs=None, outputs=("y",), opset: int = 17) -> bytes:
    """Nodes and constants {name: array} -> a file that no checker has seen. inputs {name: (type, *shape)}."""
    ports = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, *shape) in (inputs or {}).items()]
    open_ports = [onnx.ValueInfoProto(name=name) for name in outputs]
    for one in open_ports:
        one.type.tensor_type.elem_type = F
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()]
    inner = helper.make_graph(nodes, "g", ports, open_ports, stored)
    whole = helper.make_model(inner, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return whole.SerializeToString()


X = {"x": (F, "N", 4)}
PICTURE = {"x": (F, "N", 3, 64, 64)}
HUGE = np.array([1 << 16, 1 << 16], np.int64)


def one(op: str, *names: str, **attributes):
    return helper.make_node(op, list(names), ["y"], **attributes)


def chain(count: int, op, *names: str):
    """count times the same operator, each on what the one before made."""
    nodes, last = [], "x"
    for number in range(count):
        made_name = "y" if number == count - 1 else f"v{number}"
        nodes.append(helper.make_node(op, [last, *names], [made_name]))
        last = made_name
    return nodes
