"""One-Euro filter (Casiez, Roussel & Vogel 2012): still when you are still, quick when you are quick.

State is a value: `smooth(state, x, t)` gives the next state, so a performance can be replayed and tested.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from puppet.core.types import Floats


@dataclass(frozen=True, slots=True)
class OneEuro:
    """min_cutoff in Hz: lower removes more trembling at rest. beta in Hz per unit/s: higher lags less in motion; one
    number, or one for each value of the signal. speed_cutoff in Hz, for the speed estimate itself.
    """

    min_cutoff: float
    beta: float | Floats
    speed_cutoff: float = 2.0


@dataclass(frozen=True, slots=True)
class Smoothed:
    """value: the smoothed signal; speed per second; at: time in seconds. All arrays have the signal's shape."""

    value: Floats
    speed: Floats
    at: float


def start(x: Floats, at: float) -> Smoothed:
    """State after the first sample."""
    return Smoothed(np.asarray(x, np.float32), np.zeros_like(x, np.float32), at)


MAX_GAP = 0.5  # seconds without a sample after which the past says nothing


def smooth(state: Smoothed | None, x: Floats, at: float, settings: OneEuro) -> Smoothed:
    """Next state. x: any shape; `at` in seconds; a sample no later than the last one replaces its value."""
    if state is None or at - state.at > MAX_GAP:
        return start(x, at)
    elapsed = at - state.at
    if elapsed <= 0:
        return replace(state, value=np.asarray(x, np.float32))
    raw_speed = (x - state.value) / elapsed
    speed = state.speed + _alpha(settings.speed_cutoff, elapsed) * (raw_speed - state.speed)
    cutoff = settings.min_cutoff + settings.beta * np.abs(speed)
    value = state.value + _alpha(cutoff, elapsed) * (x - state.value)
    return Smoothed(value.astype(np.float32), speed.astype(np.float32), at)


def _alpha(cutoff, elapsed: float):
    """Weight of the new sample in a first-order low-pass; Casiez et al. 2012, eq. 4 and 5."""
    rate = 2 * np.pi * cutoff * elapsed
    return rate / (rate + 1)
