"""The mutator of ONNX files: their protobuf, or the graph they hold."""

from __future__ import annotations

from random import Random

from fuzz.values import canary, number, some_bytes, text


def onnx_file(random: Random, data: bytes) -> bytes:
    """The protobuf's tags, types and lengths changed, or what the graph computes."""
    share = random.random()
    if share < 0.1:
        return some_bytes(random, data)
    if share < 0.5:
        return protobuf(random, data)
    return _graph(random, data)


def varint(value: int, at_least: int = 1) -> bytes:
    """A varint, of more bytes than needed where asked for."""
    made = bytearray()
    value &= 2**64 - 1
    while value > 0x7F or len(made) + 1 < at_least:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def protobuf(random: Random, data: bytes, depth: int = 0) -> bytes:
    """One field of a message, or of one within it, changed; the lengths around it follow."""
    fields = _fields(data)
    if not fields:
        return some_bytes(random, data)
    at = random.randrange(len(fields))
    tag, value = fields[at]
    if isinstance(value, bytes) and depth < 8 and random.random() < 0.75 and _fields(value):
        fields[at] = tag, protobuf(random, value, depth + 1)
        return _message(fields)
    kind = random.randrange(9)
    if kind == 0:
        del fields[at]
    elif kind == 1:
        fields.insert(at, random.choice(fields))
    elif kind == 2:
        fields[at] = random.randrange(1, 40) << 3 | tag & 7, value
    elif kind == 3:
        fields[at] = tag & ~7 | random.randrange(8), value
    elif kind == 4:
        place = canary().encode()
        external = _message([(0x0A, b"location"), (0x12, place)])
        hidden = random.choice((0x6A, 0x6A | 1 << 32, 0x6A | 1 << 35))  # 13: external data; more bits than a tag has
        fields += [(hidden, external), (random.choice((0x70, 0x70 | 1 << 32)), 1)]
    elif kind == 5 and isinstance(value, int):
        fields[at] = tag, number(random)
    elif kind == 6 and isinstance(value, bytes):
        fields[at] = tag, random.choice((b"", some_bytes(random, value), text(random).encode("utf-8", "replace")))
    elif kind == 7:
        return _message(fields, longer=random.choice((2, 5, 9, 10)))
    else:
        fields.append((random.getrandbits(random.choice((8, 29, 32, 35, 40))), random.choice((1, b"x", b"ORTM" * 4))))
    return _message(fields)


def _fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Tag and value of a message's fields; empty when it is none."""
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    try:
        while at < len(data):
            tag, at = _read_varint(data, at)
            if tag & 7 == 0:
                value, at = _read_varint(data, at)
                fields.append((tag, value))
                continue
            size = {1: 8, 5: 4}.get(tag & 7)
            if tag & 7 == 2:
                size, at = _read_varint(data, at)
            if size is None or at + size > len(data) or tag >> 3 == 0:
                return []
            fields.append((tag, data[at : at + size]))
            at += size
    except IndexError:
        return []
    return fields


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 63:
            return value, at


def _message(fields: list[tuple[int, int | bytes]], longer: int = 1) -> bytes:
    made = bytearray()
    for tag, value in fields:
        made += varint(tag, longer)
        if isinstance(value, int):
            made += varint(value, longer)
        else:
            made += (b"" if tag & 7 in (1, 5) else varint(len(value), longer)) + value
    return bytes(made)


OPERATORS = (
    "Loop", "If", "Scan", "ConstantOfShape", "Expand", "Tile", "Range", "Resize", "Pad", "OneHot", "RandomNormal",
    "Gemm", "Conv", "ConvTranspose", "MatMul", "Gather", "Concat", "Upsample", "SequenceConstruct", "NonZero",
    "Identity", "Constant", "DequantizeLinear", "LSTM", "Einsum", "CumSum", "TopK", "SpaceToDepth", "Softmax", "Mul",
)  # fmt: skip


def _graph(random: Random, data: bytes) -> bytes:
    """Operators, attributes, constants and shapes changed; gigabytes asked for on the way."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.ModelProto()
    model.ParseFromString(data)
    graph = model.graph
    kind = random.randrange(9)
    if kind == 0 and graph.node:
        random.choice(graph.node).op_type = random.choice(OPERATORS)
    elif kind == 1 and graph.node:
        random.choice(graph.node).domain = random.choice(("com.microsoft", "ai.onnx.ml", "x" * 1000, "ai.onnx"))
    elif kind == 2 and graph.initializer:
        stored = random.choice(graph.initializer)
        del stored.dims[:]
        stored.dims.extend([number(random) for _ in range(random.randrange(5))])
    elif kind == 3 and graph.initializer:
        import numpy as np

        stored = random.choice(graph.initializer)
        array = numpy_helper.to_array(stored)
        if array.size and array.dtype.kind in "iu":
            values = np.full(array.shape, number(random) % 2**31, array.dtype)
        else:
            values = np.full(array.shape, random.choice((np.nan, np.inf, 3e38, 0)), np.float32).astype(array.dtype)
        stored.CopyFrom(numpy_helper.from_array(values, stored.name))
    elif kind in (4, 5) and graph.node:
        import numpy as np

        node = random.choice(graph.node)
        shape = [random.choice((1, 2**16, 2**20, 2**31)) for _ in range(random.randrange(1, 4))]
        graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), "fuzz_shape"))
        graph.initializer.append(numpy_helper.from_array(np.ones(1, np.float32), "fuzz_one"))
        makers = {
            "ConstantOfShape": ["fuzz_shape"], "Expand": ["fuzz_one", "fuzz_shape"], "Tile": ["fuzz_one", "fuzz_shape"],
            "Reshape": ["fuzz_one", "fuzz_shape"],
        }  # fmt: skip
        name = random.choice(list(makers))
        big = [
            helper.make_node(name, makers[name], ["fuzz_big"]),
            helper.make_node("ReduceMean", ["fuzz_big"], ["fuzz_mean"], keepdims=0),
        ]
        for one in reversed(big):
            graph.node.insert(0, one)
        if node.input:
            graph.node.insert(2, helper.make_node("Mul", [node.input[0], "fuzz_mean"], ["fuzz_in"]))
            node.input[0] = "fuzz_in"
    elif kind == 6 and graph.node:
        node = random.choice(graph.node)
        if node.attribute:
            attribute = random.choice(node.attribute)
            if attribute.ints:
                attribute.ints[random.randrange(len(attribute.ints))] = max(-(2**63), min(number(random), 2**63 - 1))
            attribute.i = max(-(2**63), min(number(random), 2**63 - 1))
        else:
            node.attribute.append(helper.make_attribute("body", graph if random.random() < 0.5 else [1, 2]))
    elif kind == 7:
        place = random.choice([*graph.input, *graph.output])
        place.type.tensor_type.shape.dim.add().dim_value = number(random) % 2**31
    else:
        model.opset_import[0].version = random.choice((0, 1, 6, 99, 2**31))
        model.ir_version = random.choice((1, 3, 8, 99))
    return model.SerializeToString()
