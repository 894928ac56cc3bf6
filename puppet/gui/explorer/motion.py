"""What changes the explorer's face by itself: a random walk, or a morph that is played."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from puppet.core.types import Floats
from puppet.gui.explorer.morphs import Step

TICK_MS = 33
WALK_SECONDS = 0.8  # of one step of the walk, from target to target


class Motion(QObject):
    """Walks or plays, one at a time, and tells each point it comes to, about 30 times a second."""

    walked = pyqtSignal(object)  # point f32 (D,)
    played = pyqtSignal(object)  # Step
    walking_changed = pyqtSignal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._walk: _Glide | None = None
        self._next_target: Callable[[], Floats] | None = None
        self._steps: deque[Step] = deque()  # what is left of a morph
        self._tick = QTimer(self)
        self._tick.timeout.connect(self._move)

    @property
    def active(self) -> bool:
        """Whether anything moves by itself."""
        return self.walking or bool(self._steps)

    @property
    def walking(self) -> bool:
        """Whether a walk is going on."""
        return self._walk is not None

    def walk(self, start: Floats, next_target: Callable[[], Floats]) -> None:
        """Walk from a point f32 (D,) to one target after the other, until `stop`."""
        self.stop()
        self._next_target = next_target
        self._walk = _Glide(start, next_target(), time.monotonic())
        self.walking_changed.emit(True)
        self._tick.start(TICK_MS)

    def play(self, steps: Sequence[Step]) -> None:
        """Show each step of a morph once."""
        self.stop()
        self._steps = deque(steps)
        self._tick.start(TICK_MS)

    def stop(self) -> None:
        """End whatever moves."""
        self._steps.clear()
        self._walk = None
        self._tick.stop()
        self.walking_changed.emit(False)

    def stop_playing(self) -> None:
        """End a morph that is played; a walk goes on."""
        self._steps.clear()
        if not self.walking:
            self.stop()

    def _move(self) -> None:
        walk = self._walk
        if walk is not None and self._next_target is not None:
            share = (time.monotonic() - walk.begun) / WALK_SECONDS
            self.walked.emit(walk.at(share))
            if share >= 1 and self._walk is walk:
                self._walk = _Glide(walk.end, self._next_target(), time.monotonic())
        elif self._steps:
            self.played.emit(self._steps.popleft())
            if not self._steps:
                self.stop()
        else:
            self.stop()


class _Glide:
    """The way from one point f32 (D,) to another, slow at both ends. begun: monotonic seconds."""

    def __init__(self, start: Floats, end: Floats, begun: float) -> None:
        self.start, self.end, self.begun = start, end, begun

    def at(self, share: float) -> Floats:
        """The point after this share of the time, 0 .. 1; beyond 1 it is the end."""
        share = min(1.0, max(0.0, share))
        eased = np.float32(share * share * (3 - 2 * share))
        return self.start + eased * (self.end - self.start)
