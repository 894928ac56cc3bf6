"""Texels of the teeth's pictures that no frame of the footage shows, because the lips always cover them.

A stranger pulls the lip higher and opens the mouth wider than the actor ever did. What is then uncovered continues
what lies beside it, with gums above the teeth; the footage itself shows only the lip there.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, Image

LEAST_SEEN = 3  # frames that must show a texel: one may be the tracker's mistake
REACH = 3  # texels, the side of a square around the place that a pixel was taken from, which counts as shown
LOOKED_AT = 4.0  # texels around a hidden one
GUM_SHADE = 0.75  # how bright gums are, of what lips are
# Shares of a picture's height
EDGE = 0.125  # what lies nearer to the edge of what is shown was often a lip, and is not continued
GUM_ROWS = 0.5  # above, what is never shown are gums
DARK = 0.3  # how far from what is known it is darker by e: little light falls into the corners of a mouth


def shown(map_x: Floats, map_y: Floats, size: int) -> NDArray[np.bool_]:
    """Which texels bool (size, size) a picture shows whose pixels come from map_x, map_y f32 (S, S), texture px."""
    texels = np.zeros((size, size), np.uint8)
    x, y = (np.rint(m).astype(np.intp).clip(0, size - 1) for m in (map_x, map_y))
    texels[y, x] = 1
    return cv2.dilate(texels, np.ones((REACH, REACH), np.uint8)) > 0


def continued(frames: Image, seen: NDArray[np.bool_], gums: Floats | None = None) -> Floats:
    """Mean f32 (H, W, 3) of a picture uint8 (N, H, W, 3) over the frames that show a texel, seen bool (N, H, W).

    What no frame shows is filled in from what lies beside it (Telea 2004), the darker the further away, and at the top
    with `gums`, a colour f32 (3,) in 0..255, if given. The mean of all frames if they show nothing.
    """
    counts = seen.sum(0)[..., None]
    if not counts.any():
        return frames.mean(0, dtype=np.float32)
    picture = ((frames * seen[..., None]).sum(0) / np.maximum(counts, 1)).round().astype(np.uint8)
    height, edge = len(picture), round(EDGE * len(picture))
    around = np.ones((2 * edge + 1, 2 * edge + 1), np.uint8)
    known = cv2.erode((counts[..., 0] > 0).astype(np.uint8), around) > 0
    if not known.any():
        known = counts[..., 0] > 0
    if gums is not None:
        above = counts[..., 0] == 0
        above[round(GUM_ROWS * height) :] = False
        picture[above], known = gums.round().astype(np.uint8), known | above
    unknown = (~known).astype(np.uint8)
    filled = cv2.inpaint(picture, unknown, LOOKED_AT, cv2.INPAINT_TELEA).astype(np.float32)
    away = cv2.distanceTransform(unknown, cv2.DIST_L2, 5) / (DARK * height)
    return filled * np.exp(-away)[..., None].astype(np.float32)
