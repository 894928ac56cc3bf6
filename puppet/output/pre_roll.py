"""The last seconds of results, in bounded memory: for pre-roll and clips."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

from puppet.core import pixels
from puppet.core.errors import PuppetError
from puppet.core.types import Frame, Result

MOST_BYTES = 512 << 20


class PreRoll:
    """A sink that keeps the results of the last `seconds`, the newest of them when they need more than `most_bytes`.

    spacing: seconds between two that are kept, at least. height: px of the driver's picture, at most; 0: as it came,
    without a copy, because a frame's picture is read-only.
    """

    error: PuppetError | None = None

    def __init__(self, seconds: float, spacing: float = 0.0, most_bytes: int = MOST_BYTES) -> None:
        self._seconds, self._spacing, self._height = seconds, spacing, 0
        self._most = most_bytes
        self._results: deque[Result] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def span(self) -> float:
        """Seconds from the oldest to the newest that is kept."""
        with self._lock:
            return self._age() if self._results else 0.0

    def keep(self, seconds: float, spacing: float = 0.0, height: int = 0) -> None:
        """Keep so much from now on. With another height, what is kept already is dropped."""
        with self._lock:
            self._seconds, self._spacing = seconds, spacing
            if height != self._height:
                self._height = height
                self._clear()
            self._forget()

    def last(self, seconds: float) -> tuple[Result, ...]:
        """The results of the last seconds before the newest, oldest first."""
        with self._lock:
            if not self._results:
                return ()
            since = self._results[-1].frame.captured_at - seconds
            return tuple(result for result in self._results if result.frame.captured_at >= since)

    def write(self, result: Result) -> None:
        """Keep a result, and drop the oldest ones that do not fit any more."""
        at = result.frame.captured_at
        with self._lock:
            if self._results and 0 <= at - self._results[-1].frame.captured_at < self._spacing:
                return
            height = self._height
        frame = _lowered(result.frame, height)
        kept = replace(result, frame=frame, crop=None, wall=())  # no output shows those
        with self._lock:
            if height == self._height:
                self._results.append(kept)
                self._bytes += _size(kept)
                self._forget()

    def close(self) -> None:
        """Drop everything."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._results.clear()
        self._bytes = 0

    def _forget(self) -> None:
        while self._results and (self._age() > self._seconds or self._bytes > self._most):
            self._bytes -= _size(self._results.popleft())

    def _age(self) -> float:
        return self._results[-1].frame.captured_at - self._results[0].frame.captured_at


def _lowered(frame: Frame, height: int) -> Frame:
    """The frame with a picture of at most this height, or itself."""
    tall, wide = frame.image.shape[:2]
    if not 0 < height < tall:
        return frame
    return replace(frame, image=pixels.resize(frame.image, max(1, round(wide * height / tall)), height))


def _size(result: Result) -> int:
    portrait = result.portrait
    pictures = [] if portrait is None else [portrait.image, *([] if portrait.person is None else [portrait.person])]
    return result.frame.image.nbytes + sum(picture.nbytes for picture in pictures)
