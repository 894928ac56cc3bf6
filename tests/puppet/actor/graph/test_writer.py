"""Graphs that are written here are read by the checks, and by ONNX Runtime, as what they are."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from puppet.actor.graph.check import check_graph
from puppet.actor.graph.reader import read_graph
from puppet.actor.graph.writer import BATCH, FLOAT, UINT8, GraphWriter

WEIGHTS = np.arange(12, dtype=np.float32).reshape(3, 4)


def written() -> bytes:
    g = GraphWriter()
    product = g.add("MatMul", "given", g.floats(WEIGHTS))
    part = g.span(product, 1, 3)
    softer = g.add("LeakyRelu", g.add("Reshape", part, g.whole(-1, 1, 2)), alpha=0.25)
    g.add_named("made", "Cast", g.add("Transpose", softer, perm=[0, 2, 1]), to=UINT8)
    return g.file("planted", {"given": (FLOAT, (BATCH, 3))}, {"made": (UINT8, (BATCH, 2, 1))})


def test_the_reader_finds_every_part() -> None:
    graph = read_graph(written())
    assert [node.op for node in graph.nodes] == ["MatMul", "Slice", "Reshape", "LeakyRelu", "Transpose", "Cast"]
    assert [node.attributes for node in graph.nodes[3:]] == [{"alpha": 0.25}, {"perm": [0, 2, 1]}, {"to": UINT8}]
    np.testing.assert_array_equal(graph.constants[0].values, WEIGHTS)
    assert [tuple(c.values.ravel()) for c in graph.constants[-1:]] == [(-1, 1, 2)]
    assert (graph.inputs[0].shape, graph.outputs[0].shape) == ((None, 3), (None, 2, 1))


def test_onnx_runtime_computes_what_was_written() -> None:
    file = written()
    check_graph(file)
    given = np.array([[1, 2, 3], [0, 1, 0]], np.float32)
    (made,) = ort.InferenceSession(file).run(None, {"given": given})
    np.testing.assert_array_equal(np.asarray(made)[:, :, 0], (given @ WEIGHTS)[:, 1:3])


def test_equal_constants_are_kept_once() -> None:
    g = GraphWriter()
    assert g.floats([1, 2]) == g.floats([1, 2]) != g.floats([[1, 2]])
    assert g.whole(1, 2) != g.floats([1, 2])
