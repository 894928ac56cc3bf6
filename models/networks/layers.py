"""Layers and initialisation that more than one architecture may use."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PlacedConv(nn.Module):
    """Convolution with a bias of its own for every cell, then leaky: (B, in, H, W) -> (B, out, H, W).

    Untied biases (Lombardi et al. 2018, sec. 3.2): in an aligned texture every place has its own meaning, and a
    convolution alone would paint all of them alike.
    """

    def __init__(self, channels_in: int, channels_out: int, side: int, kernel: int = 3) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)
        self.bias = nn.Parameter(torch.zeros(channels_out, side, side))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W); H and W are `side`."""
        return F.leaky_relu(self.convolve(x) + self.bias, 0.2)


def he_initialise(module: nn.Module) -> None:
    """Initialise all layers of a module for leaky units (slope 0.2); biases 0. He et al. 2015.

    Without normalisation layers, torch's default lets the signal vanish with depth.
    """
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
