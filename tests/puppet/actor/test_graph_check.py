"""Graphs that an actor may not hold, written byte by byte or with onnx; and that what is worked out is what happens."""

from __future__ import annotations

import contextlib
import re
import struct

import numpy as np
import onnx
import pytest
import tiny_actor as tiny
from onnx import TensorProto, helper, numpy_helper

from puppet.actor.card import DECODER, ENCODER, read_actor
from puppet.actor.graph.check import check_graph, check_sizes
from puppet.actor.graph.operators import OPERATORS
from puppet.actor.graph.reader import OPSETS, TYPES, GraphError, read_graph
from puppet.actor.runtime import BUILT_IN, ort

F, I64, U8, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.UINT8, TensorProto.BOOL

# --- protobuf by hand ---


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


def test_the_hand_made_graph_is_one():
    check_graph(model())
    check_graph(model(graph(ADD, more=field(5, tensor()))))
    onnx.checker.check_model(onnx.load_from_string(model(graph(ADD, more=field(5, tensor())))))


LOCATION = field(13, field(1, b"location") + field(2, b"/etc/passwd")) + field(14, 1)
HOSTILE = {
    "external data": (graph(ADD, more=field(5, tensor(more=LOCATION, data=None))), "external data"),
    "a place of data alone": (graph(ADD, more=field(5, tensor(more=field(14, 1)))), "external data"),
    "a place of data that wraps to 1": (
        graph(ADD, more=field(5, tensor(more=field(14, 1 << 32 | 1)))), "external data",
    ),
    "a place of data under a long tag": (
        graph(ADD, more=field(5, tensor(more=varint(14 << 3 | 1 << 32) + varint(1)))), "out of bounds",
    ),
    "external data under a long tag": (
        graph(ADD, more=field(5, tensor(more=hidden(13, field(1, b"location") + field(2, b"/etc/passwd"))))),
        "out of bounds",
    ),
    "a constant under a long tag": (graph(ADD, more=hidden(5, tensor(more=LOCATION, data=None))), "out of bounds"),
    "a tag longer than needed": (
        graph(ADD, more=varint(5 << 3 | 2, 1) + varint(len(tensor())) + tensor()), "longer than it needs",
    ),
    "a tag of six bytes": (graph(more=b"\xaa\x80\x80\x80\x80\x00" + varint(1) + b"x"), "longer than it needs"),
    "a length longer than needed": (graph(more=varint(10 << 3 | 2) + varint(1, 2) + b"d"), "longer than it needs"),
    "a number of eleven bytes": (
        graph(ADD, more=field(5, tensor(more=varint(14 << 3) + b"\x80" * 10 + b"\x00"))), "longer than it needs",
    ),
    "a number of 65 bits": (
        graph(ADD, more=field(5, tensor(more=varint(14 << 3) + b"\x81" + b"\x80" * 8 + b"\x02"))), "longer than",
    ),
    "field 0": (graph(more=b"\x02\x00"), "out of bounds"),
    "an unknown field": (graph(more=field(99, b"")), "field 99 of a graph"),
    "another wire type": (graph(ADD, more=field(5, tensor(more=field(14, b"\x01")))), "another way"),
    "a group": (graph(more=varint(10 << 3 | 3) + varint(10 << 3 | 4)), "another way"),
    "a fixed number for a varint": (graph(ADD, more=field(5, tensor(more=field(14, bytes(4), 5)))), "another way"),
    "packed what is single": (graph(ADD, more=field(5, tensor(more=field(2, varint(1))))), "another way|twice"),
    "a length beyond the end": (graph(more=varint(10 << 3 | 2) + varint(100) + b"d"), "cut short"),
    "a length of 2^63": (graph(more=varint(10 << 3 | 2) + varint(1 << 63)), "cut short"),
    "two shapes of one type": (
        graph(more=field(13, field(1, b"x") + field(2, field(1, field(1, F))) * 2)), "given twice",
    ),
    "raw data twice": (graph(ADD, more=field(5, tensor(more=field(9, bytes(16))))), "given twice"),
    "an operator named twice": (graph(node("Relu", more=field(4, b"Loop"))), "given twice"),
    "segments": (graph(ADD, more=field(5, tensor(more=field(3, field(1, 0))))), "segments"),
    "texts as tensors": (graph(ADD, more=field(5, tensor(more=field(6, b"t"), data=None))), "texts"),
    "sparse tensors": (graph(more=field(15, field(1, tensor()))), "sparse"),
    "quantisation": (graph(more=field(14, field(1, b"x"))), "quantisation"),
    "a sequence": (graph(more=field(13, field(1, b"x") + field(2, field(4, field(1, b""))))), "sequences"),
    "a map": (graph(more=field(13, field(1, b"x") + field(2, field(5, field(1, 7))))), "maps"),
    "an optional value": (graph(more=field(13, field(1, b"x") + field(2, field(9, field(1, b""))))), "optional"),
    "an attribute that holds a graph": (
        graph(node("Relu", more=field(5, field(1, b"body") + field(6, graph()) + field(20, 5)))), "graphs within",
    ),
    "an attribute that holds graphs": (
        graph(node("Relu", more=field(5, field(1, b"body") + field(11, graph()) + field(20, 10)))), "graphs within",
    ),
    "an attribute of two types": (
        graph(node("Elu", more=field(5, field(1, b"alpha") + field(2, bytes(4), 5) + field(3, 1) + field(20, 1)))),
        "another type",
    ),
    "another operator's domain": (graph(node("Relu", more=field(7, b"com.microsoft"))), "'com.microsoft'"),
    "a domain of our own name": (graph(node("Relu", more=field(7, b"ai.onnx.ml"))), "'ai.onnx.ml'"),
    "names that cannot be printed": (graph(node("Relu", ("x",), ("a\x1b[2J",))), "cannot be printed"),
    "names that are no text": (graph(more=field(10, b"\xff\xfe")), "no text"),
    "a name without end": (graph(more=field(10, b"d" * 5000)), "5000 bytes"),
    "a value made twice": (graph(node("Relu"), node("Abs")), "two values"),
    "a value from nowhere": (graph(node("Relu", ("z",))), "nothing before it makes"),
    "a cycle": (graph(node("Add", ("x", "b"), ("a",)), node("Relu", ("a",), ("b",)), node("Relu", ("b",))), "before"),
    "more data than the shape has": (graph(ADD, more=field(5, tensor(data=bytes(20)))), "with 5 numbers"),
    "less data than the shape has": (graph(ADD, more=field(5, tensor(data=bytes(12)))), "with 3 numbers"),
    "no data": (graph(ADD, more=field(5, tensor(data=None))), "with 0 numbers"),
    "a shape below 0": (graph(ADD, more=field(5, field(1, -4) + tensor(data=b"")))  , "impossible shape"),
    "a description that is not true": (graph(more=field(13, port("x", "N", 5))), "says that 'x' is N x 5"),
    "a description of nothing": (graph(more=field(13, port("z", 1))), "nothing makes"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_graph_that_is_no_plain_one_is_refused(case):
    inner, words = HOSTILE[case]
    with pytest.raises(GraphError, match=words):
        check_graph(model(inner))


MODELS = {
    "training": (model(more=field(20, b"")), "training"),
    "a function": (model(more=field(25, field(1, b"f"))), "local functions"),
    "metadata": (model(more=field(14, field(1, b"ort_config") + field(2, b"{}"))), "metadata"),
    "two graphs": (model(more=field(7, graph())), "given twice"),
    "no graph": (field(1, 8) + field(8, field(2, 17)), "no graph"),
    "operators of tomorrow": (model(opset=field(2, 99)), "of one version"),
    "operators of yesterday": (model(opset=field(2, 6)), "of one version"),
    "a version below 0": (model(opset=field(2, -1)), "of one version"),
    "two versions": (model(more=field(8, field(2, 13))), "of one version"),
    "another domain": (model(more=field(8, field(1, b"com.microsoft") + field(2, 1))), "'com.microsoft'"),
    "another format": (field(1, 99) + model()[2:], "format has version 99"),
    "a flatbuffer": (struct.pack("<I", 24) + b"ORTM" + bytes(64), "own format"),
    # what ONNX Runtime would take for its own format, though it is protobuf from end to end
    "a flatbuffer in protobuf's clothes": (b"\x12\x20\x00\x00ORTM" + bytes(26) + model(), "own format"),
    "nothing": (b"", "no ir_version"),
    "zeros": (bytes(50), "out of bounds"),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_file_that_is_no_plain_model_is_refused(case):
    data, words = MODELS[case]
    with pytest.raises(GraphError, match=words):
        check_graph(data)


def test_a_graph_of_very_many_parts_is_refused_at_once():
    for inner, words in (
        (graph(more=field(13, port("x")) * 100_000), "too many parts"),
        (graph(*[node("Relu", ("x",), (f"v{n}",)) for n in range(6000)], node("Relu")), "too many"),
        (graph(ADD, more=field(5, field(1, 1 << 20) + field(2, I64) + field(7, bytes(1 << 20)))), "one by one"),
        (graph(node("Concat", ("x",) * 100)), "100 inputs"),
        (graph(more=field(13, port("x", *[1] * 100))), "100 dimensions"),
    ):
        with pytest.raises(GraphError, match=words):
            check_graph(model(inner))


def test_every_cut_and_every_flipped_bit_is_refused_or_harmless():
    """Nothing but GraphError comes out, whatever byte is wrong."""
    whole = model(graph(ADD, more=field(5, tensor())))
    for end in range(len(whole)):
        with pytest.raises(GraphError):
            check_graph(whole[:end])
    for at in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[at] ^= 1 << bit
            with contextlib.suppress(GraphError):
                check_graph(bytes(flipped))


# --- sizes ---


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


BODY = helper.make_graph(
    [helper.make_node("Identity", ["going"], ["going_on"])],
    "body",
    [helper.make_tensor_value_info("n", I64, []), helper.make_tensor_value_info("going", B, [])],
    [helper.make_tensor_value_info("going_on", B, [])],
)
BRANCH = helper.make_graph([], "branch", [], [helper.make_tensor_value_info("x", F, [1, 4])])
SUM = helper.make_graph(
    [helper.make_node("Add", ["a", "b"], ["c"]), helper.make_node("Identity", ["c"], ["d"])],
    "sum",
    [helper.make_tensor_value_info(name, F, [4]) for name in "ab"],
    [helper.make_tensor_value_info(name, F, [4]) for name in "cd"],
)

TO_WHOLE = helper.make_node("Cast", ["x"], ["whole"], to=TensorProto.INT32)

EXHAUSTING = {
    "Div by what is fed": (made([TO_WHOLE, one("Div", "c", "whole")], {"c": np.int32(-(2**31))}, X), "divides whole"),
    "Mod by what is fed": (made([TO_WHOLE, one("Mod", "c", "whole")], {"c": np.int32(7)}, X), "divides whole"),
    "Div by 0": (made([TO_WHOLE, one("Div", "whole", "c")], {"c": np.int32(0)}, X), "divides whole"),
    "Div by -1": (made([TO_WHOLE, one("Div", "whole", "c")], {"c": np.int32(-1)}, X), "divides whole"),
    "Loop without end": (made([one("Loop", "", "", body=BODY)], inputs=X), "graphs within"),
    "If": (made([one("If", "c", then_branch=BRANCH, else_branch=BRANCH)], {"c": np.array(True)}, X), "graphs within"),
    "Scan": (made([one("Scan", "x", "x", body=SUM, num_scan_inputs=1)], inputs=X), "graphs within"),
    "SequenceMap": (made([one("SequenceMap", "x", body=SUM)], inputs=X), "graphs within"),
    "random numbers": (made([one("RandomNormal", shape=[1, 4])], inputs=X), "'RandomNormal'"),
    "random draws": (made([one("Multinomial", "x", sample_size=1 << 30)], inputs=X), "'Multinomial'"),
    "what depends on the input": (made([one("NonZero", "x")], inputs=X), "'NonZero'"),
    "recurrence": (made([one("LSTM", "x", "x", "x", hidden_size=4)], inputs=X), "'LSTM'"),
    "OneHot of gigabytes": (
        made([one("OneHot", "x", "d", "v")], {"d": np.int64(1 << 30), "v": np.zeros(2, np.float32)}, X), "'OneHot'",
    ),
    "ConstantOfShape of gigabytes": (made([one("ConstantOfShape", "s")], {"s": HUGE}, X), "16384 MiB"),
    "ConstantOfShape without end": (
        made([one("ConstantOfShape", "s")], {"s": np.array([1 << 40, 1 << 40])}, X), "impossible shape",
    ),
    "ConstantOfShape below 0": (made([one("ConstantOfShape", "s")], {"s": np.array([-1])}, X), "impossible shape"),
    "Expand": (made([one("Expand", "x", "s")], {"s": np.array([1 << 14, 1 << 14, 1, 4])}, X), "MiB"),
    "Tile": (made([one("Tile", "x", "s")], {"s": np.array([1 << 20, 1 << 10])}, X), "MiB"),
    "Range": (made([one("Range", *"abc")], {"a": np.int64(0), "b": np.int64(1 << 31), "c": np.int64(1)}, X),
              "MiB|impossible shape"),
    "Range by tiny steps": (
        made([one("Range", *"abc")], {"a": np.float32(0), "b": np.float32(1), "c": np.float32(1e-12)}, X),
        "MiB|impossible shape",
    ),
    "Range without a step": (
        made([one("Range", *"abc")], {"a": np.float32(0), "b": np.float32(1), "c": np.float32(0)}, X), "not as it",
    ),
    "Resize to a size": (made([one("Resize", "x", "", "", "s")], {"s": np.array([1, 3, 1 << 15, 1 << 15])}, PICTURE),
                         "MiB"),
    "Resize by a factor": (
        made([one("Resize", "x", "", "f")], {"f": np.array([1, 1, 1e4, 1e4], np.float32)}, PICTURE), "MiB|impossible",
    ),
    "Pad": (made([one("Pad", "x", "p")], {"p": np.array([0, 0, 1 << 20, 1 << 20])}, X), "MiB|impossible"),
    "Pad beyond a mirror": (made([one("Pad", "x", "p", mode="reflect")], {"p": np.array([0, 9, 0, 9])}, X), "more"),
    "Gather": (made([one("Gather", "w", "x")], {"w": np.zeros((4, 1 << 20), np.float32)},
                    {"x": (I64, "N", 4000)}), "MiB"),
    "Concat": (made([one("Concat", *["w"] * 60, axis=0)], {"w": np.zeros(1 << 21, np.float32)}, X), "MiB"),
    "a sum of rows and columns": (
        made([helper.make_node("Transpose", ["w"], ["t"]), one("Add", "w", "t")],
             {"w": np.zeros((1, 1 << 14), np.float32)}, X), "1024 MiB",
    ),
    "Conv into very many channels": (
        made([helper.make_node("Expand", ["k", "s"], ["w"]), one("Conv", "x", "w", pads=[1024] * 4)],
             {"k": np.zeros((1, 3, 1, 1), np.float32), "s": np.array([4096, 3, 1, 1])}, PICTURE), "MiB",
    ),
    "ConvTranspose by long strides": (
        made([one("ConvTranspose", "x", "w", strides=[9999] * 2)], {"w": np.zeros((3, 1, 1, 1), np.float32)}, PICTURE),
        "MiB|impossible",
    ),
    "ConvTranspose to a given size": (
        made([one("ConvTranspose", "x", "w", output_shape=[1 << 15, 1 << 15])],
             {"w": np.zeros((3, 1, 1, 1), np.float32)}, PICTURE), "not as it should",
    ),
    "SpaceToDepth of nothing": (made([one("SpaceToDepth", "x", blocksize=0)], inputs=PICTURE), "not as it should"),
    "values that are many together": (
        made(chain(60, "Add", "w"), {"w": np.zeros((1 << 12, 1 << 10), np.float32)}, {"x": (F, "N", 1)}), "768 MiB",
    ),
    "work without end": (
        made(chain(300, "MatMul", "w"), {"w": np.zeros((2048, 2048), np.float32)}, {"x": (F, 64, 2048)}), "billion",
    ),
    "AveragePool of large windows": (
        made([one("AveragePool", "x", kernel_shape=[2048, 2048])], inputs={"x": (F, "N", 1, 4000, 4000)}),
        "multiply-adds",
    ),
    "a size that is computed": (
        made([helper.make_node("Cast", ["x"], ["n"], to=I64), helper.make_node("Reshape", ["n", "r"], ["s"]),
              one("ConstantOfShape", "s")], {"r": np.array([-1])}, X), "while it runs",
    ),
    "a size that is looked up": (
        made([one("Reshape", "x", "n")], inputs={**X, "n": (I64, 2)}), "while it runs",
    ),
    "an input of open size": (made([one("Relu", "x")], inputs={"x": (F, "N", "M")}), "leaves the size"),
    "a size from overflowing": (
        made([helper.make_node("Mul", ["a", "a"], ["s"]), one("ConstantOfShape", "s")],
             {"a": np.array([1 << 40])}, X), "while it runs",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXHAUSTING)
def test_a_graph_that_would_exhaust_the_machine_is_refused(case):
    data, words = EXHAUSTING[case]
    with pytest.raises(GraphError, match=words):
        check_graph(data)


def test_attributes_of_the_wrong_kind_are_refused():
    for node_ in (
        one("Conv", "x", "w", pads=[0.5] * 4),
        one("Conv", "x", "w", strides=2),
        one("Conv", "x", "w", group="two"),
        one("Conv", "x", "w", auto_pad="SAME_UPPER"),
        one("Conv", "x"),
        one("DepthToSpace", "x", blocksize=1.5),
        one("Transpose", "x", perm=[0, 0, 1, 2]),
        one("Transpose", "x", perm="0123"),
        one("Cast", "x", to=16),
        one("Cast", "x"),
        one("Concat", "x", axis=9),
        one("Split", "x", axis=0.5),
        one("Squeeze", "x", "w"),
        one("Flatten", "x", axis=99),
        one("BatchNormalization", "x", "b", "b", "b", "b", training_mode=1),
    ):
        with pytest.raises(GraphError, match="the graph"):
            check_graph(made([node_], {"w": np.zeros((3, 3, 1, 1), np.float32), "b": np.zeros(3, np.float32)}, PICTURE))


# --- what is worked out is what happens ---


def happens(data: bytes, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Every value of a graph as ONNX Runtime computes it, without simplifying the graph before."""
    whole = onnx.load_from_string(data)
    del whole.graph.output[:]
    kinds = {name: value.dtype for name, value in check_sizes(read_graph(data)).items()}
    numbers = {dtype: number for number, dtype in TYPES.items()}
    for name in names:
        whole.graph.output.append(helper.make_tensor_value_info(name, numbers[kinds[name]], None))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = ort.InferenceSession(whole.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(names, feed)  # pyright: ignore[reportReturnType]


def compare(data: bytes) -> int:
    """Shapes, types, and the numbers that are followed; how many numbers that were."""
    told, followed = read_graph(data), 0
    values = check_sizes(told)
    random = np.random.default_rng(1)
    feed = {
        one.name: random.uniform(0.5, 1.5, values[one.name].shape).astype(values[one.name].dtype) for one in told.inputs
    }
    names = [name for node_ in told.nodes for name in node_.outputs if name]
    for name, real in zip(names, happens(data, names, feed), strict=True):
        value = values[name]
        assert (value.shape, value.dtype) == (np.shape(real), np.asarray(real).dtype), name
        if value.known is not None:
            np.testing.assert_array_equal(value.known, real)
            followed += value.known.size
    return followed


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.actor")), ids=lambda path: path.stem)
def test_sizes_of_the_built_in_actors_are_as_worked_out(path):
    _, members = read_actor(path)
    for name in (ENCODER, DECODER):
        assert compare(members[name]) > 50  # numbers that shapes are made of


@pytest.mark.parametrize("kind", ["mesh", "image"])
def test_sizes_of_tiny_actors_are_as_worked_out(kind):
    _, members = tiny.tiny_parts(kind)
    for name in (ENCODER, DECODER):
        compare(members[name])


def n(op: str, *names: str, outputs=("y",), **attributes):
    return helper.make_node(op, list(names), list(outputs), **attributes)


W, V3 = np.ones((6, 3, 3, 3), np.float32), np.ones(3, np.float32)
I = lambda *numbers: np.array(numbers, np.int64)  # noqa: E731, E741
R3, VEC, TRUTH = {"x": (F, 2, 3, 5)}, {"x": (F, 5)}, {"x": (B, 2, 3)}
CASES = {  # nodes, constants, inputs[, opset]
    **{op: ([n(op, "x")], {}, R3) for op, make in OPERATORS.items() if make is OPERATORS["Abs"] and op not in
       ("Not", "Gelu", "Mish", "HardSwish")},
    **{op: ([n(op, "x", "x")], {}, R3) for op in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean",
       "PRelu", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")},
    **{op: ([n(op, "x", "c")], {"c": np.array([True, False, True])}, TRUTH) for op in ("And", "Or", "Xor")},
    **{op: ([n(op, "x")], {}, R3) for op in ("IsNaN", "IsInf", "Shape", "Size", "GlobalAveragePool", "GlobalMaxPool",
       "ArgMax", "ArgMin", "Transpose", "Flatten")},
    **{op: ([n(op, "x", axes=[1, -1], keepdims=0)], {}, R3) for op in OPERATORS if op.startswith("Reduce") and
       op != "ReduceSum"},
    "Not": ([n("Not", "x")], {}, TRUTH),
    "Mish": ([n("Mish", "x")], {}, R3, 18),
    "HardSwish": ([n("HardSwish", "x")], {}, R3),
    "Gelu": ([n("Gelu", "x")], {}, R3, 20),
    "Mod": ([n("Mod", "x", "x", fmod=1)], {}, R3),
    "broadcast": ([n("Add", "x", "c")], {"c": np.ones((4, 1, 3, 1), np.float32)}, R3),
    "Where": ([n("Where", "c", "x", "x")], {"c": np.ones((4, 1, 1, 1), bool)}, R3),
    "Cast": ([n("Cast", "x", to=U8)], {}, R3),
    "Cast of a number": ([n("Cast", "c", to=I64)], {"c": np.array([2.75, -2.75], np.float32)}, R3),
    "Constant": ([n("Constant", value_ints=[3, 4])], {}, R3),
    "Constant of one": ([n("Constant", value_float=2.5)], {}, R3),
    "ConstantOfShape": ([n("ConstantOfShape", "s", value=numpy_helper.from_array(I(7)))], {"s": I(2, 3)}, R3),
    "Range": ([n("Range", *"abc")], {"a": np.int64(10), "b": np.int64(-3), "c": np.int64(-4)}, R3),
    "Reshape": ([n("Reshape", "x", "s")], {"s": I(0, -1, 1)}, R3),
    "Squeeze": ([n("Squeeze", "x", "a")], {"a": I(0, -1)}, {"x": (F, 1, 3, 1)}),
    "Squeeze of all": ([n("Squeeze", "x")], {}, {"x": (F, 1, 3, 1)}),
    "Unsqueeze": ([n("Unsqueeze", "x", "a")], {"a": I(0, -1)}, R3),
    "Flatten at the end": ([n("Flatten", "x", axis=3)], {}, R3),
    "Transpose as said": ([n("Transpose", "x", perm=[1, 2, 0])], {}, R3),
    "Concat": ([n("Concat", "x", "c", axis=-2)], {"c": np.ones((2, 4, 5), np.float32)}, R3),
    "Split": ([n("Split", "x", "s", axis=-1, outputs=("y", "z"))], {"s": I(2, 3)}, R3),
    "Split evenly": ([n("Split", "x", axis=0, outputs=("y", "z"))], {}, R3),
    "Split unevenly": ([n("Split", "x", axis=2, num_outputs=2, outputs=("y", "z"))], {}, R3, 18),
    "Slice": ([n("Slice", "x", *"abcd")], {"a": I(-2, 9), "b": I(99, -99), "c": I(1, 2), "d": I(1, -2)}, R3),
    "Slice of a shape": ([n("Shape", "x", outputs="s"), n("Slice", "s", "a", "b")], {"a": I(1), "b": I(1 << 62)}, R3),
    "Gather": ([n("Gather", "x", "i", axis=1)], {"i": np.array([[0, -1], [2, 1]])}, R3),
    "Gather of a shape": ([n("Shape", "x", outputs="s"), n("Gather", "s", "i")], {"i": np.int64(2)}, R3),
    "Expand": ([n("Expand", "x", "s")], {"s": I(4, 1, 3, 5)}, R3),
    "Tile": ([n("Tile", "x", "s")], {"s": I(1, 2, 3)}, R3),
    "Pad": ([n("Pad", "x", "p", "v")], {"p": I(0, 1, 2, 3, 0, -1), "v": np.float32(7)}, R3),
    "Pad some": ([n("Pad", "x", "p", "", "a", mode="edge")], {"p": I(1, 2), "a": I(-1)}, R3, 18),
    "Pad by a mirror": ([n("Pad", "x", "p", mode="reflect")], {"p": I(0, 2, 4, 0, 2, 4)}, R3),
    "Resize by a factor": ([n("Resize", "x", "", "f", mode="linear")],
                           {"f": np.array([1, 1, 1.7, 0.3], np.float32)}, {"x": (F, 1, 3, 11, 13)}),
    "Resize": ([n("Resize", "x", "", "", "s", mode="cubic")], {"s": I(1, 3, 5, 40)}, {"x": (F, 1, 3, 11, 13)}),
    "DepthToSpace": ([n("DepthToSpace", "x", blocksize=2)], {}, {"x": (F, 1, 8, 3, 5)}),
    "SpaceToDepth": ([n("SpaceToDepth", "x", blocksize=2)], {}, {"x": (F, 1, 2, 6, 4)}),
    "MatMul": ([n("MatMul", "x", "c")], {"c": np.ones((4, 1, 5, 6), np.float32)}, R3),
    "MatMul of a row": ([n("MatMul", "x", "c")], {"c": np.ones((4, 5, 6), np.float32)}, VEC),
    "MatMul of a column": ([n("MatMul", "c", "x")], {"c": np.ones((4, 6, 5), np.float32)}, VEC),
    "MatMul of vectors": ([n("MatMul", "x", "x")], {}, VEC),
    "Gemm": ([n("Gemm", "x", "c", "b", transA=1, transB=1)],
             {"c": np.ones((6, 2), np.float32), "b": np.ones(6, np.float32)}, {"x": (F, 2, 5)}),
    "Conv": ([n("Conv", "x", "w", strides=[2, 1], dilations=[1, 2], pads=[1, 0, 2, 3])], {"w": W},
             {"x": (F, 1, 3, 9, 8)}),
    "Conv by groups": ([n("Conv", "x", "w", group=2)], {"w": W}, {"x": (F, 2, 6, 9, 8)}),
    "Conv of a line": ([n("Conv", "x", "w")], {"w": np.ones((4, 3, 2), np.float32)}, R3),
    "ConvTranspose": ([n("ConvTranspose", "x", "w", strides=[2, 3], pads=[1, 0, 1, 1], output_padding=[1, 2])],
                      {"w": np.ones((3, 6, 3, 3), np.float32)}, {"x": (F, 1, 3, 9, 8)}),
    "ConvTranspose by groups": ([n("ConvTranspose", "x", "w", group=3, dilations=[2, 1])],
                                {"w": np.ones((3, 2, 3, 3), np.float32)}, {"x": (F, 1, 3, 9, 8)}),
    "AveragePool": ([n("AveragePool", "x", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])], {},
                    {"x": (F, 1, 3, 9, 8)}),
    "MaxPool": ([n("MaxPool", "x", kernel_shape=[3, 2], dilations=[2, 1], outputs=("y", "z"))], {},
                {"x": (F, 1, 3, 9, 8)}),
    "BatchNormalization": ([n("BatchNormalization", "x", *["v"] * 4)], {"v": V3}, R3),
    "InstanceNormalization": ([n("InstanceNormalization", "x", "v", "v")], {"v": V3}, R3),
    "LayerNormalization": ([n("LayerNormalization", "x", "v", axis=-1)], {"v": np.ones(5, np.float32)}, R3),
    "ReduceSum": ([n("ReduceSum", "x", "a", keepdims=0)], {"a": I(0, -1)}, R3),
    "ReduceSum of all": ([n("ReduceSum", "x")], {}, R3),
    "ReduceMean, newer": ([n("ReduceMean", "x", "a")], {"a": I(1)}, R3, 18),
    "arithmetic on shapes": (
        [n("Shape", "x", outputs="s"), n("Mul", "s", "two", outputs=("a",)), n("Sub", "a", "one", outputs=("b",)),
         n("Div", "b", "two", outputs=("c",)), n("Mod", "b", "two", outputs=("d",)), n("Max", "c", "d", outputs=("e",)),
         n("Neg", "e", outputs=("f",)), n("Abs", "f", outputs=("g",)), n("Equal", "g", "two", outputs=("h",)),
         n("Where", "h", "g", "one", outputs=("i",)), n("Cast", "i", to=F, outputs=("j",)),
         n("Div", "j", "third", outputs=("k",)), n("Floor", "k", outputs=("l",)), n("Cast", "l", to=I64, outputs="m"),
         n("Expand", "one", "m")],
        {"one": I(1), "two": I(2), "third": np.array([0.3], np.float32)}, R3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_size_of_what_an_operator_makes(case):
    nodes, constants, inputs, *opset = CASES[case]
    outputs = [name for node_ in nodes for name in node_.output]
    compare(made(nodes, constants, inputs, outputs[-1:], opset[0] if opset else 17))


def test_every_operator_is_compared():
    compared = {node_.op_type for nodes, *_ in CASES.values() for node_ in nodes}
    assert compared == set(OPERATORS)
    assert {case[3] for case in CASES.values() if len(case) > 3} <= set(OPSETS)
    assert not compared & {"Loop", "If", "Scan", "NonZero", "OneHot", "RandomNormal", "Unique", "Compress", "TopK"}


def test_messages_are_one_printable_line():
    for data in (*(model(inner) for inner, _ in HOSTILE.values()), *(data for data, _ in EXHAUSTING.values())):
        with pytest.raises(GraphError) as caught:
            check_graph(data)
        assert re.fullmatch(r"[^\n]{1,400}", str(caught.value))
        assert str(caught.value).isprintable()
