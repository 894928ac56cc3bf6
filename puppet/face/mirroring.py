"""Landmarks of a face that is seen in a mirror."""

from __future__ import annotations

import numpy as np

from puppet.core.types import Floats
from puppet.face.landmarks import MIRRORED

ACROSS = np.array([-1.0, 1.0, 1.0], np.float32)


def flip_points(points: Floats, width: int) -> Floats:
    """Landmarks f32 (..., 478, 3) px of a picture that is `width` px wide -> those of the mirrored picture."""
    flipped = points[..., MIRRORED, :] * ACROSS
    flipped[..., 0] += width - 1
    return flipped
