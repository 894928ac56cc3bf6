"""Landmarks of a face that is seen in a mirror."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import LANDMARKS, Floats
from puppet.face.measurements import IRIS_RIGHT

# FaceMesh counts the middle of the face and its right half first, then the left half in the same order. Found by
# assigning the mirrored neutral faces of three people to themselves; all three gave this.
MIDDLE = (0, 1, 2, 4, 5, 6, *range(8, 20), 94, 151, 152, 164, 168, 175, 195, 197, 199, 200)
FIRST_LEFT, FIRST_IRIS = 248, IRIS_RIGHT[0]
IRISES_MIRRORED = (473, 476, 475, 474, 477, 468, 471, 470, 469, 472)  # each: centre, image right, top, left, bottom


def _mirrored() -> NDArray[np.intp]:
    order = np.arange(LANDMARKS)
    right, left = np.setdiff1d(np.arange(FIRST_LEFT), MIDDLE), np.arange(FIRST_LEFT, FIRST_IRIS)
    order[right], order[left], order[FIRST_IRIS:] = left, right, IRISES_MIRRORED
    return order


MIRRORED = _mirrored()  # landmark i of a face in a mirror is what was landmark MIRRORED[i]
ACROSS = np.array([-1.0, 1.0, 1.0], np.float32)


def flip_points(points: Floats, width: int) -> Floats:
    """Landmarks f32 (..., 478, 3) px of a picture that is `width` px wide -> those of the mirrored picture."""
    flipped = points[..., MIRRORED, :] * ACROSS
    flipped[..., 0] += width - 1
    return flipped
