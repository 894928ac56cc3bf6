"""SIGTERM and SIGHUP (the terminal was closed) end the program in order, as Ctrl-C does: what is begun is finished."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
DEAF = 10.0  # s after the first in which others do not count: systems like to send both


class Terminated(KeyboardInterrupt):
    """The program was told to end. Whoever keeps what is there after Ctrl-C keeps it after this, too."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code(stop: KeyboardInterrupt) -> int:
    """As shells count: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
    return 128 + (stop.number if isinstance(stop, Terminated) else signal.SIGINT)


def heeded() -> list[int]:
    """The signals that are to be heard: not those that whoever started us wants ignored, as nohup does."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextlib.contextmanager
def terminating() -> Iterator[None]:
    """Within it, SIGTERM and SIGHUP raise Terminated in the main thread. In other threads it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    first = -DEAF

    def stop(number: int, _frame: Any) -> None:
        nonlocal first
        leave_terminal(number)
        if time.monotonic() - first > DEAF:
            first = time.monotonic()
            raise Terminated(number)

    before = {number: signal.signal(number, stop) for number in heeded()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_terminal(number: int) -> None:
    """After SIGHUP there is nobody to read what is printed, and printing fails: let it go nowhere."""
    if sys.platform == "win32" or number != signal.SIGHUP:
        return
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode):  # one that has hung up is no terminal any more to isatty
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream)
                os.close(nowhere)


@contextlib.contextmanager
def closing(close: Callable[[], object]) -> Iterator[list[int]]:
    """Within it, Ctrl-C, SIGTERM and SIGHUP call `close`, which ends an event loop, where no exception may be raised;
    the signals that came. Something must let Python run now and then, as a timer does. In other threads it does
    nothing.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def stop(number: int, _frame: Any) -> None:
        leave_terminal(number)
        came.append(number)
        close()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, *heeded())}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_if_terminated(came: Sequence[int]) -> None:
    """For what `closing` gave, once all is in order: Terminated, unless it was Ctrl-C, which is a normal end."""
    for number in came:
        if number != signal.SIGINT:
            raise Terminated(number)
