"""Where in the picture a direction of the latent space shows. Numpy only."""

from __future__ import annotations

import numpy as np

from puppet.core.types import Image

MIN_SIDE = 0.4  # of a picture's side: less would not tell where on the face one is


def changed_square(before: Image, after: Image) -> tuple[slice, slice]:
    """Rows and columns of the square in which two pictures uint8 (S, S, 3) differ most."""
    side = len(before)
    change = np.abs(before.astype(np.int16) - after).max(2)
    rows, columns = np.nonzero(change > change.max() / 3)
    if not change.max():
        return slice(0, side), slice(0, side)
    spread = 1.3 * max(np.ptp(np.quantile(v, [0.02, 0.98])) for v in (rows, columns))
    wanted = int(np.clip(spread, MIN_SIDE * side, side))
    first = [int(np.clip((v.min() + v.max() - wanted) / 2 + 0.5, 0, side - wanted)) for v in (rows, columns)]
    return slice(first[0], first[0] + wanted), slice(first[1], first[1] + wanted)
