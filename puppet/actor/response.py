"""How much of a movement that drives an actor a tracker measures on its pictures, by region."""

from __future__ import annotations

import numpy as np

from puppet.core.types import Floats
from puppet.face.measurements import RESPONSE_REGIONS, measure


def response(asked: Floats, seen: Floats) -> dict[str, float]:
    """Regression slope by region of seen on asked canonical landmarks, f32 (N, 478, 3) each."""
    wanted, got = measure(asked), measure(seen)
    slopes: dict[str, float] = {}
    for region, prefix in RESPONSE_REGIONS.items():
        names = [name for name in wanted if name.startswith(prefix)]
        x, y = (np.stack([values[name] - values[name].mean() for name in names]) for values in (wanted, got))
        slopes[region] = round(float((x * y).sum() / np.maximum((x * x).sum(), 1e-12)), 3)
    return slopes
