"""The morph of one actor's face into another's. Numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from puppet.actor.card import MESH
from puppet.core import pixels
from puppet.core.types import Image, Latent, Portrait

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor


class ActorMorph:
    """A face between those of two actors.

    The points of two puppet actors correspond (landmarks, rings, border), though they are triangulated differently:
    each actor's texture is drawn over points between both, and the two pictures are cross-dissolved. Actors whose
    points do not correspond are only cross-dissolved.

    bends: whether the points correspond.
    """

    def __init__(self, a: Actor, b: Actor) -> None:
        self.a, self.b = a, b
        self.bends = a.card.kind == b.card.kind == MESH and _points(a) == _points(b)

    def draw(self, a: Latent, b: Latent, share: float) -> Portrait:
        """The face at `share` of the way from a (0) to b (1).

        a, b: latents of the two actors. As large as the larger actor's pictures, uint8 (S, S, 3) BGR.
        """
        share = float(np.clip(share, 0, 1))
        size = max(self.a.card.image_size, self.b.card.image_size)
        if not self.bends:
            return Portrait(_dissolve(self.a.decode(a).image, self.b.decode(b).image, share, size))
        texture_a, points_a = self.a.parts(a)
        texture_b, points_b = self.b.parts(b)
        side_a, side_b = self.a.card.image_size, self.b.card.image_size
        # the centre of pixel i of S lies at (i + 0.5) / S of the picture
        between = (1 - share) * (points_a + 0.5) / side_a + share * (points_b + 0.5) / side_b
        first = self.a.draw(texture_a, (between * side_a - 0.5).astype(np.float32)) if share < 1 else None
        second = self.b.draw(texture_b, (between * side_b - 0.5).astype(np.float32)) if share > 0 else None
        if first is None or second is None:
            (only,) = [portrait for portrait in (first, second) if portrait is not None]
            return Portrait(_fitted(only.image, size))
        return Portrait(_dissolve(first.image, second.image, share, size))


def eased(count: int) -> Iterator[float]:
    """`count` shares from 0 to 1 that start and end slowly."""
    for linear in np.linspace(0, 1, count):
        yield float(linear * linear * (3 - 2 * linear))


def _points(actor: Actor) -> int:
    return 0 if actor.card.texture_points is None else len(actor.card.texture_points)


def _fitted(image: Image, size: int) -> Image:
    return image if len(image) == size else pixels.resize(image, size, size)


def _dissolve(a: Image, b: Image, share: float, size: int) -> Image:
    mixed = (1 - share) * _fitted(a, size).astype(np.float32) + share * _fitted(b, size)
    return np.rint(mixed).astype(np.uint8)
