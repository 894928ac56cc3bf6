"""Progress of long commands: a bar with rate and time left on a terminal, plain lines in a log otherwise."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol, TextIO

LINE_EVERY = 5.0  # s between lines of the plain log


class Progress(Protocol):
    """Where a command reports its progress."""

    def update(self, n: int = 1) -> None:
        """N more units are done."""
        ...

    def note(self, **figures: object) -> None:
        """Figures shown beside the bar from now on, such as loss=0.12."""
        ...


@contextmanager
def progress(
    total: int | None, label: str, unit: str = "frames", initial: int = 0, stream: TextIO | None = None
) -> Generator[Progress, None, None]:
    """Show progress towards `total` units (None: unknown), of which `initial` were done before, on `stream` (stderr).

    with progress(total=600, label="rendering", unit="frames") as bar: ... bar.update()
    """
    out: TextIO = stream or sys.stderr or io.StringIO()  # a program without a console has no stderr
    if out.isatty():
        with _Bar(total, label, unit, initial, out) as bar:
            yield bar
    else:
        log = _Log(total, label, unit, initial, out)
        try:
            yield log
        finally:
            log.finish()


def announce(label: str, stream: TextIO | None = None) -> None:
    """Name a step that takes a while and has no measure of its progress, on `stream` (stderr)."""
    print(f"{label} …", file=stream or sys.stderr or io.StringIO(), flush=True)


class _Bar:
    """tqdm's bar."""

    def __init__(self, total: int | None, label: str, unit: str, initial: int, stream: TextIO) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=total, desc=label, unit=f" {unit}", initial=initial, file=stream, dynamic_ncols=True, mininterval=0.2
        )

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, n: int = 1) -> None:
        self._bar.update(n)

    def note(self, **figures: object) -> None:
        self._bar.set_postfix_str(
            ", ".join(f"{name}={_short(value)}" for name, value in figures.items()), refresh=False
        )


class _Log:
    """One line at the beginning, every few seconds, and at the end."""

    def __init__(
        self,
        total: int | None,
        label: str,
        unit: str,
        initial: int,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._label, self._unit, self._stream, self._clock = total, label, unit, stream, clock
        self._initial = self._done = initial
        self._began = self._said = clock()
        self._figures = ""
        self._say(f"{self._count()}")

    def update(self, n: int = 1) -> None:
        self._done += n
        if self._clock() - self._said >= LINE_EVERY:
            self._said = self._clock()
            self._say(self._state())

    def note(self, **figures: object) -> None:
        self._figures = "".join(f", {name} {_short(value)}" for name, value in figures.items())

    def finish(self) -> None:
        if self._done == self._initial and self._done != self._total:
            return  # it failed before anything was done, and the reason follows
        self._say(f"{self._count()} in {_span(self._clock() - self._began)}{self._figures}")

    def _state(self) -> str:
        rate = (self._done - self._initial) / max(self._clock() - self._began, 1e-9)
        text = f"{self._count()}, {rate:.1f}/s"
        if self._total is not None and rate > 0:
            text += f", {_span(max(0, self._total - self._done) / rate)} left"
        return text + self._figures

    def _count(self) -> str:
        if not self._total:
            return f"{self._done} {self._unit}"
        return f"{self._done}/{self._total} {self._unit} ({100 * self._done // self._total} %)"

    def _say(self, text: str) -> None:
        print(f"{self._label}: {text}", file=self._stream, flush=True)


def _span(seconds: float) -> str:
    """75 -> "1:15", 3700 -> "1:01:40"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
