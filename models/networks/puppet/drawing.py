"""Drawing in torch, so that training can follow the gradient: a texture seen through a field, over a background."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LARGEST_WINDOW = 192  # px: a window of a picture has half its side, and no more than this

Pixels = tuple[slice, slice]  # rows and columns of a picture


def drawn(painted: Tensor, detail: Tensor, field: Tensor) -> Tensor:
    """Painted textures (B, 4, P, P) with the detail (1, 4, T, T) that all share -> pictures (B, 4, h, w).

    field (B, h, w, 2): each pixel's place in the texture as `grid_sample` takes it, without align_corners.
    """
    seen = F.grid_sample(painted, field, padding_mode="border", align_corners=False)
    return seen + sampled_by_all(detail, field)


def sampled_by_all(picture: Tensor, field: Tensor) -> Tensor:
    """One picture (1, C, T, T) sampled by every field (B, h, w, 2) -> (B, C, h, w).

    As one tall field: a copy of the picture for each would need a gradient of its own.
    """
    tall = F.grid_sample(picture, field.flatten(0, 1)[None], padding_mode="border", align_corners=False)
    return tall[0].unflatten(1, (len(field), -1)).transpose(0, 1)


def composed(person: Tensor, behind: Tensor) -> Tensor:
    """A premultiplied person (B, 4, H, W) over colours (B or 1, 3, H or 1, W or 1) -> (B, 3, H, W)."""
    return person[:, :-1] + (1 - person[:, -1:]) * behind


def every_second_pixel(generator: torch.Generator) -> Pixels:
    """Every second row and column, the first of them by chance."""
    y, x = (int(v) for v in torch.randint(0, 2, (2,), generator=generator))
    return slice(y, None, 2), slice(x, None, 2)


def random_window(side: int, generator: torch.Generator) -> Pixels:
    """A window somewhere in a picture of that side."""
    size = min(side // 16 * 8, LARGEST_WINDOW)
    y, x = (int(v) for v in torch.randint(0, side - size + 1, (2,), generator=generator))
    return slice(y, y + size), slice(x, x + size)
