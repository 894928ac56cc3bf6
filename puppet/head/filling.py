"""Parts of a picture that nothing shows: filled in smoothly from what lies around them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, Image

ROWS_AT_ONCE = 64  # bounds the memory of a median over many pictures


def fill(picture: Floats, known: NDArray[np.bool_]) -> Floats:
    """A picture f32 (H, W, C) with what is not known taken from coarser versions of it, where those know it.

    Push-pull of Gortler et al. 1996 ("The lumigraph", sec. 3.4). Unchanged where known; 0 where nothing is known.
    """
    share = known.astype(np.float32)
    levels: list[tuple[NDArray[Any], NDArray[Any]]] = [(picture * share[..., None], share)]
    while max(levels[-1][1].shape) > 1:
        height, width = ((side + 1) // 2 for side in levels[-1][1].shape)
        colours, share = (cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA) for part in levels[-1])
        levels.append((colours, share))
    colours, share = levels[-1]
    filled = (colours.reshape(1, 1, -1) / np.maximum(share, 1e-6).reshape(1, 1, 1)).astype(np.float32)
    for colours, share in levels[-2::-1]:
        height, width = share.shape
        coarse = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)
        fine, trust = colours.reshape(height, width, -1) / np.maximum(share, 1e-6)[..., None], (share > 0)[..., None]
        filled = np.where(trust, fine, coarse)
    return filled


def median_where(pictures: Image, shown: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Median over N pictures uint8 (N, H, W, C), of each place over those that show it, bool (N, H, W).

    Returns f32 (H, W, C), 0 where no picture shows a place, and which places any of them shows, bool (H, W).
    """
    count = shown.sum(0)
    result = np.zeros(pictures.shape[1:], np.float32)
    for top in range(0, len(result), ROWS_AT_ONCE):
        rows = slice(top, top + ROWS_AT_ONCE)
        not_shown = np.int16(256)  # comes last
        part = np.where(shown[:, rows, :, None], pictures[:, rows], not_shown)
        part.sort(axis=0)
        last = (count[rows] - 1).clip(0)
        low, high = (np.take_along_axis(part, i[None, ..., None], 0)[0] for i in (last // 2, (last + 1) // 2))
        result[rows] = (low + high) / 2
    return np.where((count > 0)[..., None], result, 0).astype(np.float32), count > 0
