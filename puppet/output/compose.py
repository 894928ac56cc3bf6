"""A result as one picture, for every output. Nothing is drawn into it but the badge, where that is asked for."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core import pixels
from puppet.core.background import GREEN
from puppet.core.layout import Layout
from puppet.core.types import Image, Result
from puppet.provenance.badge import badged, put_badge

LARGE = 512  # px: side by side, smaller portraits are doubled, to no more than that


def compose(result: Result, layout: Layout, height: int = 0, badge: bool = False, alpha: bool = False) -> Image:
    """What a layout shows of a result, uint8 (H, W, 3) BGR.

    Driver left, actor right, both as high as the portrait, or up to LARGE px twice as high; or one of them alone, at
    its own size. Without an actor the driver alone. height: px, another one for the whole picture; 0: as said. badge:
    put the badge on the actor's picture.

    Where nothing is behind the actor, it is over green, for programs that cut it out. alpha: instead the picture is
    uint8 (H, W, 4) BGRA then, with straight alpha; driver and badge are opaque, and the colours of the person's edge go
    on beyond it, because codecs mix colours.
    """
    frame, portrait = result.frame.image, result.portrait
    if layout is Layout.DRIVER or portrait is None:
        return _of_height(frame, height)
    if portrait.person is None:
        return _laid_out(frame, portrait.image, layout, height, badge)
    if alpha:
        return _with_alpha(frame, portrait.person, layout, height, badge)
    green = pixels.filled(GREEN, *portrait.person.shape[1::-1])
    return _laid_out(frame, pixels.over(portrait.person, green), layout, height, badge)


def is_transparent(result: Result) -> bool:
    """Whether nothing is behind the actor."""
    return result.portrait is not None and result.portrait.person is not None


def _laid_out(frame: Image, actor: Image, layout: Layout, height: int, badge: bool) -> Image:
    """The actor's picture, alone or beside the frame."""
    if layout is Layout.ACTOR:
        picture = _of_height(actor, height)
        return badged(picture) if badge else picture
    width, height = _driver_size(frame, actor, height)
    canvas = np.empty((height, width + height, 3), np.uint8)
    cv2.resize(frame, (width, height), dst=canvas[:, :width], interpolation=_method(frame, height))
    canvas[:, width:] = _of_height(actor, height)
    if badge:
        put_badge(canvas[:, width:])
    return canvas


def _with_alpha(frame: Image, person: Image, layout: Layout, height: int, badge: bool) -> Image:
    """As `_laid_out`, of a person with premultiplied alpha: straight alpha."""
    if layout is Layout.ACTOR:
        picture = _of_height(person, height)
        return pixels.straight(badged(picture) if badge else picture, spread=True)
    width, height = _driver_size(frame, person, height)
    canvas = np.empty((height, width + height, 4), np.uint8)
    cv2.resize(pixels.opaque(frame), (width, height), dst=canvas[:, :width], interpolation=_method(frame, height))
    actor = pixels.resize(person, height, height)
    if badge:
        put_badge(actor)
    canvas[:, width:] = pixels.straight(actor, spread=True)
    return canvas


def _driver_size(frame: Image, actor: Image, height: int) -> tuple[int, int]:
    """Width and height of the driver's picture beside the actor's, px. height: the one that is asked for, or 0."""
    side = actor.shape[0]
    height = height or 2 * (max(side, min(2 * side, LARGE)) // 2)  # video wants even sides
    return 2 * round(frame.shape[1] * height / frame.shape[0] / 2), height


def _method(frame: Image, height: int) -> int:
    return cv2.INTER_AREA if frame.shape[0] > height else cv2.INTER_LINEAR


def _of_height(image: Image, height: int) -> Image:
    if height in (0, image.shape[0]):
        return image
    return pixels.resize(image, 2 * round(image.shape[1] * height / image.shape[0] / 2), height)
