"""Eyeballs of their own behind the lids: where they look, and the part of the mesh that shows them.

A flat mesh over the eye would have to repaint the iris wherever it goes; so it smears between the places that the
footage shows. Here the picture of each eyeball slides behind an opening in the skin, as it does in a face.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from puppet import measurements
from puppet.frames import Floats

LOOK = 2  # right and down, outer-eye distances of the iris from its place at rest
RIMS = (measurements.EYE_RIGHT, measurements.EYE_LEFT)  # each once around, from the outer corner along the lower lid
_SIDE = len(RIMS[0])
_OUTER, _INNER = 0, _SIDE // 2  # corners within a rim

BAND = 0.1  # of the way to the other lid: what lies nearer to the rim moves with the lid (lashes, the lid's edge)
CORNER_BAND = 0.08  # of the eye's width, at the corners
EYEBALL_HALF = (0.82, 0.5)  # of the eye's width: how far the picture of an eyeball reaches from the iris
EYEBALL_DEPTH = 1e4  # px behind everything else, so that lids and skin are drawn over it
LEAST_TRUST = 0.05  # how much a shut eye says about the gaze, against 1 of an open one

OPENING_VERTICES = len(RIMS) * _SIDE
EYEBALL_VERTICES = len(RIMS) * 4
EYE_VERTICES = OPENING_VERTICES + EYEBALL_VERTICES
EYE_TRIANGLES = 2 * OPENING_VERTICES + 2 * len(RIMS)

_index = measurements.MEASUREMENT_NAMES.index
LIDS = [_index("lids_right"), _index("lids_left")]
GAZE = [[_index(f"gaze_{axis}_right"), _index(f"gaze_{axis}_left")] for axis in "xy"]


def look(values: Tensor, at_rest: Tensor) -> Tensor:
    """Measurements (B, M) and those of the neutral face (M,) -> where both eyes look (B, 2), from rest.

    The more open eye counts more: one iris alone is the tracker's noisiest point, and behind a lid it is a guess.
    """
    opened = (values[:, LIDS] / at_rest[LIDS].clamp_min(1e-3)).clamp(LEAST_TRUST, 1)
    trust = opened / opened.sum(1, keepdim=True)
    moved = values - at_rest
    return torch.stack([(moved[:, pair] * trust).sum(1) for pair in GAZE], 1)


def opening_matrix(points: int) -> Floats:
    """f32 (32, points): landmarks of a face -> the edge of the openings, a little inside the rims."""
    rows = np.zeros((OPENING_VERTICES, points), np.float32)
    for eye, rim in enumerate(RIMS):
        for i, point in enumerate(rim):
            row = rows[eye * _SIDE + i]
            corner = i in (_OUTER, _INNER)
            opposite = rim[_INNER - i] if corner else rim[-i]  # across the eye, or on the other lid
            row[point] += 1 - (CORNER_BAND if corner else BAND)
            row[opposite] += CORNER_BAND if corner else BAND
    return rows


def centre_matrix(points: int) -> Floats:
    """f32 (2, points): landmarks of a face -> the middle between each eye's corners."""
    rows = np.zeros((len(RIMS), points), np.float32)
    for row, rim in zip(rows, RIMS, strict=True):
        row[[rim[_OUTER], rim[_INNER]]] = 0.5
    return rows


def eyeballs(neutral: Floats) -> Floats:
    """Canonical neutral landmarks f32 (478, 3) -> corners of both eyeballs' pictures f32 (8, 3) from `centre_matrix`'s
    points, when the eyes look where they look at rest."""
    corners = []
    for rim, iris in zip(RIMS, (measurements.IRIS_RIGHT, measurements.IRIS_LEFT), strict=True):
        outer, inner = neutral[rim[_OUTER]], neutral[rim[_INNER]]
        width = np.linalg.norm(outer - inner)
        rest = np.append((neutral[iris[0]] - (outer + inner) / 2)[:2], 0)
        x, y = np.array(EYEBALL_HALF) * width
        corners.append(rest + [(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)])
    return np.concatenate(corners).astype(np.float32)


def eye_triangles(first: int) -> NDArray[np.int32]:
    """Triangles i32 (T, 3) between the rims and the openings, and of the eyeballs' pictures, whose vertices follow the
    others from `first` on: openings, then eyeballs."""
    triangles = []
    for eye, rim in enumerate(RIMS):
        opening = first + eye * _SIDE + np.arange(_SIDE)
        for i in range(_SIDE):
            j = (i + 1) % _SIDE
            triangles += [(rim[i], rim[j], opening[j]), (rim[i], opening[j], opening[i])]
    for eye in range(len(RIMS)):
        a = first + OPENING_VERTICES + 4 * eye
        triangles += [(a, a + 1, a + 2), (a, a + 2, a + 3)]
    return np.array(triangles, np.int32)


def opened(triangles: NDArray[np.int32], points: Floats) -> NDArray[np.int32]:
    """The same triangles, those that would cover an eye's opening shrunk to a point, which is never drawn.

    points: f32 (V, 2), of the layout that was triangulated.
    """
    result = triangles.copy()
    middles = points[triangles].mean(1)
    for rim in RIMS:
        outline = np.ascontiguousarray(points[list(rim)], np.float32)
        inside = [cv2.pointPolygonTest(outline, (float(x), float(y)), measureDist=False) > 0 for x, y in middles]
        result[inside] = result[inside][:, :1]
    return result
