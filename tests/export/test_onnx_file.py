"""ONNX files: standard operators, a free batch, and nothing of the machine or the critic inside."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

import onnx
import torch
from tiny_networks import TinyImage, TinyMesh, export_to

from export.graph import decoder_graph, encoder_graph
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
        assert {(o.domain, o.version) for o in model.opset_import} == {("", 17)}
        assert {node.domain for node in model.graph.node} == {""}
        for port in (*model.graph.input, *model.graph.output):
            sides = [side.dim_param or side.dim_value for side in port.type.tensor_type.shape.dim]
            assert sides[0] == "N"
            assert all(isinstance(side, int) and side > 0 for side in sides[1:])
        assert b".py" not in members[name]  # no paths of the machine that exported it
        assert str(Path(__file__).resolve().parents[2]).encode() not in members[name]


def test_the_critic_stays_at_home():
    """A puppet's two graphs hold its texture and its geometry, and none of what judged them."""
    torch.manual_seed(0)
    model = PuppetVAE(PuppetConfig(64, 64, 4, (8, 8))).eval()
    card = SimpleNamespace(
        latent_size=model.latent_size, encoder_inputs=model.encoder_inputs, decoder_outputs=("texture", "points"),
        crop_size=None, image_size=64, texture_size=64, texture_points=np.zeros((mesh_size()[0], 2)),
    )  # fmt: skip
    kept = [weight.detach().numpy() for weight in model.critic.parameters()]
    bias = model.painter.get_parameter("colours.bias").detach()
    assert max(weight.size for weight in kept) > 10_000
    for graph in (encoder_graph(model, cast(Any, card)), decoder_graph(model, cast(Any, card))):
        made = onnx.load_from_string(to_onnx(graph))
        inside = [onnx.numpy_helper.to_array(tensor) for tensor in made.graph.initializer]
        assert not any("critic" in tensor.name for tensor in made.graph.initializer)
        assert not {weight.shape for weight in kept if weight.ndim == 4} & {weight.shape for weight in inside}
        if graph.name == "decoder":
            assert any(np.array_equal(weight, bias) for weight in inside)
        else:
            assert list(graph.inputs["pose"].shape[1:]) == [POSE_SIZE]
