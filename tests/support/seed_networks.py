"""The seeds' networks by preset, as they begin or with all weights 0, and pictures for them."""

from __future__ import annotations

import numpy as np
import torch
from tiny_dataset import planted_picture
from torch import nn

import models
from models.networks.config import PRESETS
from models.networks.seeds.pixel_vae import PixelVAE

SIDES = {"seed-kosta": 128, "seed-keras-vae": 128, "seed-keras-ae": 128, "seed-mlp": 48}


def built(preset: str) -> PixelVAE:
    torch.manual_seed(0)
    model = models.build(PRESETS[preset])
    assert isinstance(model, PixelVAE)
    return model


def layer_table(network: nn.Module, x: torch.Tensor) -> list[tuple]:
    """Kind and output shape of each layer of `network.layers`, and the multiply-adds that it takes for one input."""
    table = []
    for layer in network.get_submodule("layers").children():
        cells = x[0, 0].numel()
        x = layer(x)
        work = 0
        if isinstance(layer, nn.Linear):
            work = layer.weight.numel()
        elif isinstance(layer, nn.Conv2d):
            work = layer.weight.numel() * x[0, 0].numel()
        elif isinstance(layer, nn.ConvTranspose2d):
            work = layer.weight.numel() * cells
        table.append((type(layer).__name__, tuple(x.shape[1:]), work))
    return table


def zeroed(preset: str) -> PixelVAE:
    """sigmoid(0) everywhere, posterior = prior."""
    model = built(preset)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return model


def planted(side: int, count: int = 3) -> torch.Tensor:
    return torch.from_numpy(np.stack([planted_picture(0.02 * i, 3.0 * i, side) for i in range(count)]))
