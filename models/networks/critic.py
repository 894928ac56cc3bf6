"""A patch critic (PatchGAN), trained to tell footage from painted pictures; it makes the painter's pictures sharp.

No weights are downloaded: it is trained beside the painter, on this actor's footage alone.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (3, 24, 48, 96)
PACE = 15.0  # how many times as fast as the painter it learns
DETAIL, DETAIL_GAIN = 5, 8.0  # px: what is larger than that is taken off; what is left is small, and is made larger


class EqualConv(nn.Module):
    """Convolution whose weights are scaled at run time (Karras et al. 2018, sec. 4.1).

    Every weight then learns at the same relative speed, PACE times the learning rate, so that one optimiser serves
    painter and critic.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, kernel, kernel) / PACE)
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.scale = PACE * (2 / (channels_in * kernel * kernel)) ** 0.5
        self.stride, self.padding = stride, (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H / stride, W / stride)."""
        return F.conv2d(x, self.weight * self.scale, self.bias, self.stride, self.padding)


class PatchCritic(nn.Module):
    """PatchGAN of Isola et al. 2017, without normalisation layers.

    It sees detail only: colours and shapes are left to the other losses. With them in its input it took thousands of
    steps to notice blur.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EqualConv(a, b, 4, 2) for a, b in pairwise(CHANNELS))
        self.verdict = EqualConv(CHANNELS[-1], 1, 3, 1)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Pictures (B, 3, H, W) in [0, 1] -> maps of every layer, the verdict (B, 1, H / 8, W / 8) last."""
        maps, x = [], DETAIL_GAIN * (pictures - _box_blur(pictures))
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            maps.append(x)
        return [*maps, self.verdict(x)]


def _box_blur(pictures: Tensor) -> Tensor:
    """Mean over DETAIL x DETAIL px, 0 beyond the border; one axis after the other, which is 2.5 times as fast."""
    across = F.avg_pool2d(pictures, (1, DETAIL), stride=1, padding=(0, DETAIL // 2))
    return F.avg_pool2d(across, (DETAIL, 1), stride=1, padding=(DETAIL // 2, 0))


def frozen(critic: PatchCritic, pictures: Tensor) -> list[Tensor]:
    """The critic's maps of pictures (B, 3, H, W), with gradients for the pictures only: the painter's loss uses them.

    So the painter's loss does not train the critic.
    """
    weights = {name: weight.detach() for name, weight in critic.named_parameters()}
    return torch.func.functional_call(critic, weights, (pictures,))


def hinge(real: Tensor, made: Tensor) -> Tensor:
    """The critic's loss: verdicts (B, 1, h, w) of real and of made pictures -> scalar. Lim & Ye 2017, eq. 2."""
    return (F.relu(1 - real) + F.relu(1 + made)).mean()


def feature_distance(real: list[Tensor], made: list[Tensor]) -> Tensor:
    """Mean absolute difference of all maps but the verdict -> scalar; Wang et al. 2018 (pix2pixHD), eq. 4."""
    pairs = zip(real[:-1], made[:-1], strict=True)
    return torch.stack([(a.detach() - b).abs().mean() for a, b in pairs]).mean()
