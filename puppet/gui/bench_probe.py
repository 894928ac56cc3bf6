"""Measures in the real window how old a frame is when it has been painted; for `puppet bench`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PyQt6.QtCore import QObject, Qt, QTimer

from puppet.core.errors import PuppetError
from puppet.core.timing import percentiles
from puppet.core.types import Image, Result
from puppet.gui.main_window import MainWindow

BAND = 6  # the flash takes a BAND-th of the picture's height, at its top
FLASH_EVERY, FLASH_FOR = 1.0, 0.2  # s
BRIGHT = 128  # level of the screen's pixels from which the band is lit
LOOK_MS = 1  # between two looks at the screen for a flash
GIVE_UP = 1.0  # s after which a flash is too old to be timed


class FlashSource:
    """Draws a band into frames, dark or lit, and notes when each flash began."""

    def __init__(self) -> None:
        self.begun: list[float] = []  # capture times of the first lit frames, perf_counter seconds
        self._zero: float | None = None
        self._lit = False

    def paint_over(self, image: Image, _index: int, captured_at: float) -> None:
        """Draw the band into a frame uint8 (H, W, 3), in place. captured_at: perf_counter seconds."""
        self._zero = captured_at if self._zero is None else self._zero
        lit = (captured_at - self._zero) % FLASH_EVERY > FLASH_EVERY - FLASH_FOR
        image[: image.shape[0] // BAND] = 255 if lit else 0
        if lit and not self._lit:
            self.begun.append(captured_at)
        self._lit = lit


class Stopwatch(QObject):
    """Times what the panes paint. It is a sink too, so that it knows when each result was there."""

    error: PuppetError | None = None  # of a sink

    def __init__(self, window: MainWindow, flash: FlashSource | None) -> None:
        super().__init__(window)
        self.warm = np.inf  # perf_counter seconds from which figures count
        self._window, self._flash = window, flash
        self._made: dict[float, float] = {}  # captured_at -> when the result was there
        self._latencies: list[float] = []
        self._paints: list[float] = []
        self._flashes: list[float] = []
        self._results: list[float] = []
        self._seen = 0  # flashes that have been timed
        window.actor_pane.painted.connect(self._painted)
        self._looking = QTimer(self)
        self._looking.setTimerType(Qt.TimerType.PreciseTimer)
        self._looking.timeout.connect(self._look)
        if flash is not None:
            self._looking.start(LOOK_MS)

    def write(self, result: Result) -> None:
        now = time.perf_counter()
        self._made = {at: made for at, made in self._made.items() if now - made < 1} | {result.frame.captured_at: now}
        if now > self.warm:
            self._results.append(now)

    def close(self) -> None:
        """Do nothing: the window owns everything."""

    def figures(self) -> dict[str, Any]:
        """The figures by name: latency_ms, latency_to, live_fps, paint_ms (result to painting), flash_ms."""
        span = self._results[-1] - self._results[0] if len(self._results) > 1 else 0.0
        found: dict[str, Any] = {
            "latency_ms": percentiles(self._latencies),
            "latency_to": "paint",
            "live_fps": (len(self._results) - 1) / span if span else 0.0,
            "paint_ms": percentiles(self._paints),
        }
        return found | ({"flash_ms": percentiles(self._flashes)} if self._flash is not None else {})

    def _painted(self, captured_at: float) -> None:
        now = time.perf_counter()
        if now < self.warm:
            return
        self._latencies.append((now - captured_at) * 1e3)
        made = self._made.get(captured_at)
        if made is not None:
            self._paints.append((now - made) * 1e3)

    def _look(self) -> None:
        """Time the last flash, once it is on the screen."""
        begun = self._flash.begun if self._flash is not None else []
        if len(begun) == self._seen:
            return
        if _lit(self._window):
            now = time.perf_counter()
            if begun[-1] > self.warm and now - begun[-1] < GIVE_UP:
                self._flashes.append((now - begun[-1]) * 1e3)
            self._seen = len(begun)


def _lit(window: MainWindow) -> bool:
    """Whether the band is bright in the pixels that the screen shows of the driver's pane."""
    pane, screen = window.driver_pane, window.screen()
    picture = pane.picture
    if screen is None or picture.isEmpty():
        return False
    middle = picture.center()
    middle.setY(picture.top() + picture.height() / BAND / 2)
    spot = pane.mapTo(window, middle.toPoint())
    shown = screen.grabWindow(window.winId(), spot.x(), spot.y(), 2, 2).toImage()
    return not shown.isNull() and shown.pixelColor(0, 0).lightness() > BRIGHT


def after(window: MainWindow, seconds: float, action: Callable[[], object]) -> None:
    """Call `action` once, `seconds` from now."""
    timer = QTimer(window)
    timer.setSingleShot(True)
    timer.timeout.connect(action)
    timer.start(round(seconds * 1000))
