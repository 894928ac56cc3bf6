"""Pieces of networks that more than one architecture may use."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class UpBlock(nn.Module):
    """(B, in, H, W) -> (B, out, 2H, 2W): a 3x3 convolution and twice the side, nearest."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(channels_in, channels_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        return F.leaky_relu(self.convolve(x), 0.2)


def he_initialise(module: nn.Module) -> None:
    """He et al. 2015 for leaky units: without normalisation layers, torch's default lets the signal die with depth."""
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
