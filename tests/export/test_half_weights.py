"""Weights of 16 bits: nothing is lost by storing them, and they are left out where a network needs more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from tiny_networks import Forward, TinyMesh, export_to
from torch import nn

from export.graph import Graph
from export.half_weights import LARGEST, LEAST, rounded, stored_in_half
from export.onnx_file import to_onnx
from export.verify import LIMITS
from puppet.actor.file import DECODER, ENCODER, read_actor
from puppet.actor.graph.check import check_graph
from puppet.core.types import POSE_SIZE

HALF, FLOAT = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT


class Layers(nn.Module):
    """Weights large and small, a bias, and a fitted buffer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.large, self.small = nn.Linear(64, 256), nn.Linear(256, 3)
        self.fitted: torch.Tensor
        self.register_buffer("fitted", torch.rand(64, 64) + 1e-4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        return (self.small(torch.tanh(self.large(x @ self.fitted))),)


def file_of(network: nn.Module) -> bytes:
    return to_onnx(Graph("layers", network.eval(), {"x": torch.zeros(2, 64)}, {"y": (torch.float32, (3,))}))


def run(file: bytes) -> np.ndarray:
    session: Any = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)})[0]


def weights(file: bytes) -> dict[tuple[int, ...], int]:
    """Types of the stored weights by shape."""
    return {tuple(tensor.dims): tensor.data_type for tensor in onnx.load_from_string(file).graph.initializer}


def test_a_rounded_model_is_a_copy_whose_parameters_16_bits_hold() -> None:
    model = TinyMesh()
    with torch.no_grad():
        model.features.weight[0, :3] = torch.tensor([1e6, -1e6, 1e-9])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    small = rounded(model)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    parameters = {name for name, _ in small.named_parameters()}
    for name, value in small.state_dict().items():
        if name in parameters:
            assert torch.equal(value.half().float(), value)
            np.testing.assert_allclose(value, before[name].clamp(-LARGEST, LARGEST), rtol=2**-11, atol=2**-24)
        else:
            assert torch.equal(value, before[name])  # what was fitted stays exact
    assert not torch.equal(small.features.weight, model.features.weight)  # pyright: ignore


def test_what_16_bits_hold_is_stored_in_them_and_computes_the_same() -> None:
    network = Layers()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    file = file_of(network)
    stored = stored_in_half(file)
    types = weights(stored)
    assert [kind for shape, kind in types.items() if sorted(shape) == [64, 256]] == [HALF]
    assert types[(64, 64)] == FLOAT  # 16 bits would lose something of it
    assert all(kind == FLOAT for shape, kind in types.items() if np.prod(shape) < LEAST)
    np.testing.assert_array_equal(run(stored), run(file))
    check_graph(stored)  # the app plays it
    saved = len(file) - len(stored)
    assert saved == pytest.approx(2 * 64 * 256, rel=0.02)
    assert stored_in_half(file) == stored


def test_weights_that_16_bits_do_not_hold_stay() -> None:
    network = Layers()
    file = file_of(network)
    assert set(weights(stored_in_half(file)).values()) == {FLOAT}
    with torch.no_grad():
        network.large.weight.copy_(network.large.weight.half().float())
        network.large.weight[0, 0] = 2 * LARGEST
    stored = stored_in_half(file_of(network))
    assert FLOAT in {kind for shape, kind in weights(stored).items() if sorted(shape) == [64, 256]}
    np.testing.assert_array_equal(run(stored), run(file_of(network)))


def kinds(members: dict[str, bytes]) -> dict[str, set[int]]:
    """Types of the large weights, by graph."""
    return {
        name: {t.data_type for t in onnx.load_from_string(members[name]).graph.initializer if np.prod(t.dims) >= LEAST}
        for name in (ENCODER, DECODER)
    }


def test_an_exported_actor_has_weights_of_16_bits(tmp_path) -> None:
    out, model = tmp_path / "ada.actor", TinyMesh()
    card = export_to(out, model)
    assert card.parity["mean_relative"] > 1e-5  # they are not the trained ones
    _, members = read_actor(out)
    assert kinds(members) == {ENCODER: {HALF}, DECODER: set()}
    (weight,) = (
        numpy_helper.to_array(t)
        for t in onnx.load_from_string(members[ENCODER]).graph.initializer
        if np.prod(t.dims) >= LEAST
    )
    exact = model.features.weight.detach().numpy()
    np.testing.assert_array_equal(weight if weight.shape == exact.shape else weight.T, exact.astype(np.float16))


class NeedsItsBits(TinyMesh):
    """What it says is a small difference of large numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Linear(3 * 478, 3)
        self.features.weight.data.add_(5)
        self.other.weight.data.add_(5)

    def inference_encoder(self) -> nn.Module:
        def look(m, landmarks, pose):
            seen = landmarks.flatten(1)
            return torch.cat([m.features(seen) - m.other(seen), pose / 30], 1), torch.full((1, 3 + POSE_SIZE), -2.0)

        return Forward(self, look)


def test_a_network_that_needs_32_bits_keeps_them(tmp_path) -> None:
    out = tmp_path / "ada.actor"
    card = export_to(out, NeedsItsBits())
    assert all(card.parity[name] <= limit for name, limit in LIMITS.items() if name in card.parity)
    _, members = read_actor(out)
    assert kinds(members) == {ENCODER: {FLOAT}, DECODER: set()}
