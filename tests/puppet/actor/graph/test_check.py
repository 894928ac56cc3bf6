"""Graphs that would exhaust the machine are refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
from onnx import TensorProto, helper
from planted_graphs import (
    HUGE,
    I64,
    PICTURE,
    B,
    F,
    X,
    chain,
    made,
    one,
)

from puppet.actor.graph.check import check_graph
from puppet.actor.graph.types import GraphError

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


def test_messages_are_one_printable_line():
    for data in (data for data, _ in EXHAUSTING.values()):
        with pytest.raises(GraphError) as caught:
            check_graph(data)
        assert re.fullmatch(r"[^\n]{1,400}", str(caught.value))
        assert str(caught.value).isprintable()
