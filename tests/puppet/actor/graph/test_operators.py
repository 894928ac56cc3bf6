"""The size that is computed for every operator is the size that ONNX Runtime makes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import tiny_actor as tiny
from onnx import helper, numpy_helper
from planted_graphs import (
    I64,
    U8,
    B,
    F,
    made,
)

from puppet.actor.catalogue import BUILT_IN
from puppet.actor.file import DECODER, ENCODER, read_actor
from puppet.actor.graph.check import check_sizes
from puppet.actor.graph.operators import OPERATORS
from puppet.actor.graph.reader import OPSETS, read_graph
from puppet.actor.graph.types import TYPES
from puppet.inference.session import ort


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
