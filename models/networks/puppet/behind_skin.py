"""Where gaze, jaw and lids put what lies behind the skin, and the edges of the openings; in torch."""

from __future__ import annotations

import torch
from torch import Tensor

from puppet.head import eyes, mouth, openings


def look(values: Tensor, at_rest: Tensor) -> Tensor:
    """Measurements (B, M) and those of the neutral face (M,) -> where both eyes look (B, 2), from rest.

    The more open eye counts more: one iris alone is the tracker's noisiest point, and behind a lid it is a guess.
    """
    opened = (values[:, eyes.LIDS] / at_rest[eyes.LIDS].clamp_min(1e-3)).clamp(eyes.LEAST_TRUST, 1.0)
    trust = opened / opened.sum(1, keepdim=True)
    moved = values - at_rest
    return torch.stack([(moved[:, pair] * trust).sum(1) for pair in eyes.GAZE], 1)


def teeth(rest: Tensor, chin: Tensor, drop: Tensor) -> Tensor:
    """Vertices (10, 3) at rest and how the chin moved from its neutral place (B, 3) -> vertices (B, 10, 3)."""
    jaw = torch.stack([chin[:, 0], chin[:, 1] * drop, torch.zeros_like(chin[:, 2])], 1)
    return rest + rest.new_tensor(mouth.WITH_JAW)[:, None] * jaw[:, None]


def edges(face: Tensor, bands: Tensor) -> Tensor:
    """Canonical landmarks (B, N, 3) and `band_matrix` -> edges of the openings (B, OPENING_VERTICES, 3)."""
    way = bands @ face
    length = way.square().sum(-1, keepdim=True).clamp_min(openings.BAND_LIMIT**2).sqrt()
    return face[:, openings.RIMS] + way * (openings.BAND_LIMIT / length)
