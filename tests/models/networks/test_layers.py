"""Layers that several architectures use."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.networks.layers import PlacedConv, he_initialise

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_a_placed_convolution_means_something_else_in_every_cell() -> None:
    block = PlacedConv(2, 5, 4)
    with torch.no_grad():
        block.convolve.weight.zero_()
        block.bias[1, 2, 3], block.bias[4, 0, 0] = 7.0, -1.0
    expected = np.zeros((1, 5, 4, 4))
    expected[0, 1, 2, 3], expected[0, 4, 0, 0] = 7.0, -0.2
    np.testing.assert_allclose(block(torch.ones(1, 2, 4, 4)).detach(), expected, atol=1e-6)


def test_initialisation_keeps_the_signals_size_through_ten_layers() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(*[m for _ in range(10) for m in (torch.nn.Linear(256, 256), torch.nn.LeakyReLU(0.2))])
    he_initialise(network)
    x = torch.randn(64, 256)
    assert 0.3 < float(network(x).detach().square().mean()) / float(x.square().mean()) < 3
    assert all(not layer.bias.any() for layer in network if isinstance(layer, torch.nn.Linear))
