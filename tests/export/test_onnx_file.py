"""ONNX files: standard operators, a free batch, no constant twice; nothing of the machine or the critic inside."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

import onnx
import onnxruntime
import torch
from tiny_networks import TinyImage, TinyMesh, export_to
from torch import nn

from export import ExportError
from export.graph import Graph, decoder_graph, encoder_graph
from export.onnx_file import to_onnx
from models.networks.config import PuppetConfig
from models.networks.puppet.mesh import mesh_size
from models.networks.puppet.model import PuppetVAE
from puppet.actor.file import DECODER, ENCODER, read_actor
from puppet.core.types import POSE_SIZE


@pytest.mark.parametrize("network", [TinyMesh, TinyImage])
def test_graphs_are_standard_and_take_any_batch(tmp_path, network):
    out = tmp_path / "ada.actor"
    export_to(out, network())
    _, members = read_actor(out)
    for name in (ENCODER, DECODER):
        model = onnx.load_from_string(members[name])
        assert {(o.domain, o.version) for o in model.opset_import} == {("", 18)}
        assert {node.domain for node in model.graph.node} == {""}
        for port in (*model.graph.input, *model.graph.output):
            sides = [side.dim_param or side.dim_value for side in port.type.tensor_type.shape.dim]
            assert sides[0] == "N"
            assert all(isinstance(side, int) and side > 0 for side in sides[1:])
        assert not model.metadata_props
        assert not any(part.metadata_props or part.doc_string for part in (model.graph, *model.graph.node))
        assert not any(part.metadata_props for part in (*model.graph.input, *model.graph.initializer))
        assert b".py" not in members[name]  # no paths of the machine that exported it
        assert str(Path(__file__).resolve().parents[2]).encode() not in members[name]


def test_the_critic_stays_at_home():
    """A puppet's two graphs hold its texture and its geometry, and none of what judged them."""
    torch.manual_seed(0)
    model = PuppetVAE(PuppetConfig(64, 96, 32, 4, (8, 8))).eval()
    card = SimpleNamespace(
        latent_size=model.latent_size, encoder_inputs=model.encoder_inputs, decoder_outputs=("texture", "points"),
        crop_size=None, image_size=64, texture_size=96, painted_size=32, texture_points=np.zeros((mesh_size()[0], 2)),
    )  # fmt: skip
    kept = [weight.detach().numpy() for weight in model.critic.parameters()]
    colours, stem = (model.painter.get_parameter(f"{name}.weight").detach() for name in ("colours", "stem"))
    reaching = stem.T * model.painter.reach
    assert max(weight.size for weight in kept) > 10_000
    for graph in (encoder_graph(model, cast(Any, card)), decoder_graph(model, cast(Any, card))):
        made = onnx.load_from_string(to_onnx(graph))
        inside = [onnx.numpy_helper.to_array(tensor) for tensor in made.graph.initializer]
        assert not any("critic" in tensor.name for tensor in made.graph.initializer)
        assert not {weight.shape for weight in kept if weight.ndim == 4} & {weight.shape for weight in inside}
        if graph.name == "decoder":
            assert any(np.array_equal(weight, colours) for weight in inside)
            assert any(np.array_equal(weight, reaching) for weight in inside)
            assert sum(weight.size == stem.numel() for weight in inside) == 1  # the product, none of its factors
        else:
            assert list(graph.inputs["pose"].shape[1:]) == [POSE_SIZE]


class Rows(nn.Module):
    """Planted: rows of its input by lists."""

    def __init__(self, *lists: list[int]) -> None:
        super().__init__()
        self.lists = lists

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        return (x[(slice(None), *self.lists)],)


def rows_graph(*lists: list[int]) -> Graph:
    network, example = Rows(*lists).eval(), torch.zeros(2, 4, 4)
    return Graph("picker", network, {"x": example}, {"y": (torch.float32, tuple(network(example)[0].shape[1:]))})


def test_rows_by_a_list_are_gathered_alike_each_time_and_in_silence(capfd):
    graph = rows_graph([3, 0, -1])
    file = to_onnx(graph)
    assert to_onnx(graph) == file
    assert [node.op_type for node in onnx.load_from_string(file).graph.node] == ["Gather"]
    x = np.arange(5 * 16, dtype=np.float32).reshape(5, 4, 4)
    session: Any = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    assert np.array_equal(session.run(None, {"x": x})[0], x[:, [3, 0, -1]])
    with pytest.raises(ExportError, match="the picker cannot be written as ONNX: several dimensions are indexed"):
        to_onnx(rows_graph([3, 0], [1, 2]))
    assert capfd.readouterr() == ("", "")


def test_a_network_that_decides_by_its_input_is_refused_in_one_line(capfd):
    class Decides(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            return (x if bool(x.sum() > 0) else -x,)

    graph = Graph("chooser", Decides().eval(), {"x": torch.zeros(2, 3)}, {"y": (torch.float32, (3,))})
    with pytest.raises(ExportError, match="the chooser cannot be written as ONNX: .*data-dependent") as caught:
        to_onnx(graph)
    assert str(caught.value).isprintable()
    assert capfd.readouterr() == ("", "")


class Planted(nn.Module):
    """A network that is planted as a function."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        return (self.function(x),)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x[:, torch.tensor([True, False, True])], "indexed by a mask"),
        (lambda x: x * float(x.shape[0]), "computes with the size of its batch"),
        (lambda x: x.reshape(2, 3), "computes with the size of its batch"),
    ],
)
def test_what_an_actor_could_not_play_is_refused_with_its_cause(function, message: str) -> None:
    graph = Graph("planted", Planted(function).eval(), {"x": torch.zeros(2, 3)}, {"y": (torch.float32, (3,))})
    with pytest.raises(ExportError, match=f"the planted cannot be written as ONNX: .*{message}"):
        to_onnx(graph)
