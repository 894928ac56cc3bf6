"""Kosta's and the Keras tutorial's networks: layers and losses are theirs."""

from __future__ import annotations

import pytest
import torch
from seed_networks import built, layer_table, planted, zeroed
from torch import nn

from models.networks import losses
from models.networks.base import to_network
from models.training.schedule import generator_of

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_kostas_layers():
    model = built("seed-kosta").eval()
    encoder = layer_table(model.encoder, torch.zeros(1, 3, 128, 128))
    after = ["BatchNorm2d", "LeakyReLU", "Dropout"]
    assert [name for name, _, _ in encoder] == ["Conv2d", *after] * 4 + ["Flatten"]
    assert [shape for _, shape, _ in encoder[::4]] == [(32, 64, 64), (64, 32, 32), (64, 16, 16), (64, 8, 8), (4096,)]
    decoder = layer_table(model.decoder, torch.zeros(1, 200))
    up = ["ConvTranspose2d", *after]
    assert [name for name, _, _ in decoder] == ["Linear", "Unflatten", *up * 3, "ConvTranspose2d"]
    shapes = [(64, 8, 8), (64, 16, 16), (64, 32, 32), (32, 64, 64), (3, 128, 128)]
    assert [shape for name, shape, _ in decoder if name in ("Unflatten", "ConvTranspose2d")] == shapes
    assert sum(work for _, _, work in encoder) + 2 * 4096 * 200 == pytest.approx(36e6, rel=0.02)  # with the two heads
    assert sum(work for _, _, work in decoder) == pytest.approx(35e6, rel=0.02)
    assert {layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)} == {0.25}
    assert {layer.kernel_size for layer in model.modules() if isinstance(layer, nn.Conv2d)} == {(3, 3)}


@pytest.mark.parametrize("preset", ["seed-kosta", "seed-keras-vae", "seed-keras-ae"])
def test_kostas_loss(preset: str):
    batch = {"crop": planted(128)}
    terms = zeroed(preset).loss(batch, 0.0, generator_of(0, 0, 1))
    error = (to_network(batch["crop"]) - 0.5).square().mean().item()
    assert terms["squared"].item() == pytest.approx(10_000 * error, rel=1e-5)
    assert set(terms) == ({"squared"} if preset == "seed-keras-ae" else {"squared", "kl"})


def test_kl_is_summed_and_weighted_one():
    model = zeroed("seed-kosta")
    with torch.no_grad():
        model.encoder.get_parameter("mean.bias").fill_(0.5)
    terms = model.loss({"crop": planted(128)}, 0.0, generator_of(0, 0, 1))
    assert terms["kl"].item() == pytest.approx(200 * 0.5 * 0.5**2)


def test_an_autoencoder_draws_no_noise():
    """Its loss is that of its means, whatever the random numbers; a VAE's is not."""
    for preset, same in (("seed-keras-ae", True), ("seed-keras-vae", False)):
        model, batch = built(preset).eval(), {"crop": planted(128)}
        with torch.no_grad():
            first, second = (model.loss(batch, 0.0, generator_of(0, step, 1))["squared"].item() for step in (0, 1))
            mean, logvar = model.encode(batch)
            drawn = 10_000 * losses.squared(model.decoder(mean).sigmoid(), to_network(batch["crop"])).mean().item()
        assert (first == second) == same
        assert (first == pytest.approx(drawn)) == same
        assert bool((logvar == 0).all()) == same
