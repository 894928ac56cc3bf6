"""Runs what may be slow in threads, so that the window's own thread never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from puppet.core.errors import PuppetError
from puppet.gui.kit.words import translate
from puppet.process.log import explained

T = TypeVar("T")


class Background(QObject):
    """Runs each piece of work in a thread of its own, and calls back in the window's thread."""

    _came = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest: dict[str, int] = {}
        self._serial = 0
        self._awaited: list[threading.Thread] = []
        self._over = False
        self._came.connect(self._tell)

    def run(
        self,
        key: str,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[PuppetError], object] | None = None,
        awaited: bool = False,
    ) -> None:
        """Do `work`; then call `done` with its result, or `failed` with the error that explains what it raised.

        Neither is called when newer work with this key was started meanwhile. awaited: `finish` waits for it.
        """
        self._serial += 1
        serial = self._newest[key] = self._serial

        def whole() -> None:
            try:
                value: Any = work()
                told: Callable[[], object] = lambda: done(value)  # noqa: E731
            except Exception as problem:  # whatever it is, the user must hear of it
                caught = explained(problem, translate("puppet", "The work \u201c{0}\u201d").format(key))
                told = lambda: failed(caught) if failed is not None else None  # noqa: E731
            if not self._over:
                self._came.emit((key, serial, told))

        thread = threading.Thread(target=whole, name=f"background {key}", daemon=True)
        self._awaited = [one for one in self._awaited if one.is_alive()] + ([thread] if awaited else [])
        thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until the awaited work is done, at most so long."""
        deadline = time.monotonic() + seconds
        for thread in self._awaited:
            thread.join(max(0.0, deadline - time.monotonic()))

    def finish(self, seconds: float) -> None:
        """Call nothing back any more, and `wait`. Idempotent."""
        self._over = True
        self.wait(seconds)

    def _tell(self, came: tuple[str, int, Callable[[], object]]) -> None:
        key, serial, told = came
        if not self._over and self._newest[key] == serial:
            told()
