"""The baseline: its sizes are the seed's, its defects are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_dataset import planted_picture, write_dataset

import models
from models.data.dataset import open_dataset
from models.data.driver_clip import dataset_clip
from models.networks import losses
from models.networks.base import ActorModel, to_network
from models.networks.config import PRESETS, SeedInt8Config
from models.networks.seeds.int8 import SeedInt8
from models.training.schedule import generator_of

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture
def model() -> SeedInt8:
    torch.manual_seed(0)
    return SeedInt8(SeedInt8Config())


def crops(count: int) -> torch.Tensor:
    return torch.from_numpy(np.stack([planted_picture(0.02 * i, 3.0 * i, 64) for i in range(count)]))


def test_preset_is_the_seeds():
    c = PRESETS["seed-int8"]
    assert (c.learning_rate, c.eps, c.batch_size, c.epochs, c.model) == (1e-2, 1.0, 128, 100, SeedInt8Config(30))
    assert (c.weight_decay, c.warmup_steps, c.schedule, c.gradient_clip, c.ema_decay) == (
        0.0,
        0,
        "constant",
        None,
        None,
    )
    assert isinstance(models.build(c), SeedInt8)


def test_parameter_count_is_the_seeds(model: SeedInt8):
    assert sum(p.numel() for p in model.parameters()) == 4_528_127  # 4.53 M


def test_sizes_on_the_way(model: SeedInt8):
    mean, logvar = model.encoder(torch.zeros(2, 3, 64, 64))
    assert mean.shape == logvar.shape == (2, 30)
    sides, x = [], torch.zeros(2, 30)
    for layer in model.decoder.layers.children():  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
        x = layer(x)
        if isinstance(layer, torch.nn.ConvTranspose2d):
            sides.append(tuple(x.shape[1:]))
    assert sides == [(128, 5, 5), (64, 13, 13), (32, 30, 30), (3, 64, 64)]


def test_loss_is_bce_and_kl_one_to_one(model: SeedInt8):
    """With a zeroed network: sigmoid(0) everywhere, posterior = prior."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    terms = model.loss({"crop": crops(3)}, 0.0, generator_of(0, 0, 1))
    assert set(terms) == {"bce", "kl"}
    assert terms["bce"].item() == pytest.approx(64 * 64 * 3 * np.log(2), rel=1e-5)
    assert terms["kl"].item() == pytest.approx(0.0, abs=1e-6)


def test_a_picture_does_not_depend_on_its_batch(model: SeedInt8):
    """The seed left batch norm in training mode."""
    model.train()
    model.loss({"crop": crops(4)}, 0.0, generator_of(0, 0, 1))  # running statistics move away from their start
    model.eval()
    with torch.no_grad():
        alone, among = model.render({"crop": crops(4)[2:3]}), model.render({"crop": crops(4)})[2:3]
    assert (alone.int() - among.int()).abs().max() <= 1


def test_inference_parts_take_bytes_and_give_bytes(model: SeedInt8):
    """The seed fed 0..255 to a network trained on 0..1."""
    model.eval()
    picture = crops(2)
    with torch.no_grad():
        mean, logvar = model.inference_encoder()(picture)
        expected, _ = model.encoder(picture.permute(0, 3, 1, 2) / 255.0)
        image = model.inference_decoder()(mean)
    assert torch.allclose(mean, expected, atol=1e-5)
    assert logvar.shape == (2, 30)
    assert image.dtype == torch.uint8
    assert torch.equal(image, model.render({"crop": picture}))
    assert model.encoder_inputs == ("crop",)


def test_learns_to_tell_the_planted_pictures_apart(model: SeedInt8):
    """Better than the mean picture, which is what a dead latent comes down to."""
    two = [planted_picture(0.02, -20, 64), planted_picture(0.25, 10, 64)]
    batch = {"crop": torch.from_numpy(np.stack(two))}
    target = to_network(batch["crop"])
    mean_picture = losses.psnr(target.mean(0, keepdim=True).expand_as(target), target).mean().item()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def psnr() -> float:
        model.eval()
        with torch.no_grad():
            return model.evaluate(batch)["psnr"].mean().item()

    before = psnr()
    for step in range(40):
        model.train()
        loss = torch.stack(list(model.loss(batch, 0.0, generator_of(0, step, 1)).values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert before < mean_picture
    assert psnr() > mean_picture + 1.0


def test_batches_are_the_rows_asked_for(tmp_path, model: SeedInt8):
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        batches = model.make_batches(dataset, np.arange(5, 20), augment=True)
        batch = batches.batch(np.array([12, 7]), generator_of(0, 0, 0))
        assert np.array_equal(batch["crop"].numpy(), dataset.images(np.array([12, 7])))
        assert torch.equal(batches.originals(np.array([12, 7])), batch["crop"])


def test_drive_takes_an_unseen_faces_crops(tmp_path, model: SeedInt8):
    with open_dataset(write_dataset(tmp_path / "d.h5", n=12, size=128, crop="steady")) as dataset:
        batch = model.drive(dataset_clip(dataset, np.array([1, 4, 9])))
    assert batch["crop"].shape == (3, 64, 64, 3)
    assert batch["crop"].dtype == torch.uint8


def test_exported_facts_and_neutral(tmp_path, model: SeedInt8):
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        model.fit_statistics(dataset, np.arange(len(dataset)))
        facts = model.exported_facts()
        assert np.array_equal(facts["neutral"], dataset.neutral)
    assert facts["kind"] == "image"
    assert facts["crop_size"] == 64
    assert isinstance(model, ActorModel)
