"""From the time of day to the time within a take: what happens during a pause has no place. Pure."""

from __future__ import annotations


class Timeline:
    """`time.perf_counter()` seconds -> seconds of the take, pauses cut out. One thread at a time."""

    def __init__(self) -> None:
        self._pauses: list[tuple[float, float]] = []  # beginning, end; in order
        self._paused_at: float | None = None

    @property
    def paused(self) -> bool:
        return self._paused_at is not None

    @property
    def pauses(self) -> int:
        """How many are over."""
        return len(self._pauses)

    def pause(self, now: float) -> None:
        """From `now` on nothing has a place. Ignored while paused."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        """What happens at `now` comes right after what happened when the pause began. Ignored while not paused."""
        if self._paused_at is not None:
            self._pauses.append((self._paused_at, max(now, self._paused_at)))
            self._paused_at = None

    def place(self, moment: float) -> float | None:
        """Seconds, from the same origin as `moment`, less all pauses before it; None within one."""
        cut = 0.0
        for begin, end in self._pauses:
            if moment >= end:
                cut += end - begin
            elif moment >= begin:
                return None
        if self._paused_at is not None and moment >= self._paused_at:
            return None
        return moment - cut
