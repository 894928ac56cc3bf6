"""Cut detection, frame by frame: when the picture becomes another one, and whether that one was shown before."""

from __future__ import annotations

import statistics
from collections import deque

import cv2
import numpy as np

from puppet.core.types import Floats, Image

THUMBNAIL, SAMPLES = 24, 96  # px, its side; px of the picture that it is made from, at least
EVEN = 4.0  # grey levels: a picture with less contrast than that says nothing by its contrast
CUT, ANY_CUT = 0.12, 0.3  # 1 - correlation between two thumbnails: jump cuts within a scene keep below 0.05
CHANGED = 2.0  # grey levels on average: less is no cut
SUDDEN = 6.0  # times the median of the frames before, unless it is an ANY_CUT: a camera that pans is none
HISTORY = 12  # frames
CONFIRM_FRAMES = 3  # frames that a new picture must last: a flash is no cut
SCENES = 4  # pictures that are known again


class CutDetector:
    """Takes every frame's picture, in order, and numbers the scenes that cuts separate.

    first: number of the first scene.
    """

    def __init__(self, first: int = 0) -> None:
        self.scene = first  # number of the scene that is shown; one that comes back has the number that it had
        self._next = first + 1
        self._known: deque[tuple[int, Floats]] = deque(maxlen=SCENES)
        self._last: Floats | None = None
        self._waiting: list[Floats] = []  # thumbnails since what may be a cut
        self._steps: deque[float] = deque(maxlen=HISTORY)

    @property
    def cut_pending(self) -> bool:
        """Whether the last frame may be the first of another scene; CONFIRM_FRAMES - 1 frames later it is sure."""
        return len(self._waiting) == 1

    def update(self, image: Image) -> int | None:
        """How many frames ago another scene began (0: with this one), when that has become sure; else None."""
        thumbnail = _thumbnail(image)
        if self._last is None:
            self._last = thumbnail
            return None
        if not self._waiting:
            step = _difference(self._last, thumbnail)
            usual = statistics.median(self._steps) if self._steps else 0.0
            if not (step > ANY_CUT or step > max(CUT, SUDDEN * usual)):
                self._steps.append(step)
                self._last = thumbnail
                return None
        elif _difference(self._last, thumbnail) < CUT:  # a flash, or something before the lens
            self._waiting, self._last = [], thumbnail
            return None
        if self._waiting and _difference(self._waiting[-1], thumbnail) >= CUT:  # what changes all the time is no scene
            self._waiting = []
        self._waiting.append(thumbnail)
        if len(self._waiting) < CONFIRM_FRAMES:
            return None
        self._known.append((self.scene, self._last))
        again = min(self._known, key=lambda known: _difference(known[1], thumbnail))
        if _difference(again[1], thumbnail) < CUT:
            self.scene = again[0]
        else:
            self.scene, self._next = self._next, self._next + 1
        self._last, self._waiting = thumbnail, []
        self._steps.clear()
        return CONFIRM_FRAMES - 1


def _thumbnail(image: Image) -> Floats:
    """f32 (THUMBNAIL, THUMBNAIL, 3), blurred."""
    step = max(1, min(image.shape[:2]) // SAMPLES)
    some = image[::step].take(np.arange(0, image.shape[1], step), axis=1)  # three times as fast as [::step, ::step]
    small = cv2.resize(some, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0), np.float32)


def _difference(a: Floats, b: Floats) -> float:
    """1 - correlation, so that light that changes as a whole does not count; 0 where hardly anything changed."""
    if cv2.norm(a, b, cv2.NORM_L1) < CHANGED * a.size:
        return 0.0
    a, b = (one - one.mean() for one in (a, b))
    return 1 - float((a * b).mean() / max(float(a.std()), EVEN) / max(float(b.std()), EVEN))
