"""Expressions in numbers: named measurements that are linear in the canonical landmarks (mouth_open, lids_right ...).

Everything is canonical (`align.canonicalise`): pose removed, unit = outer-eye distance, x right, y down, z away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from puppet.core.types import LANDMARKS, Floats

# Each measurement is linear: sum of sign * coordinate over (sign, landmark, axis). Right and left are the person's own.
X, Y, Z = 0, 1, 2
_Term = tuple[float, int, int]


def _mean_gap(pairs: list[tuple[int, int]], axis: int) -> list[_Term]:
    """Mean over pairs of (second - first) along an axis."""
    weight = 1 / len(pairs)
    return [term for a, b in pairs for term in ((-weight, a, axis), (weight, b, axis))]


def _from_middle(point: int, corners: tuple[int, int], axis: int) -> list[_Term]:
    return [(1.0, point, axis), (-0.5, corners[0], axis), (-0.5, corners[1], axis)]


MEASUREMENTS: dict[str, list[_Term]] = {
    "lids_right": _mean_gap([(159, 145), (158, 153), (160, 144)], Y),
    "lids_left": _mean_gap([(386, 374), (385, 380), (387, 373)], Y),
    "gaze_x_right": _from_middle(468, (33, 133), X),
    "gaze_x_left": _from_middle(473, (362, 263), X),
    "gaze_y_right": _from_middle(468, (33, 133), Y),
    "gaze_y_left": _from_middle(473, (362, 263), Y),
    "mouth_open": _mean_gap([(13, 14), (81, 178), (311, 402)], Y),
    "mouth_width": _mean_gap([(61, 291)], X),
    "mouth_corner_right": _mean_gap([(2, 61)], Y),
    "mouth_corner_left": _mean_gap([(2, 291)], Y),
    "mouth_side": _from_middle(13, (33, 263), X) + _from_middle(14, (33, 263), X),
    "upper_lip": _mean_gap([(2, 13)], Y),
    "upper_lip_thickness": _mean_gap([(0, 13), (37, 82), (267, 312)], Y),
    "lower_lip_thickness": _mean_gap([(14, 17), (87, 84), (317, 314)], Y),
    "lip_protrusion": _mean_gap([(2, 0), (2, 17)], Z),
    "jaw_open": _mean_gap([(2, 152)], Y),
    "jaw_side": _from_middle(152, (33, 263), X),
    "brow_inner_right": _mean_gap([(107, 133), (55, 133)], Y),
    "brow_inner_left": _mean_gap([(336, 362), (285, 362)], Y),
    "brow_outer_right": _mean_gap([(70, 33), (46, 33)], Y),
    "brow_outer_left": _mean_gap([(300, 263), (276, 263)], Y),
    "brow_distance": _mean_gap([(55, 285)], X),
    "cheek_right": _mean_gap([(145, 205)], Y),
    "cheek_left": _mean_gap([(374, 425)], Y),
    "nose_width": _mean_gap([(129, 358)], X),
}
MEASUREMENT_NAMES = tuple(MEASUREMENTS)


def measurement_matrix() -> Floats:
    """f32 (M, 478 * 3): measurements = matrix @ canonical landmarks, flattened; in outer-eye distances."""
    matrix = np.zeros((len(MEASUREMENTS), LANDMARKS, 3), np.float32)
    for row, terms in zip(matrix, MEASUREMENTS.values(), strict=True):
        for weight, point, axis in terms:
            row[point, axis] += weight
    return matrix.reshape(len(MEASUREMENTS), -1)


_MATRIX = measurement_matrix()


def measurement_rows(names: Sequence[str]) -> Floats:
    """The rows of `measurement_matrix` for some measurements, f32 (len(names), 478 * 3)."""
    return _MATRIX[[MEASUREMENT_NAMES.index(name) for name in names]]


def measure(canonical: Floats) -> dict[str, Floats]:
    """Named measurements in outer-eye distances of canonical landmarks f32 (..., 478, 3), each f32 (...)."""
    values = canonical.reshape(*canonical.shape[:-2], -1) @ _MATRIX.T
    return {name: values[..., i] for i, name in enumerate(MEASUREMENT_NAMES)}


# Regions in which an actor's weak response is compensated, and how their measurements' names begin.
RESPONSE_REGIONS = {"brows": "brow"}


def nearness(canonical: Floats, centres: tuple[int, ...], reach: float) -> Floats:
    """How near each landmark lies to a set of landmarks: 1 on them, Gaussian fall-off with `reach`; f32 (478,)."""
    flat = canonical[:, :2]
    squared = ((flat[:, None] - flat[None, list(centres)]) ** 2).sum(-1).min(1)
    return np.exp(-squared / (2 * reach**2)).astype(np.float32)
