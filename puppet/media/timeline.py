"""The time within a take: pauses are cut out. No clock is read here."""

from __future__ import annotations


class Timeline:
    """`time.perf_counter()` seconds -> seconds of the take, pauses cut out. One thread at a time."""

    def __init__(self) -> None:
        self._pauses: list[tuple[float, float]] = []  # beginning, end; in order
        self._paused_at: float | None = None

    @property
    def paused(self) -> bool:
        """Whether a pause goes on."""
        return self._paused_at is not None

    @property
    def pauses(self) -> int:
        """How many pauses are over."""
        return len(self._pauses)

    def pause(self, now: float) -> None:
        """Begin a pause at `now`. Ignored while paused."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        """End the pause at `now`, which comes right after the moment at which it began. Ignored while not paused."""
        if self._paused_at is not None:
            self._pauses.append((self._paused_at, max(now, self._paused_at)))
            self._paused_at = None

    def place(self, moment: float) -> float | None:
        """Seconds from the same origin as `moment`, less all pauses before it; None within a pause."""
        cut = 0.0
        for begin, end in self._pauses:
            if moment >= end:
                cut += end - begin
            elif moment >= begin:
                return None
        if self._paused_at is not None and moment >= self._paused_at:
            return None
        return moment - cut
