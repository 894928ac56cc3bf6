"""Which of the 478 landmarks of MediaPipe's face mesh is which: parts of the face, their mirror images, lines to draw.

Right and left are the person's own. Pairs of landmarks that only one measure uses stand beside it: see `measurements`
and `identity`. Nothing here imports MediaPipe.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import LANDMARKS
from puppet.parsing.arrays import read_arrays
from puppet.storage.folders import ASSETS

EYE_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
EYE_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
OUTER_EYES = (33, 263)  # outer eye corners, right and left: left and right in the image
EYE_GAPS = (((33, 133), (159, 145)), ((263, 362), (386, 374)))  # of each eye: corners, lids
IRIS_RIGHT, IRIS_LEFT = tuple(range(468, 473)), tuple(range(473, 478))

BROWS = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336)

OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
LIPS = OUTER_LIPS + INNER_LIPS  # each once around, from the right corner along the lower lip
UPPER_LIP = OUTER_LIPS[11:] + INNER_LIPS[11:]  # without the corners
LIP_GAP = (13, 14)  # middle of the inner rim, upper and lower lip
LIP_TOP = 0

NOSE_BASE = 2
CHEEKS = (205, 425)
JAW = (58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288)
CHIN = (152, 148, 377, 176, 400, 149, 378, 150, 379, 136, 365, 172, 397, 175, 199, 200, 18)

# The outline of the face, once around, from the middle of the forehead towards the person's left.
# fmt: off
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on

# Points over bone, which expressions hardly move. The order is that of `align.STABLE_REFERENCE`.
# fmt: off
STABLE = np.array([
    10, 151, 9, 8, 168, 6, 197, 195, 5, 109, 338, 67, 297,
    103, 332, 54, 284, 21, 251, 162, 389, 127, 356, 234, 454, 33,
    133, 362, 263, 116, 345, 117, 346, 123, 352, 93, 323,
])
# fmt: on
BONE: tuple[int, ...] = (*STABLE.tolist(), 1, 4, 19, 94)  # with the nose's ridge and tip

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

MAX_BYTES = 1 << 20
_FILE = ASSETS / "face_mesh.npz"  # FACEMESH_TESSELATION; FACEMESH_CONTOURS and _IRISES


@cache
def mesh_lines() -> NDArray[np.uint16]:
    """Lines of the whole mesh: (L, 2) landmark indices, each line once."""
    return _lines("mesh")


@cache
def contour_lines() -> NDArray[np.uint16]:
    """Outlines of eyes, irises, brows, lips and the face: (L, 2) landmark indices, each line once."""
    return _lines("contours")


def _lines(name: str) -> NDArray[np.uint16]:
    return read_arrays(_FILE, MAX_BYTES)[name].astype(np.uint16, copy=False)
