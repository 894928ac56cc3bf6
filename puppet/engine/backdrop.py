"""Backgrounds that are ready to be drawn, and what an actor of some size has behind its person then."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from puppet.core import pixels
from puppet.core.background import Background, BackgroundKind
from puppet.core.types import Image

BLUR = 1 / 24  # standard deviation of the blur, of the picture's side
COARSE = 8  # a blur of this strength needs no more than every eighth pixel
SQUARES = 32  # of the checkerboard, along a side
GREYS = (128, 168)  # its levels


@dataclass(frozen=True)
class Backdrop:
    """A background whose picture has been read.

    picture: uint8 (H, W, 3) BGR of a PICTURE, else None; left out where two are compared.
    """

    wanted: Background = Background()
    picture: Image | None = field(default=None, compare=False)

    def behind(self, plate: Image, side: int, mirrored: bool) -> Image | None:
        """What is behind a person, uint8 (side, side, 3) BGR; None: the actor's own plate as it is.

        plate: that of the actor, uint8 (S, S, 3) BGR. mirrored: the whole picture is mirrored afterwards, and what is
        chosen must not be: a text in it stays readable. The plate, blurred or not, is mirrored with its person.
        """
        kind = self.wanted.kind
        if kind is BackgroundKind.OWN:
            return None
        if kind is BackgroundKind.BLURRED:
            return blurred(plate, side)
        if kind is BackgroundKind.TRANSPARENT:
            return checkerboard(side)
        if kind is BackgroundKind.COLOUR or self.picture is None:
            return pixels.filled(self.wanted.colour, side, side)
        square = pixels.cover(self.picture, side)
        return np.ascontiguousarray(square[:, ::-1]) if mirrored else square


def blurred(plate: Image, side: int) -> Image:
    """A plate uint8 (S, S, 3), so blurred that only light and colours are left, as (side, side, 3)."""
    coarse = pixels.cover(plate, max(1, side // COARSE))
    soft = cv2.GaussianBlur(coarse, (0, 0), BLUR * len(coarse), borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(soft, (side, side), interpolation=cv2.INTER_CUBIC)  # pyright: ignore[reportReturnType]


def checkerboard(side: int) -> Image:
    """The sign for nothing: grey squares, uint8 (side, side, 3)."""
    number = np.arange(side) * SQUARES // side
    odd = (number[:, None] + number) % 2
    return np.repeat(np.array(GREYS, np.uint8)[odd][..., None], 3, axis=2)


def mixed(a: Image, b: Image, share: float) -> Image:
    """The picture at `share` of the way from a (0) to b (1), of equal shapes."""
    return cv2.addWeighted(a, 1 - share, b, share, 0)  # pyright: ignore[reportReturnType]
