"""A person's face at rest, predicted from their expressions; learned from synthetic people whose rest is known.

Small models, learned by `models/assets/learn_rest.py`. One tells in which of the faces that were seen the mouth is near
rest, by what it looks like in each and by how it moves about: lips that are pressed, or that smile, for most of the
time are not at rest, although that is their most frequent state. The others tell what the likely rest of mouth and
brows differs by from the calmest that was seen, where it never was: somebody who smiles from the first frame to the
last has high, wide corners that never come down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache

import numpy as np

from puppet.core.types import LANDMARKS, Floats
from puppet.face.landmarks import BROWS, CHIN, LIPS
from puppet.face.measurements import MEASUREMENT_NAMES, measure
from puppet.parsing.arrays import read_arrays
from puppet.storage.folders import ASSETS

MODEL_FILE = ASSETS / "rest.npz"
MAX_BYTES = 4 << 20
REGIONS: dict[str, tuple[int, ...]] = {
    "mouth": (*LIPS, *CHIN),
    "brows": BROWS,
}  # the landmarks by which the size of a correction is told
ABOUT = {
    "mouth": ("mouth", "upper", "lower", "lip", "jaw", "cheek", "nose"),
    "brows": ("lids", "brow"),
}  # beginnings of the names of the measurements that each region is judged by
RANGE = 3.0  # standard deviations: a feature further out than that is no evidence for more
SPREAD = (0.05, 0.25, 0.75, 0.95)  # quantiles that tell how a measurement moves about its median
POSE_UNIT = 20.0  # degrees: ordinary poses are of order 1
TRUSTED = 0.012  # outer-eye distances: what it wants to correct in synthetic people who rest hardly exceeds that


@dataclass(frozen=True)
class Attention:
    """How near rest a mouth is in each face: attention pooling (Ilse et al. 2018, eq. 8), one hidden layer of SiLU."""

    mean: Floats  # (F,), of `mouth_features`
    scale: Floats  # (F,)
    hidden: Floats  # (F + 1, H): features -> hidden units; the last row is the bias
    out: Floats  # (H,): hidden units -> logarithm of how much a face counts

    def counts(self, features: Floats) -> Floats:
        """Features of each face f32 (N, F) -> how much it counts f32 (N,), >= 0, their sum is 1."""
        standard = np.clip((features - self.mean) / self.scale, -RANGE, RANGE)
        units = standard @ self.hidden[:-1] + self.hidden[-1]
        logits = (units / (1 + np.exp(-units))) @ self.out
        counts = np.exp(logits - logits.max())
        return np.asarray(counts / counts.sum(), np.float32)


@dataclass(frozen=True)
class Correction:
    """From a region's calmest shape to its rest: a reduced-rank regression."""

    mean: Floats  # (K,), of `region_features`
    scale: Floats  # (K,)
    weights: Floats  # (K + 1, Q): features -> amounts
    shapes: Floats  # (Q, 478, 3): what an amount of 1 moves, outer-eye distances

    def offset(self, features: Floats) -> Floats:
        """What is missing to rest, f32 (478, 3), from features f32 (K,)."""
        standard = np.clip((features - self.mean) / self.scale, -RANGE, RANGE)
        return np.tensordot(np.append(standard, np.float32(1)) @ self.weights, self.shapes, 1)


def mouth_features(shapes: Floats, angles: Floats) -> Floats:
    """Features of the mouth in each of the shapes f32 (N, 478, 3), angles (N, 3) in degrees: f32 (N, F).

    Its measurements; the same from their medians; and, alike in every row: their SPREAD about the median, their
    standard deviation, the mean head pose.
    """
    values = region_measurements("mouth", shapes)
    median, spread = np.median(values, 0), np.quantile(values, SPREAD, axis=0)
    about = np.concatenate([(spread - median).ravel(), values.std(0), angles.mean(0) / POSE_UNIT])
    rows = np.broadcast_to(about, (len(values), len(about)))
    return np.concatenate([values, values - median, rows], 1).astype(np.float32)


def rest_weights(shapes: Floats, angles: Floats) -> Floats:
    """How much each shape f32 (N, 478, 3), angles (N, 3) in degrees, tells of the mouth's rest: f32 (N,), sum 1."""
    return _model()[0].counts(mouth_features(shapes, angles))


def region_features(region: str, resting: Floats, shapes: Floats, angles: Floats) -> Floats:
    """Features of a region in shapes f32 (N, 478, 3), angles (N, 3) in degrees, against its calmest (478, 3): f32 (K,).

    Its measurements at their calmest; their 5 %, 50 % and 95 % quantiles from there; their spread; the mean head pose.
    """
    calm, values = region_measurements(region, resting), region_measurements(region, shapes)
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), axis=0) - calm
    pose = angles.mean(0) / POSE_UNIT
    return np.concatenate([calm, low, middle, high, values.std(0), pose]).astype(np.float32)


def region_measurements(region: str, shapes: Floats) -> Floats:
    """The measurements that a region is judged by, f32 (..., M), of shapes f32 (..., 478, 3)."""
    values = measure(shapes)
    return np.stack([values[name] for name in region_measurement_names(region)], -1)


def region_measurement_names(region: str) -> list[str]:
    """Names of these measurements, in their order."""
    return [name for name in MEASUREMENT_NAMES if name.startswith(ABOUT[region])]


def rest_correction(resting: Floats, shapes: Floats, angles: Floats) -> tuple[Floats, float]:
    """From the calmest shape f32 (478, 3) to the likely rest: offset f32 (478, 3), and its size before shrinkage.

    shapes f32 (N, 478, 3), angles (N, 3) in degrees: all that was seen. The size is the RMS of the larger of the
    regions' corrections in the picture plane, in outer-eye distances. Small corrections are dropped, larger ones are
    shrunk by what they owe to chance (positive-part James-Stein), so that people who do rest keep the rest that they
    showed.
    """
    offset, wanted, corrections = np.zeros((LANDMARKS, 3), np.float32), 0.0, _model()[1]
    for name, points in REGIONS.items():
        wish = corrections[name].offset(region_features(name, resting, shapes, angles))
        size = float(np.sqrt((wish[list(points), :2] ** 2).sum(1).mean()))
        offset += np.float32(max(0.0, 1 - (TRUSTED / max(size, TRUSTED)) ** 2)) * wish
        wanted = max(wanted, size)
    return offset, wanted


def arrays_of(attention: Attention, corrections: Mapping[str, Correction]) -> dict[str, Floats]:
    """The model as the arrays of MODEL_FILE."""
    parts = {"attention": attention, **corrections}
    return {
        f"{name}_{key}": value.astype(np.float32) for name, part in parts.items() for key, value in asdict(part).items()
    }


@cache
def _model() -> tuple[Attention, dict[str, Correction]]:
    file = read_arrays(MODEL_FILE, MAX_BYTES)

    def arrays(name: str, kind: type) -> dict[str, Floats]:
        return {field.name: file[f"{name}_{field.name}"] for field in fields(kind)}

    return Attention(**arrays("attention", Attention)), {
        region: Correction(**arrays(region, Correction)) for region in REGIONS
    }
