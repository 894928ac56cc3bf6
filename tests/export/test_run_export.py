"""A network and its data set become an actor file: both kinds, and nothing is left behind when something is off."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

import tiny_actor as tiny
import torch
import torch.nn.functional as F
from tiny_networks import DECLARED, TRAINING, FakeDataset, Forward, TinyImage, TinyMesh, export_to
from torch import nn

from export import ExportError
from export.run_export import export_actor
from export.verify import LIMITS
from models.networks.base import to_network, to_picture
from puppet.actor.catalogue import read_preview
from puppet.actor.file import read_card
from puppet.actor.latents import ranked_dimensions
from puppet.actor.runtime import load_actor
from puppet.core.errors import ActorFileError
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Latent


@pytest.mark.parametrize("network", [TinyMesh, TinyImage])
def test_an_exported_actor_acts_as_the_network_does(tmp_path, network):
    model, out = network().eval(), tmp_path / "ada.actor"
    export_to(out, model)
    actor = load_actor(out, "cpu", threads=1)
    data = FakeDataset()
    for row in (3, 17):
        inputs = {name: torch.from_numpy(data.inputs[name][[row]]) for name in model.encoder_inputs}
        with torch.no_grad():
            mean = model.inference_encoder()(*inputs.values())[0]
            drawn = model.inference_decoder()(mean)
        crop = AlignedCrop(np.ascontiguousarray(data.inputs["crop"][row][..., ::-1]), np.eye(2, 3))
        latent = actor.encode(Drive(data.canonical[row], data.pose[row], 0.0), crop if actor.needs_crop else None)
        assert np.abs(latent.values - mean.numpy()[0]).max() < 5e-4  # weights of 16 bits
        portrait = actor.decode(latent).image
        assert portrait.std() > 3  # the planted networks do draw something
        if not isinstance(drawn, tuple):
            assert np.abs(portrait[..., ::-1].astype(int) - drawn.numpy()[0].astype(int)).max() <= 1


@pytest.mark.parametrize("network", [TinyMesh, TinyImage])
def test_the_card_keeps_what_was_said_and_measured(tmp_path, network):
    out = tmp_path / "ada.actor"
    card = export_to(out, network())
    read = read_card(out)
    assert read.consent == DECLARED.consent
    assert (read.name, read.licence) == ("Ada", "CC0-1.0")
    assert read.training == TRAINING
    assert read.parity == card.parity
    assert read.parity["frames"] >= 16
    assert all(read.parity[name] <= LIMITS[name] for name in read.parity if name in LIMITS)
    assert ("points_px" in read.parity) == (read.kind == "mesh")
    assert [p.name for p in tmp_path.iterdir()] == ["ada.actor"]


def test_latents_and_preview_come_from_the_data_set(tmp_path):
    model, out, data = TinyMesh().eval(), tmp_path / "ada.actor", FakeDataset()
    export_to(out, model)
    with torch.no_grad():
        inputs = torch.from_numpy(data.canonical), torch.from_numpy(data.pose)
        means = model.inference_encoder()(*inputs)[0].numpy()
    actor = load_actor(out, "cpu", threads=1)
    latents = actor.latents
    assert np.allclose(latents.mean, means.mean(0), atol=1e-4)
    assert np.allclose(latents.std, means.std(0), atol=1e-4)
    variance = np.linalg.eigvalsh(np.cov(means.T, bias=True))[::-1]
    assert np.allclose((latents.axes**2).sum(1), variance, rtol=1e-2, atol=1e-4)  # each a standard deviation long
    kl = 0.5 * (means**2 + np.exp(-2.0) - 1 + 2.0).mean(0)
    assert np.allclose(latents.kl, kl, rtol=1e-3)
    assert all(np.abs(means - sample).max(1).min() < 1e-4 for sample in latents.samples)
    preview = read_preview(out)
    assert preview.shape == (256, 256, 3)
    rest = actor.decode(Latent(means[17])).image  # of frame 17, the one at rest
    assert np.abs(preview[2::4, 2::4].astype(int) - rest).mean() < 3


class MostlyDead(TinyImage):
    """Five dimensions: the encoder says something in the third alone; the others are the prior, whatever it sees."""

    def inference_encoder(self) -> nn.Module:
        alive = F.one_hot(torch.tensor(2), 5)
        return Forward(self, lambda m, crop: tuple(alive * (8 * p - 3) for p in m.look(to_network(crop)).chunk(2, 1)))


def test_planted_dead_dimensions_rank_last(tmp_path):
    """The seed's rule, computed from the data set and stored: mean KL above mean + one standard deviation."""
    out = tmp_path / "ada.actor"
    export_to(out, MostlyDead())
    latents = load_actor(out, "cpu", threads=1).latents
    assert latents.kl[2] > 1
    assert np.abs(np.delete(latents.kl, 2)).max() < 1e-6
    assert latents.useful.tolist() == [2]
    assert ranked_dimensions(latents.kl).tolist() == [2, 0, 1, 3, 4]


