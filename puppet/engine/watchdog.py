"""Whether an actor stalls: one that never gives its picture must not take the whole show with it. No thread, no Qt.

`Acting` is one acting thread as the watchdog sees it, `Watchdog` counts how long it has waited for the same picture. A
thread that hangs inside ONNX Runtime cannot be ended: it is replaced, and whatever it still says is ignored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor

T = TypeVar("T")

STALLED_AFTER = 2.0  # s that an actor may take for one call
LOOK_EVERY = 0.2  # s between looks


class Acting:
    """The steps of one acting thread. Any thread may call anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None  # on time.monotonic: when the step under way began
        self._actors: tuple[Actor, ...] = ()
        self.replaced = False

    def step(self, actors: tuple[Actor, ...], act: Callable[[], T]) -> T | None:
        """What `act` gives; None once this thread is replaced. actors: who may be asked in it."""
        with self._lock:
            self._since, self._actors = time.monotonic(), actors
        try:
            result = act()
        except Exception:
            if self._end():
                raise
            return None  # nobody is interested any more
        return result if self._end() else None

    def waits_for(self) -> tuple[Actor, float] | None:
        """Who has been busy with one call for longest, and since when; None while nobody is."""
        with self._lock:
            return self._busiest()

    def replace(self, waiting: tuple[Actor, float]) -> bool:
        """Give this thread up. False when that call has ended meanwhile: then it goes on."""
        with self._lock:
            self.replaced = self._busiest() == waiting
            return self.replaced

    def _busiest(self) -> tuple[Actor, float] | None:
        since = self._since
        if since is None:
            return None
        asked = [(actor, getattr(actor, "busy_since", since)) for actor in self._actors]  # not told: since the step
        busy = [(actor, at) for actor, at in asked if at is not None]
        return min(busy, key=lambda pair: pair[1], default=None)

    def _end(self) -> bool:
        with self._lock:
            self._since = None
            return not self.replaced


class Watchdog:
    """Counts only time in which it looks regularly itself: a machine that slept, or is overloaded, accuses nobody."""

    def __init__(self) -> None:
        self._waiting: tuple[Actor, float] | None = None
        self._waited = 0.0
        self._looked: float | None = None

    def look(self, waiting: tuple[Actor, float] | None, now: float) -> bool:
        """Whether the same call has been waited for too long. now: seconds that never go back."""
        passed = 0.0 if self._looked is None else min(now - self._looked, 2 * LOOK_EVERY)
        self._looked = now
        before, self._waiting = self._waiting, waiting
        same = before is not None and waiting is not None and before[0] is waiting[0] and before[1] == waiting[1]
        self._waited = self._waited + passed if same else 0.0
        return self._waited >= STALLED_AFTER
