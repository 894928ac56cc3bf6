"""Teeth behind the lips: upper ones that stay with the head, lower ones that go down with the jaw.

Two pictures behind the opening of the mouth: one of the upper teeth, one of the dark between the jaws and the lower
teeth. Only the dark is stretched when a mouth opens wide, also wider than the footage ever showed it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats
from puppet.face import measurements
from puppet.head.openings import MOUTH

CHIN = (200, 199, 175, 152)
LOWER_LIP = 14
DROP_RANGE = (1.0, 3.0)  # the tracker sees a chin go down less than the jaw does
WIDE_QUANTILE = 0.8  # of the footage by how open the mouth is: beyond, the lower lip goes where the jaw does

HALF_WIDTH = 0.8  # of the mouth's width between its inner corners
# Eye distances below the line where the lips meet: upper picture's edges; lower picture's edges and where its teeth
# begin. The last two go down with the jaw.
UPPER = (-0.15, 0.045)
LOWER = (0.045, -0.015, 0.22)
TEETH_BEGIN = 0.45  # of the way down the lower picture
WITH_JAW = (0, 0, 0, 0, 0, 0, 1, 1, 1, 1)  # by vertex: right and left of each edge, from above
DEEPER = 1.0  # outer-eye distances the lower picture lies behind the upper one

VERTICES = 2 * (len(UPPER) + len(LOWER))


def drop_of(canonical: Floats, neutral: Floats) -> float:
    """How far the jaw goes down for each unit that the tracked chin does; canonical footage f32 (N, 478, 3)."""
    opened = measurements.measure(canonical)["mouth_open"]
    wide = canonical[opened >= np.quantile(opened, WIDE_QUANTILE)] - neutral
    chin, lip = wide[:, list(CHIN), 1].mean(1), wide[:, LOWER_LIP, 1]
    return float(np.clip((chin * lip).sum() / max(float((chin**2).sum()), 1e-9), *DROP_RANGE))


def chin_matrix(points: int) -> Floats:
    """Matrix f32 (1, points) from landmarks of a face to the middle of the chin."""
    row = np.zeros((1, points), np.float32)
    row[0, list(CHIN)] = 1 / len(CHIN)
    return row


def interior(neutral: Floats) -> Floats:
    """Canonical neutral landmarks f32 (478, 3) -> the vertices of both pictures with the jaw shut, f32 (10, 3)."""
    rim = neutral[list(MOUTH.rim)]
    right, left = (neutral[corner] for corner in MOUTH.corners)
    middle, half = rim.mean(0), HALF_WIDTH * float(np.linalg.norm(left - right))
    edges = [(middle[0] + side * half, middle[1] + y, middle[2]) for y in (*UPPER, *LOWER) for side in (-1, 1)]
    return np.array(edges, np.float32)


def depths() -> list[float]:
    """Outer-eye distances that each vertex is drawn further away than it is."""
    return [0.0] * (2 * len(UPPER)) + [DEEPER] * (2 * len(LOWER))


def triangles(first: int) -> NDArray[np.int32]:
    """Triangles i32 (6, 3) of both pictures, whose vertices begin with `first`."""
    rows = (first, first + 2 * len(UPPER), first + 2 * len(UPPER) + 2)  # each strip's upper right vertex
    strips = [((a, a + 1, a + 3), (a, a + 3, a + 2)) for a in rows]
    return np.array(strips, np.int32).reshape(-1, 3)


def texture_rows(top: float, bottom: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Where the edges of the upper and of the lower picture lie between two rows of the texture."""
    return (top, bottom), (top, top + TEETH_BEGIN * (bottom - top), bottom)
