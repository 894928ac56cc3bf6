"""SIGTERM and SIGHUP (the terminal was closed) end the program as Ctrl-C does: files are finished."""

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
IGNORED_AFTER = 10.0  # s after a signal in which further ones are ignored: systems send both


class Terminated(KeyboardInterrupt):
    """The program was told to end; handled as Ctrl-C is, so that what was made until then is kept."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code(stop: KeyboardInterrupt) -> int:
    """The exit code that shells use: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
    return 128 + (stop.number if isinstance(stop, Terminated) else signal.SIGINT)


def handled() -> list[int]:
    """The signals to handle: not those that the starting process has set to be ignored, as nohup does."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextlib.contextmanager
def terminating() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP raise Terminated. Does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    first = -IGNORED_AFTER

    def stop(number: int, _frame: Any) -> None:
        nonlocal first
        leave_terminal(number)
        if time.monotonic() - first > IGNORED_AFTER:
            first = time.monotonic()
            raise Terminated(number)

    before = {number: signal.signal(number, stop) for number in handled()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_terminal(number: int) -> None:
    """After SIGHUP, send standard output and error nowhere, where they are the terminal: printing would fail."""
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
    """Within the block, Ctrl-C, SIGTERM and SIGHUP call `close`, which ends an event loop; gives the signals that came.

    For event loops, in which no exception may be raised. Something must let Python run now and then, as a timer does.
    Does nothing outside the main thread.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def stop(number: int, _frame: Any) -> None:
        leave_terminal(number)
        came.append(number)
        close()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, *handled())}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_if_terminated(came: Sequence[int]) -> None:
    """Raise Terminated for the signals that `closing` gave, but for Ctrl-C, which is a normal end there."""
    for number in came:
        if number != signal.SIGINT:
            raise Terminated(number)
