"""Actors with layers and their pictures, planted: a person that is a disc with a soft edge."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from puppet.actor.runtime import Actor
from puppet.core import pixels
from puppet.core.types import Frame, Image, Latent, Portrait, Result

PERSON = (30, 90, 200)  # BGR, of a planted person


def disc(side: int, radius: float, middle: tuple[float, float] | None = None) -> Image:
    """Alpha uint8 (side, side): 255 within the disc, about 4 px of edge, 0 outside."""
    x, y = middle or (side / 2, side / 2)
    rows, columns = np.indices((side, side))
    distance = np.hypot(columns - x, rows - y)
    return np.rint(255 * np.clip((radius - distance) / 4 + 0.5, 0, 1)).astype(np.uint8)


def person(side: int, alpha: Image | None = None, colour: tuple[int, int, int] = PERSON) -> Image:
    """A person of one colour, uint8 (side, side, 4) BGRA, premultiplied."""
    alpha = disc(side, side / 3) if alpha is None else alpha
    plain = np.broadcast_to(np.array(colour, np.float32), (side, side, 3)) * (alpha[..., None] / 255)
    return np.dstack([np.rint(plain).astype(np.uint8), alpha])


def plate_of(side: int) -> Image:
    """A ramp from left to right, uint8 (side, side, 3), in one corner of which something is."""
    ramp = np.linspace(40, 220, side).astype(np.uint8)
    plate = np.repeat(np.broadcast_to(ramp, (side, side))[..., None], 3, 2).copy()
    plate[: side // 4, : side // 4] = (255, 0, 0)
    return plate


def layer(actor: Actor, plate: Image | None = None) -> Actor:
    """The actor with layers: what it draws within a disc is its person."""
    layered: Any = _Layered(actor, plate_of(actor.card.image_size) if plate is None else plate)
    return layered


class _Layered:
    """As the actor itself, but for its picture."""

    def __init__(self, actor: Actor, plate: Image) -> None:
        self.plate = plate
        self._actor, self._alpha = actor, disc(len(plate), len(plate) / 3)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._actor, name)

    def decode(self, latent: Latent, behind: Image | None = None) -> Portrait:
        cut = cv2.cvtColor(np.dstack([self._actor.decode(latent).image, self._alpha]), cv2.COLOR_RGBA2mRGBA)
        return Portrait(pixels.over(cut, self.plate if behind is None else behind), cut)  # pyright: ignore[reportArgumentType]


def transparent_result(
    number: int = 0, side: int = 128, size: tuple[int, int] = (160, 120), fps: float = 30.0
) -> Result:
    """A result over nothing: the disc moves to the right with `number`; the driver is grey. size: of the frame."""
    alpha = disc(side, side / 4, (side / 3 + number % 30, side / 2))
    drawn = person(side, alpha)
    checked = pixels.over(drawn, np.full((side, side, 3), 128, np.uint8))
    frame = Frame(np.full((size[1], size[0], 3), 77, np.uint8), number, number / fps)
    return Result(frame, None, None, Portrait(checked, drawn), None)
