"""The full texture of an actor with fine detail. Numpy and OpenCV only."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core.types import Image

NOTHING_ADDED = 128  # level of the detail


class FullTexture:
    """What a decoder paints, enlarged, with the actor's fine detail added.

    detail: uint8 (T, T, C), 128 where nothing is added. Not thread-safe: buffers are kept between calls.
    """

    def __init__(self, detail: Image) -> None:
        self._more = np.maximum(detail, NOTHING_ADDED) - np.uint8(NOTHING_ADDED)
        self._less = np.uint8(NOTHING_ADDED) - np.minimum(detail, NOTHING_ADDED)
        self._full = np.empty_like(self._more)
        self._painted: Image | None = None  # what the full texture was made of

    def of(self, painted: Image) -> Image:
        """The texture uint8 (T, T, C) of a painted one (P, P, C); a buffer that the next call overwrites.

        No level leaves 0 to 255. In two steps, each of which saturates: `addWeighted` takes twice as long. An actor
        of one picture always paints the same: the texture stays.
        """
        full, side = self._full, len(self._full)
        if self._painted is not None and np.array_equal(painted, self._painted):
            return full
        self._painted = painted.copy()
        cv2.resize(painted, (side, side), dst=full, interpolation=cv2.INTER_LINEAR)
        cv2.add(full, self._more, dst=full)
        cv2.subtract(full, self._less, dst=full)
        return full
