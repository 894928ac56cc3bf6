"""A latent as one line of text, for bookmarks and the clipboard. Numpy only."""

from __future__ import annotations

import re

import numpy as np

from puppet.core.errors import PuppetError
from puppet.core.types import Floats

MAX_COORDINATE = 1e4  # useful coordinates are far smaller


def to_text(point: Floats) -> str:
    """A latent as one line, which `from_text` turns back into exactly the same numbers."""
    numbers = " ".join(np.format_float_positional(np.float32(v), unique=True, trim="-") for v in point)
    return f"latent of {len(point)}: {numbers}"


def from_text(text: str, size: int) -> Floats:
    """The latent f32 (size,) of a text. Raises PuppetError.

    Text before a colon is skipped; spaces, commas, semicolons and brackets separate the numbers.
    """
    parts = [part for part in re.split(r"[\s,;\[\]()]+", text[-64 * size :].rpartition(":")[2]) if part]
    try:
        point = np.array([float(part) for part in parts[: size + 1]])
    except ValueError as error:
        raise PuppetError(f"That is no latent: {str(error)[:80]}") from None
    if len(parts) != size:
        raise PuppetError(f"That is no latent of this actor: it has {len(parts)} numbers, {size} are needed")
    if not np.isfinite(point).all() or np.abs(point).max() > MAX_COORDINATE:
        raise PuppetError("That is no latent: a number in it is not finite, or far too large")
    return point.astype(np.float32)
