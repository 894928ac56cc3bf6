"""Ctrl-C at a moment of our own choosing."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

from puppet.process.signals import Terminated, handled, leave_terminal


class Wish:
    """Called, it says whether the process is to stop."""

    def __init__(self) -> None:
        self.signals: list[int] = []

    def __call__(self) -> bool:
        return bool(self.signals)

    def reason(self) -> KeyboardInterrupt:
        """What is to be raised in the end."""
        number = self.signals[0] if self.signals else signal.SIGINT
        return KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)


@contextlib.contextmanager
def stop_on_signal() -> Iterator[Wish]:
    """A function that says whether Ctrl-C, SIGTERM or SIGHUP came: finish what is begun, keep it, stop. Ctrl-C twice:
    stop at once.

    Python's own way, an exception wherever it happens to be, is lost when that is in a destructor or a callback.
    """
    wish = Wish()

    def ask(number: int, _frame: Any) -> None:
        leave_terminal(number)
        if wish() and number == signal.SIGINT:
            raise KeyboardInterrupt
        wish.signals.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, *handled())}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
