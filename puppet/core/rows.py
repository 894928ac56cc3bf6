"""The one way to choose N evenly spread rows of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def evenly_spread(count: int, most: int) -> NDArray[np.intp]:
    """At most `most` of the rows 0 .. count - 1, evenly spread, ascending; all of them if there are no more."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.intp)


def evenly_repeated(count: int, exactly: int) -> NDArray[np.intp]:
    """Exactly so many of the rows 0 .. count - 1, evenly spread, ascending; with repeats if there are fewer.

    Places are rounded down, not to the nearest row: what is fitted to these rows stays what it was in earlier versions.
    """
    return np.linspace(0, count - 1, exactly).astype(np.intp)