class DecidesInPython(TinyImage):
    """What is drawn depends on the latent in a way that no graph holds."""

    def inference_decoder(self) -> nn.Module:
        bright = lambda m, z: to_picture(m.draw(z).sigmoid() + (0.3 if bool(z.abs().sum() > 0) else 0.0))  # noqa: E731
        return Forward(self, bright)


class IsRandom(TinyMesh):
    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, landmarks, pose: (
            torch.cat([landmarks[:, :3, 0], pose * torch.rand(POSE_SIZE)], 1), torch.zeros(1, 3 + POSE_SIZE),
        ))  # fmt: skip


class FixesTheBatch(TinyImage):
    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, z: to_picture(m.draw(z.reshape([int(n) for n in z.shape])).sigmoid()))


class NeedsAnOperator(TinyImage):
    """One whose output's size depends on what is fed."""

    def inference_decoder(self) -> nn.Module:
        def draw(m, z):
            seen = (z * 0 + 1).nonzero()[:, 1].reshape(-1, 5).float()
            return to_picture(m.draw(z + 0 * seen).sigmoid())

        return Forward(self, draw)


class GivesFloats(TinyImage):
    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, z: m.draw(z).sigmoid().permute(0, 2, 3, 1))


class GivesNotANumber(TinyMesh):
    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, landmarks, pose: (
            torch.cat([torch.sqrt(pose - 90), landmarks[:, :3, 0]], 1), torch.zeros(1, 3 + POSE_SIZE),
        ))  # fmt: skip


class SaysTooMuch(TinyImage):
    def exported_facts(self) -> dict[str, Any]:
        return {**super().exported_facts(), "colour": "red"}


class HasNoName(TinyImage):
    def exported_facts(self) -> dict[str, Any]:
        return {**super().exported_facts(), "puppet_version": ""}


BROKEN = {
    DecidesInPython: "the decoder cannot be written as ONNX: .*data-dependent",
    IsRandom: "does not give what torch gives: mean_relative",
    FixesTheBatch: "the decoder cannot be written as ONNX: .*computes with the size of its batch",
    NeedsAnOperator: "the decoder is none that an actor may have: the graph uses the operator 'NonZero'",
    GivesFloats: r"decoder's image must be torch.uint8 \(N, 64, 64, 3\), it is torch.float32 \(2, 64, 64, 3\)",
    GivesNotANumber: "mean_relative inf",
    SaysTooMuch: "does not fit the actor card",
    HasNoName: "puppet_version: must be a text",
}


@pytest.mark.parametrize("network", BROKEN)
def test_a_broken_network_leaves_no_file_and_the_old_one_alone(tmp_path, network):
    out = tiny.tiny_actor(tmp_path / "ada.actor")
    before = out.read_bytes()
    with pytest.raises((ExportError, ActorFileError), match=BROKEN[network]):
        export_to(out, network())
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def test_too_few_frames_are_refused(tmp_path):
    with pytest.raises(ExportError, match="at least 16 frames, the data set gives 5"):
        export_to(tmp_path / "ada.actor", TinyMesh(), frames=5)


@pytest.mark.parametrize("out", ["ada.zip", "nowhere/ada.actor", "folder.actor"])
def test_an_impossible_output_is_refused_first(tmp_path, out):
    (tmp_path / "folder.actor").mkdir()
    with pytest.raises(ExportError, match=r"ends in \.actor|choose another folder"):
        export_actor(cast(Any, None), cast(Any, None), tmp_path / out, DECLARED, {})
