"""The dense network of Morphing Faces: layers, grey pictures, a KL that grows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from seed_networks import built, layer_table, planted, zeroed
from tiny_dataset import write_dataset

from models.data.dataset import open_dataset
from models.networks.seeds.mlp import GREY
from models.training.schedule import generator_of

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_the_dense_networks_layers():
    model = built("seed-mlp")
    encoder = layer_table(model.encoder, torch.zeros(1, 1, 48, 48))
    decoder = layer_table(model.decoder, torch.zeros(1, 400))
    names = ["Linear", "ReLU", "Linear", "ReLU"]
    assert [(name, shape) for name, shape, _ in encoder] == [
        ("Flatten", (2304,)), *zip(names, [(2000,)] * 4, strict=True)
    ]  # fmt: skip
    assert [(name, shape) for name, shape, _ in decoder] == [
        *zip(names, [(2000,)] * 4, strict=True), ("Linear", (2304,)), ("Unflatten", (1, 48, 48))
    ]  # fmt: skip
    mean, logvar = model.encoder(torch.zeros(2, 3, 48, 48))
    assert mean.shape == logvar.shape == (2, 400)


def test_the_dense_networks_loss_is_that_of_the_grey_picture():
    model, batch = zeroed("seed-mlp"), {"crop": planted(48)}
    terms = model.loss(batch, 0.0, generator_of(0, 0, 1))
    assert terms["bce"].item() == pytest.approx(48 * 48 * np.log(2), rel=1e-5)
    red = model.target({"crop": torch.tensor([[[[255, 0, 0]]]], dtype=torch.uint8)})
    assert red.shape == (1, 1, 1, 1)
    assert red.item() == pytest.approx(GREY[0])


def test_the_dense_networks_kl_grows_to_its_full_weight():
    model, batch = zeroed("seed-mlp"), {"crop": planted(48)}
    with torch.no_grad():
        model.encoder.get_parameter("mean.bias").fill_(0.5)
    kl = [model.loss(batch, progress, generator_of(0, 0, 1))["kl"].item() for progress in (0.0, 0.45, 0.9, 1.0)]
    assert kl == pytest.approx([0, 25, 50, 50])


def test_the_dense_decoder_begins_with_the_average_face(tmp_path):
    model = built("seed-mlp").eval()
    with open_dataset(write_dataset(tmp_path / "d.h5", n=20)) as dataset:
        rows = np.arange(20)
        model.fit_statistics(dataset, rows)
        batch = model.make_batches(dataset, rows, augment=False).batch(rows, generator_of(0, 0, 0))
    with torch.no_grad():
        drawn = model.decoder(torch.zeros(1, 400)).sigmoid()
        average = model.target(batch).mean(0, keepdim=True).clamp(0.01, 0.99)
    assert average.std() > 0.03
    assert torch.allclose(drawn, average, atol=1e-5)


def test_grey_pictures_have_three_equal_channels():
    picture = built("seed-mlp").eval().render({"crop": planted(48)})
    assert picture.shape == (3, 48, 48, 3)
    assert picture.dtype == torch.uint8
    assert torch.equal(picture[..., 0], picture[..., 1])
    assert torch.equal(picture[..., 0], picture[..., 2])
