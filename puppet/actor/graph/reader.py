"""An actor's ONNX graph, read from the bytes of the file before ONNX Runtime sees them.

Refuses every part of the format that an actor does not need, such as data outside the file and graphs within graphs.
`check` judges the operators, sizes and work of what was read.
"""

from __future__ import annotations

import math

import numpy as np

from puppet.actor.graph.types import (
    MAX_RANK,
    TYPES,
    AnyDType,
    Attributes,
    Graph,
    GraphError,
    Node,
    Numbers,
    Port,
    Tensor,
)
from puppet.actor.graph.wire import Message, MessageReader

STANDARD_DOMAINS = ("", "ai.onnx")
IR_VERSIONS = range(7, 12)  # of the file format; export writes 10
OPSETS = range(13, 22)  # versions of the operators whose meaning `operators` knows; export writes 18

MAX_NODES = 5_000  # the built-in actors have 414
MAX_TENSORS = 5_000
MAX_PORTS = 64  # inputs or outputs of a node

FLATBUFFER = b"ORTM"  # at byte 4: ONNX Runtime's other file format, told by its content
_PAYLOADS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}  # AttributeProto.AttributeType
_EMPTY: Attributes = {"f": 0.0, "i": 0, "s": "", "floats": [], "ints": []}  # protobuf leaves these out of a message


def read_graph(data: bytes) -> Graph:
    """The graph of an ONNX file. Raises GraphError for everything that an actor's graph does not need."""
    if data[4:8] == FLATBUFFER:
        raise GraphError("the graph is written in ONNX Runtime's own format, not in ONNX")
    model = MessageReader().read(memoryview(data), "model")
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


def _require(message: Message, kind: str, *names: str) -> None:
    for name in names:
        if name not in message:
            raise GraphError(f"not an ONNX graph: a {kind} has no {name}")


def _check_domain(domain: str) -> None:
    if domain not in STANDARD_DOMAINS:
        raise GraphError(f"the graph uses operators of {domain[:60]!r}")


def _node(message: Message) -> Node:
    _require(message, "node", "op_type", "output")
    _check_domain(message.get("domain", ""))
    inputs, outputs = message.get("input", []), message["output"]
    if len(inputs) > MAX_PORTS or len(outputs) > MAX_PORTS:
        raise GraphError(f"the graph has an operator of {len(inputs)} inputs and {len(outputs)} outputs")
    attributes = Attributes()
    for entry in message.get("attribute", []):
        _require(entry, "attribute", "name", "type")
        name, kind = entry["name"], entry["type"]
        payload = _PAYLOADS.get(kind)
        held = set(entry) & set(_PAYLOADS.values())
        if payload is None or held - {payload} or name in attributes:
            raise GraphError(f"the graph has an attribute {name[:60]!r} of another type, or given twice")
        value = entry.get(payload, _EMPTY.get(payload))
        if value is None:
            raise GraphError(f"not an ONNX graph: the attribute {name[:60]!r} is empty")
        attributes[name] = _tensor(value) if payload == "t" else value
    return Node(message["op_type"], tuple(inputs), tuple(outputs), attributes)


def _port(message: Message) -> Port:
    _require(message, "port", "name", "type")
    tensor = message["type"].get("tensor_type", {})
    shape = None
    if "shape" in tensor:
        shape = tuple(map(_side, tensor["shape"].get("dim", [])))
        if len(shape) > MAX_RANK:
            raise GraphError(f"the graph has a value of {len(shape)} dimensions, at most {MAX_RANK} are allowed")
    return Port(message["name"], shape, _dtype(tensor.get("elem_type", 0)))


def _side(message: Message) -> int | None:
    if len(message) == 2:
        raise GraphError("not an ONNX graph: a side has a number and a name")
    side = message.get("dim_value")
    if side is not None and side < 0:
        raise GraphError("the graph has a side below 0")
    return side


def _dtype(number: int) -> AnyDType:
    if number not in TYPES:
        raise GraphError(f"the graph has values of a type (number {number}) that an actor does not need")
    return TYPES[number]


def _tensor(message: Message) -> Tensor:
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
        values: Numbers = np.frombuffer(message["raw_data"], dtype.newbyteorder("<")).astype(dtype, copy=False)
    elif dtype == np.float16:  # written as the whole numbers that its bits are
        values = np.array(_checked_range(listed.get(place, []), np.dtype(np.uint16)), np.uint16).view(np.float16)
    else:
        numbers = listed.get(place, [])
        values = np.array(numbers if dtype.kind == "f" else _checked_range(numbers, dtype), dtype)
    return Tensor(message.get("name", ""), values.reshape(shape))


def _checked_range(numbers: list[int], dtype: AnyDType) -> list[int]:
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not all(low <= number <= high for number in numbers):
        raise GraphError("the graph has a constant whose numbers do not fit its type")
    return numbers


def _sides(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "()"


def _span(versions: range) -> str:
    return f"{versions[0]} to {versions[-1]}"
