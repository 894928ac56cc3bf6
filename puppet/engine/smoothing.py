"""Smoothing of landmarks, pose and latents: the One-Euro filter (Casiez, Roussel & Vogel 2012).

It is strong while the signal rests, so that trembling goes, and weak while it moves, so that it lags little.

State is a value: `smooth(state, x, t)` gives the next state, so a performance can be replayed and tested.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from puppet.core.types import Floats

Rate = TypeVar("Rate", float, Floats)


MAX_GAP = 0.5  # s without a sample, after which the filter starts again
SMOOTHING_OCTAVES = 4.0  # of cut-off between smoothing 0 and 1


@dataclass(frozen=True, slots=True)
class OneEuro:
    """Settings of the filter."""

    min_cutoff: float  # Hz; lower removes more trembling at rest
    beta: float | Floats  # Hz per (unit / s); higher lags less in motion; one for all values of the signal, or one each
    speed_cutoff: float = 2.0  # Hz, of the speed estimate itself


@dataclass(frozen=True, slots=True)
class Smoothed:
    """State of the filter. Arrays have the signal's shape."""

    value: Floats  # the smoothed signal
    speed: Floats  # per second
    at: float  # s


# At smoothing 0.5. Lids move about 1 eye distance per second when they blink: their cut-off then is far above the
# frame rate, so that a blink stays a blink. The cut-offs at rest are high because FaceMesh smooths a little itself:
# lower ones (2.5 and 2 Hz) cost 0.02 to 0.06 of expression correlation on people who move little.
LANDMARK_FILTER = OneEuro(min_cutoff=6.0, beta=100.0)  # Hz, Hz per (eye distance / s)
DEGREES_PER_EYE_DISTANCE = 45.0  # a head that nods about its neck by 45 degrees moves the eyes about that far
_POSE_BETA = np.array([1, 1, 1] + [DEGREES_PER_EYE_DISTANCE] * 3, np.float32) * np.float32(0.8)
POSE_FILTER = OneEuro(min_cutoff=4.0, beta=_POSE_BETA)  # Hz, Hz per (degree / s), or per (eye distance / s), (1 / s)
LATENT_FILTER = OneEuro(min_cutoff=2.5, beta=4.0)  # Hz, Hz per (standard deviation / s); for actors that see pixels


def start(x: Floats, at: float) -> Smoothed:
    """The state after the first sample."""
    return Smoothed(np.asarray(x, np.float32), np.zeros_like(x, np.float32), at)


def smooth(state: Smoothed | None, x: Floats, at: float, settings: OneEuro) -> Smoothed:
    """The next state. x: any shape; `at` in seconds; a sample no later than the last one replaces its value."""
    if state is None or at - state.at > MAX_GAP:
        return start(x, at)
    elapsed = at - state.at
    if elapsed <= 0:
        return replace(state, value=np.asarray(x, np.float32))
    change, turn = x - state.value, 2 * math.pi * elapsed
    for_speed = _weight(settings.speed_cutoff * turn)
    speed = state.speed * (1 - for_speed) + change * (for_speed / elapsed)
    rate = np.abs(speed) * (settings.beta * turn) + settings.min_cutoff * turn
    value = state.value + change * _weight(rate)
    return Smoothed(value.astype(np.float32, copy=False), speed.astype(np.float32, copy=False), at)


def smooth_by(state: Smoothed | None, x: Floats, at: float, settings: OneEuro, strength: float) -> Smoothed:
    """The next state with the user's smoothing, 0 (off) .. 1: each quarter of it halves or doubles the cut-offs."""
    if strength <= 0:
        return smooth(None, x, at, settings)
    factor = 2 ** (SMOOTHING_OCTAVES * (0.5 - strength))
    return smooth(state, x, at, OneEuro(settings.min_cutoff * factor, settings.beta * factor, settings.speed_cutoff))


def _weight(rate: Rate) -> Rate:
    """Weight of the new sample in a first-order low-pass; Casiez et al. 2012, eq. 4 and 5.

    rate: 2 pi * cut-off in Hz * seconds since the last sample.
    """
    return rate / (rate + 1)
