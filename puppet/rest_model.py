"""Rest that was never seen: what somebody's face at rest most likely differs by from the calmest that they showed.

A small linear model, learned by `models/rest_model.py` from synthetic people with known expressions: how a mouth (or a
pair of brows) looks, and how it moves about, tells how far from rest it stayed. Somebody who smiles from the first
frame to the last has high, wide corners that never come down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from puppet.frames import LANDMARKS, Floats
from puppet.measurements import BROWS, LIPS, MEASUREMENT_NAMES, measure

MODEL_FILE = Path(__file__).parent / "assets" / "rest.npz"
CHIN = (152, 148, 377, 176, 400, 149, 378, 150, 379, 136, 365, 172, 397, 175, 199, 200, 18)
REGIONS = {"mouth": (*LIPS, *CHIN), "brows": BROWS}  # the landmarks by which the size of a correction is told
ABOUT = {
    "mouth": ("mouth", "upper", "lower", "lip", "jaw", "cheek", "nose"),
    "brows": ("lids", "brow"),
}  # beginnings of the names of the measurements that each region is judged by
RANGE = 3.0  # standard deviations: a description further out than that is no evidence for more
TRUSTED = 0.012  # outer-eye distances: what the model wants to correct in people who do rest hardly exceeds that


@dataclass(frozen=True)
class _Region:
    mean: Floats  # (K,), of descriptions
    scale: Floats  # (K,)
    weights: Floats  # (K + 1, Q): description -> amounts
    shapes: Floats  # (Q, 478, 3): what an amount of 1 moves, outer-eye distances


def describe(region: str, resting: Floats, shapes: Floats, angles: Floats) -> Floats:
    """What a region does in shapes f32 (N, 478, 3), angles (N, 3) in degrees, seen from its calmest (478, 3): f32 (K,).

    Its measurements at their calmest; their 5 %, 50 % and 95 % quantiles from there; their spread; the mean head pose.
    """
    names = measured(region)
    at_rest, all_values = measure(resting), measure(shapes)
    calm = np.array([at_rest[name] for name in names])
    values = np.stack([all_values[name] for name in names], -1)
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), axis=0) - calm
    pose = angles.mean(0) / 20  # so that ordinary poses are of order 1
    return np.concatenate([calm, low, middle, high, values.std(0), pose]).astype(np.float32)


def measured(region: str) -> list[str]:
    """Names of the measurements that describe a region."""
    return [name for name in MEASUREMENT_NAMES if name.startswith(ABOUT[region])]


def unseen_rest(resting: Floats, shapes: Floats, angles: Floats) -> tuple[Floats, float]:
    """From the calmest that was seen, f32 (478, 3), to the likely rest: offset f32 (478, 3), and how much was wanted.

    shapes f32 (N, 478, 3), angles (N, 3) in degrees: all that was seen. What was wanted is the RMS of the larger of the
    regions' corrections in the picture plane, in outer-eye distances. Small ones are dropped, larger ones are shrunk by
    what they owe to chance (positive-part James-Stein), so that people who do rest keep the rest that they showed.
    """
    offset, wanted = np.zeros((LANDMARKS, 3), np.float32), 0.0
    for name, points in REGIONS.items():
        wish = _correction(_model()[name], describe(name, resting, shapes, angles))
        size = float(np.sqrt((wish[list(points), :2] ** 2).sum(1).mean()))
        offset += np.float32(max(0.0, 1 - (TRUSTED / max(size, TRUSTED)) ** 2)) * wish
        wanted = max(wanted, size)
    return offset, wanted


def _correction(region: _Region, description: Floats) -> Floats:
    standard = np.clip((description - region.mean) / region.scale, -RANGE, RANGE)
    return np.tensordot(np.append(standard, np.float32(1)) @ region.weights, region.shapes, 1)


@cache
def _model() -> dict[str, _Region]:
    with np.load(MODEL_FILE, allow_pickle=False) as file:
        return {
            name: _Region(*(file[f"{name}_{part}"] for part in ("mean", "scale", "weights", "shapes")))
            for name in REGIONS
        }
