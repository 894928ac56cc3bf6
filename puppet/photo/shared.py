"""What the actors of all pictures share: the mesh's layout, components of expression, teeth. See `models/assets`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, Image
from puppet.parsing.arrays import read_arrays
from puppet.storage.folders import ASSETS

FILE = ASSETS / "photo.npz"
MAX_BYTES = 16 << 20


@dataclass(frozen=True, eq=False)
class Shared:
    """Learned from synthetic people by `models/assets/learn_photo.py`.

    triangles i32 (T, 3), the last ones `openings` and what is seen through them; texture_points f32 (V, 2), shares of
    the texture's side. project f32 (468 * 3, K) and basis f32 (K, 468 * 3): canonical offsets from rest to whitened
    components and back; logvar f32 (K,) of the posterior. samples f32 (N, K): components of real expressions, drawn
    with gazes, samples_look f32 (N, 2). jaw_drop: as in puppet/head/mouth.py. upper, lower: uint8 (H, W, 3) BGR,
    teeth beside a skin of the colour `skin`.
    """

    triangles: NDArray[np.int32]
    openings: int
    texture_points: Floats
    project: Floats
    basis: Floats
    logvar: Floats
    samples: Floats
    samples_look: Floats
    jaw_drop: float
    upper: Image
    lower: Image
    skin: Floats

    @property
    def components(self) -> int:
        """Number of components of expression."""
        return len(self.logvar)


@cache
def shared() -> Shared:
    """The asset. Raises OSError, ValueError."""
    file = read_arrays(FILE, MAX_BYTES)
    floats = ("texture_points", "project", "basis", "logvar", "samples", "samples_look", "skin")
    return Shared(
        triangles=file["triangles"].astype(np.int32),
        openings=int(file["openings"]),
        jaw_drop=float(file["jaw_drop"]),
        upper=file["upper"],
        lower=file["lower"],
        **{name: file[name].astype(np.float32) for name in floats},
    )
