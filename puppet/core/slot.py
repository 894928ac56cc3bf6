"""A place for one value between two threads: the newest wins, so work never queues up behind a slow consumer."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds the newest untaken value. Any thread may call anything."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._value: T | None = None
        self.dropped = 0  # values replaced before anybody took them
        self.closed = False

    def put(self, value: T) -> None:
        """Offer a value; an untaken one is replaced and counted in `dropped`. Ignored once closed."""
        with self._changed:
            if self.closed:
                return
            if self._value is not None:
                self.dropped += 1
            self._value = value
            self._changed.notify_all()

    def take(self, timeout: float | None = None) -> T | None:
        """Wait for a value and take it. None when closed, or after `timeout` seconds without one."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._value is not None, timeout)
            return self._pop()

    def poll(self) -> T | None:
        """Take the newest untaken value, or None; never waits."""
        with self._changed:
            return self._pop()

    def wait_until_taken(self) -> bool:
        """Wait until no value is left to take. False when closed: then nobody will."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._value is None)
            return not self.closed

    def close(self) -> None:
        """Wake every taker with None and let the value go; idempotent."""
        with self._changed:
            self.closed = True
            self._value = None
            self._changed.notify_all()

    def _pop(self) -> T | None:
        value, self._value = self._value, None
        if value is not None:
            self._changed.notify_all()
        return value
