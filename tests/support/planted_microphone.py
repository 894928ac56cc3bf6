"""A microphone whose clock and clicks are planted."""

from __future__ import annotations

import numpy as np

from puppet.media.sound_file import RATE

BLOCK = 960  # samples, 20 ms


CLICK = np.full(48, 20_000, np.int16)  # 1 ms


class PlantedMicrophone:
    """A device whose clock runs at `rate` samples per true second, and which hears a click at each of `claps`.

    Its time stamps tremble by up to 5 ms, as those of real devices do.
    """

    def __init__(self, claps: list[float], seconds: float, start: float = 0.0, rate: float = RATE) -> None:
        self.consumer = None
        self._rate, self._start, self._next = rate, start, 0
        self._sound = np.zeros(round(seconds * rate), np.int16)
        for clap in claps:
            place = round((clap - start) * rate)
            self._sound[place : place + len(CLICK)] = CLICK
        self._dice = np.random.default_rng(3)

    def attach(self, consumer) -> None:
        self.consumer = consumer

    def detach(self, consumer) -> None:
        assert consumer is self.consumer
        self.consumer = None

    def blocks(self, until: float):
        """Those that began before `until`: samples and the time at which they are said to have begun."""
        while self._start + self._next / self._rate < until and self._next + BLOCK <= len(self._sound):
            at = self._start + self._next / self._rate + float(self._dice.uniform(-0.005, 0.005))
            yield self._sound[self._next : self._next + BLOCK], at
            self._next += BLOCK

    def hear(self, until: float) -> None:
        for samples, at in self.blocks(until):
            if self.consumer is not None:
                self.consumer.write(samples, at)
