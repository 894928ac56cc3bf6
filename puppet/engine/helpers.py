"""Threads for work that the engine does not wait for: loading an actor, closing a sink that failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class HelperThreads:
    """Starts threads, and waits for them at the end. Any thread may call anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Do the work in a thread of its own."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        with self._lock:
            self._threads = [known for known in self._threads if known.is_alive()] + [thread]
            thread.start()

    def add(self, thread: threading.Thread) -> None:
        """Wait for this thread, too, when the engine stops."""
        with self._lock:
            self._threads.append(thread)

    def join(self, timeout: float) -> None:
        """Wait until all have ended, at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
