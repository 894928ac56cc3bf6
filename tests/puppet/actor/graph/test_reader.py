"""Files that are no plain ONNX graph, written byte by byte, are refused."""

from __future__ import annotations

import contextlib
import re
import struct

import onnx
import pytest
from planted_graphs import (
    ADD,
    I64,
    F,
    field,
    graph,
    hidden,
    model,
    node,
    port,
    tensor,
    varint,
)

from puppet.actor.graph.check import check_graph
from puppet.actor.graph.types import GraphError


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


def test_messages_are_one_printable_line():
    for data in (model(inner) for inner, _ in HOSTILE.values()):
        with pytest.raises(GraphError) as caught:
            check_graph(data)
        assert re.fullmatch(r"[^\n]{1,400}", str(caught.value))
        assert str(caught.value).isprintable()
