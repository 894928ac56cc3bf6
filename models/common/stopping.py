"""Stop on Ctrl-C or a signal of the system once the current piece of work is kept, not in the middle of it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

from puppet.process.signals import Terminated, handled, leave_terminal


class StopRequest:
    """Whether a signal asked the process to stop: call it.

    signals: the numbers of those that came, in order.
    """

    def __init__(self) -> None:
        self.signals: list[int] = []

    def __call__(self) -> bool:
        """Whether a signal came."""
        return bool(self.signals)

    def reason(self) -> KeyboardInterrupt:
        """The exception to raise once everything is kept: KeyboardInterrupt, or Terminated for other signals."""
        number = self.signals[0] if self.signals else signal.SIGINT
        return KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)


@contextlib.contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Within the block Ctrl-C, SIGTERM and SIGHUP only make a request, which the work asks for; a second Ctrl-C raises.

    Python raises KeyboardInterrupt wherever it happens to be, and loses it in a destructor or a callback.
    """
    request = StopRequest()

    def ask(number: int, _frame: Any) -> None:
        leave_terminal(number)
        if request() and number == signal.SIGINT:
            raise KeyboardInterrupt
        request.signals.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, *handled())}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
