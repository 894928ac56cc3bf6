"""Openings in the skin, and what lies behind them: eyeballs behind lids, teeth behind lips.

A flat mesh over an eye or a mouth would have to repaint what lies behind it whenever lids or lips move. Here the skin
has holes, and the pictures behind them move as eyeballs and jaws do.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, INNER_LIPS

BAND = 0.1  # of the way to the other lid or lip: what lies nearer to the rim moves with it (lashes, the edge of a lip)
CORNER_BAND = 0.08  # of the width, at the corners
NEAR_CORNER = (1.0, 0.75, 0.4)  # shares of that: at a corner, one landmark away, two
BAND_LIMIT = 0.02  # outer-eye distances: what moves with a lip gets no thicker when a mouth opens wide
# Outer-eye distances
LIPS_NEARER = 0.1  # lips are drawn nearer than they are: one that is pulled up folds over the skin, not under it


@dataclass(frozen=True)
class Opening:
    """A hole in the mesh.

    rim: landmarks once around, from the first corner along the lower lid or lip, the second corner halfway.
    """

    rim: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of landmarks around it."""
        return len(self.rim)

    @property
    def corners(self) -> tuple[int, int]:
        """Landmarks: outer and inner of an eye, right and left of the mouth."""
        return self.rim[0], self.rim[self.size // 2]


EYES = (Opening(EYE_RIGHT), Opening(EYE_LEFT))
MOUTH = Opening(INNER_LIPS)
OPENINGS = (*EYES, MOUTH)
OPENING_VERTICES = sum(opening.size for opening in OPENINGS)
OPENING_TRIANGLES = 2 * OPENING_VERTICES


RIMS = [point for opening in OPENINGS for point in opening.rim]  # landmarks; each has an edge of an opening beside it


def rim_edges() -> list[tuple[int, int]]:
    """Landmarks that are next to each other on a rim."""
    return [
        (a, b) for opening in OPENINGS for a, b in zip(opening.rim, (*opening.rim[1:], opening.rim[0]), strict=True)
    ]


def band_matrix(points: int) -> Floats:
    """Matrix f32 (OPENING_VERTICES, points) from landmarks of a face to the way from each of `RIMS` to the edge.

    To the other lid or lip; near a corner also away from it, for there a rim that is wide open runs up and down.
    """
    rows = []
    for opening in OPENINGS:
        rim, half = opening.rim, opening.size // 2
        for i, point in enumerate(rim):
            row = np.zeros(points, np.float32)
            row[point] -= BAND
            row[rim[-i]] += BAND  # across; a corner itself
            for corner in (0, half):
                away = abs((i - corner + half) % opening.size - half)
                share = CORNER_BAND * NEAR_CORNER[away] if away < len(NEAR_CORNER) else 0
                row[rim[corner]] -= share
                row[rim[half - corner]] += share
            rows.append(row)
    return np.stack(rows)


def rim_triangles(first: int) -> NDArray[np.int32]:
    """Triangles i32 (OPENING_TRIANGLES, 3) between the rims and the openings, whose vertices begin with `first`."""
    triangles = []
    for opening in OPENINGS:
        rim = opening.rim
        for i in range(opening.size):
            j = (i + 1) % opening.size
            triangles += [(rim[i], rim[j], first + j), (rim[i], first + j, first + i)]
        first += opening.size
    return np.array(triangles, np.int32)


def opened(triangles: NDArray[np.int32], points: Floats, first: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The triangles that do not cover an opening, and those that do, the openings themselves.

    points: f32 (V, 2), of the layout that was triangulated. The openings reach from edge to edge, whose vertices begin
    with `first`, not from rim to rim.
    """
    middles = points[triangles].mean(1)
    covering = np.zeros(len(triangles), np.bool_)
    edge = np.arange(len(points), dtype=np.int32)
    for opening in OPENINGS:
        outline = np.ascontiguousarray(points[list(opening.rim)], np.float32)
        covering |= [cv2.pointPolygonTest(outline, (float(x), float(y)), measureDist=False) > 0 for x, y in middles]
        edge[list(opening.rim)] = range(first, first + opening.size)
        first += opening.size
    return triangles[~covering], edge[triangles[covering]]
