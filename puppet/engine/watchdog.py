"""The watchdog over actors: one that stalls must not stop tracking, the window and recordings. No thread, no Qt.

`ActingSteps` are the steps of one acting thread as the watchdog sees them; `Watchdog` counts how long it has waited for
the same call. A thread that hangs inside ONNX Runtime cannot be ended: it is abandoned for another one, and what it
still returns or raises is ignored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor

T = TypeVar("T")
Call = tuple["Actor", float]  # an actor that is busy with one call, and since when (time.monotonic, s)

STALLED_AFTER = 2.0  # s that an actor may take for one call
CHECK_EVERY = 0.2  # s between checks


class ActingSteps:
    """The steps of one acting thread. Any thread may call anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None  # on time.monotonic: when the step under way began
        self._actors: tuple[Actor, ...] = ()
        self.abandoned = False

    def step(self, actors: tuple[Actor, ...], act: Callable[[], T]) -> T | None:
        """The value of `act()`; None once this thread is abandoned. actors: all that the step may call."""
        with self._lock:
            self._since, self._actors = time.monotonic(), actors
        try:
            result = act()
        except Exception:  # raised again, unless this thread was abandoned: then its actor has left already
            if self._end():
                raise
            return None  # abandoned: another thread has taken over
        return result if self._end() else None

    def longest_call(self) -> Call | None:
        """The call that has taken longest so far; None while no actor is busy."""
        with self._lock:
            return self._busiest()

    def abandon(self, call: Call) -> bool:
        """Give this thread up. False when that call has ended meanwhile: then the thread goes on."""
        with self._lock:
            self.abandoned = self._busiest() == call
            return self.abandoned

    def _busiest(self) -> Call | None:
        since = self._since
        if since is None:
            return None
        asked: list[tuple[Actor, float | None]] = [
            (actor, getattr(actor, "busy_since", since)) for actor in self._actors
        ]  # actors that do not tell: since the step
        busy = [(actor, at) for actor, at in asked if at is not None]
        return min(busy, key=lambda pair: pair[1], default=None)

    def _end(self) -> bool:
        with self._lock:
            self._since = None
            return not self.abandoned


class Watchdog:
    """Tells when one call takes too long.

    Counts only time in which it checks regularly itself: a machine that slept, or is overloaded, blames no actor.
    """

    def __init__(self) -> None:
        self._call: Call | None = None
        self._waited = 0.0
        self._checked_at: float | None = None

    def stalled(self, call: Call | None, now: float) -> bool:
        """Whether the same call has been waited for longer than STALLED_AFTER. now: seconds that never go back."""
        passed = 0.0 if self._checked_at is None else min(now - self._checked_at, 2 * CHECK_EVERY)
        self._checked_at = now
        before, self._call = self._call, call
        same = before is not None and call is not None and before[0] is call[0] and before[1] == call[1]
        self._waited = self._waited + passed if same else 0.0
        return self._waited >= STALLED_AFTER
