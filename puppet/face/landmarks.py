"""Which of the 478 landmarks MediaPipe's face mesh joins by lines, for drawing it without importing MediaPipe."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from puppet.parsing.arrays import read_arrays
from puppet.storage.folders import ASSETS

MAX_BYTES = 1 << 20
_FILE = ASSETS / "face_mesh.npz"  # FACEMESH_TESSELATION; FACEMESH_CONTOURS and _IRISES


@cache
def mesh_lines() -> NDArray[np.uint16]:
    """The whole mesh: (L, 2) landmark indices, each line once."""
    return _lines("mesh")


@cache
def contour_lines() -> NDArray[np.uint16]:
    """Outlines of eyes, irises, brows, lips and the face: (L, 2) landmark indices, each line once."""
    return _lines("contours")


def _lines(name: str) -> NDArray[np.uint16]:
    return read_arrays(_FILE, MAX_BYTES)[name]
