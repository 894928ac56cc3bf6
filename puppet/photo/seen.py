"""What a picture shows of an actor, in one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, Image


@dataclass(frozen=True, eq=False)
class Seen:
    """The part of a picture that an actor is made of: uint8 (M, M, 3) BGR.

    matte f32 (M, M), 0 to 1: the person. within: bool (M, M), what the picture reaches; beyond, its border is repeated.
    vertices f32 (V, 3) px: of the mesh in it. points: f32 (478, 3) px, the tracked face.
    """

    picture: Image
    matte: Floats
    within: NDArray[np.bool_]
    vertices: Floats
    points: Floats
