"""The morph of one actor's face into another's. Numpy and OpenCV only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from puppet.actor.card import MESH
from puppet.core import pixels
from puppet.core.types import Image, Latent, Portrait

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor


class ActorMorph:
    """A face between those of two actors.

    The points of two puppet actors correspond (landmarks, rings, border), though they are triangulated differently:
    each actor's texture is drawn over points between both, and the two pictures are cross-dissolved. Of two actors with
    layers the persons are, premultiplied, so that their outlines melt too; what is behind is cross-dissolved apart.
    Actors whose points do not correspond are only cross-dissolved.

    bends: whether the points correspond. layers: whether both actors have layers, and neither keeps its background.
    """

    def __init__(self, a: Actor, b: Actor) -> None:
        self.a, self.b = a, b
        self.bends = a.card.kind == b.card.kind == MESH and _points(a) == _points(b)
        self.layers = a.plate is not None and b.plate is not None

    def draw(self, a: Latent, b: Latent, share: float, behind: Image | None = None) -> Portrait:
        """The face at `share` of the way from a (0) to b (1).

        a, b: latents of the two actors. behind: uint8 (S, S, 3) BGR, what persons are drawn over; their own plates when
        None. As large as the larger actor's pictures, S.
        """
        share = float(np.clip(share, 0, 1))
        size = max(self.a.card.image_size, self.b.card.image_size)
        first, second = self._drawn(a, b, share)
        if not self.layers:
            first, second = _finished(self.a, first, behind), _finished(self.b, second, behind)
            return Portrait(_dissolve(first, second, share, size))
        person = _dissolve(first, second, share, size)
        if behind is None:
            behind = _dissolve(self.a.plate, self.b.plate, share, size)
        return Portrait(pixels.over(person, _fitted(behind, size)), person)

    def _drawn(self, a: Latent, b: Latent, share: float) -> tuple[Image | None, Image | None]:
        """What each actor draws over its background, or its picture without layers; None of one that has no share."""
        if not self.bends:
            one, other = self.a.decode(a), self.b.decode(b)
            return (
                one.image if one.person is None else one.person,
                other.image if other.person is None else other.person,
            )
        painted_a, points_a = self.a.parts(a)
        painted_b, points_b = self.b.parts(b)
        side_a, side_b = self.a.card.image_size, self.b.card.image_size
        # the centre of pixel i of S lies at (i + 0.5) / S of the picture
        between = (1 - share) * (points_a + 0.5) / side_a + share * (points_b + 0.5) / side_b
        first = self.a.drawn(painted_a, (between * side_a - 0.5).astype(np.float32)) if share < 1 else None
        second = self.b.drawn(painted_b, (between * side_b - 0.5).astype(np.float32)) if share > 0 else None
        return first, second


def eased(count: int) -> Iterator[float]:
    """`count` shares from 0 to 1 that start and end slowly."""
    for linear in np.linspace(0, 1, count):
        yield float(linear * linear * (3 - 2 * linear))


def _points(actor: Actor) -> int:
    return 0 if actor.card.texture_points is None else len(actor.card.texture_points)


def _finished(actor: Actor, drawn: Image | None, behind: Image | None) -> Image | None:
    """An actor's picture, over its background if it has layers."""
    if drawn is None or actor.plate is None:
        return drawn
    return pixels.over(drawn, actor.plate if behind is None else _fitted(behind, len(drawn)))


def _fitted(image: Image, size: int) -> Image:
    return image if len(image) == size else pixels.resize(image, size, size)


def _dissolve(a: Image | None, b: Image | None, share: float, size: int) -> Image:
    """The mean of two pictures, `share` of it b, in the given size; one of them when there is no other."""
    if a is None or b is None:
        (only,) = [image for image in (a, b) if image is not None]
        return _fitted(only, size)
    return cast("Image", cv2.addWeighted(_fitted(a, size), 1 - share, _fitted(b, size), share, 0))
