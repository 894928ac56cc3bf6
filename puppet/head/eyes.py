"""Eyeballs behind the lids: the part of the mesh that shows them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats
from puppet.face import measurements
from puppet.face.landmarks import IRIS_LEFT, IRIS_RIGHT
from puppet.head.openings import EYES

LOOK = 2  # right and down, outer-eye distances of the iris from its place at rest
EYEBALL_HALF = (0.82, 0.5)  # of the eye's width: how far the picture of an eyeball reaches from the iris
LEAST_TRUST = 0.05  # how much a shut eye says about the gaze, against 1 of an open one

EYEBALL_VERTICES = 4 * len(EYES)

_index = measurements.MEASUREMENT_NAMES.index
LIDS = [_index("lids_right"), _index("lids_left")]
GAZE = [[_index(f"gaze_{axis}_right"), _index(f"gaze_{axis}_left")] for axis in "xy"]


def centre_matrix(points: int) -> Floats:
    """Matrix f32 (2, points) from landmarks of a face to the middle between each eye's corners."""
    rows = np.zeros((len(EYES), points), np.float32)
    for row, eye in zip(rows, EYES, strict=True):
        row[list(eye.corners)] = 0.5
    return rows


def eyeballs(neutral: Floats) -> Floats:
    """Canonical neutral landmarks f32 (478, 3) -> corners f32 (8, 3) of both eyeballs' pictures at rest.

    They are relative to the points of `centre_matrix`.
    """
    corners = []
    for eye, iris in zip(EYES, (IRIS_RIGHT, IRIS_LEFT), strict=True):
        outer, inner = (neutral[corner] for corner in eye.corners)
        width = np.linalg.norm(outer - inner)
        rest = np.append((neutral[iris[0]] - (outer + inner) / 2)[:2], 0)
        x, y = np.array(EYEBALL_HALF) * width
        corners.append(rest + [(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)])
    return np.concatenate(corners).astype(np.float32)


def triangles(first: int) -> NDArray[np.int32]:
    """Triangles i32 (4, 3) of the eyeballs' pictures, whose vertices begin with `first`."""
    corners = range(first, first + EYEBALL_VERTICES, 4)
    return np.array([t for a in corners for t in ((a, a + 1, a + 2), (a, a + 2, a + 3))], np.int32)
