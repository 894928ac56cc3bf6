"""A result as one picture, for every output. Nothing is drawn into it but the badge, where that is asked for."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core import pixels
from puppet.core.layout import Layout
from puppet.core.types import Image, Result
from puppet.provenance.badge import badged, put_badge

LARGE = 512  # px: side by side, smaller portraits are doubled, to no more than that


def compose(result: Result, layout: Layout, height: int = 0, badge: bool = False) -> Image:
    """What a layout shows of a result, uint8 (H, W, 3) BGR.

    Driver left, actor right, both as high as the portrait, or up to LARGE px twice as high; or one of them alone, at
    its own size. Without an actor the driver alone. height: px, another one for the whole picture; 0: as said. badge:
    put the badge on the actor's picture.
    """
    frame, portrait = result.frame.image, result.portrait
    if layout is Layout.DRIVER or portrait is None:
        return _of_height(frame, height)
    if layout is Layout.ACTOR:
        picture = _of_height(portrait.image, height)
        return badged(picture) if badge else picture
    side = portrait.image.shape[0]
    height = height or 2 * (max(side, min(2 * side, LARGE)) // 2)  # video wants even sides
    width = 2 * round(frame.shape[1] * height / frame.shape[0] / 2)
    canvas = np.empty((height, width + height, 3), np.uint8)
    method = cv2.INTER_AREA if frame.shape[0] > height else cv2.INTER_LINEAR
    cv2.resize(frame, (width, height), dst=canvas[:, :width], interpolation=method)
    canvas[:, width:] = portrait.image if height == side else pixels.resize(portrait.image, height, height)
    if badge:
        put_badge(canvas[:, width:])
    return canvas


def _of_height(image: Image, height: int) -> Image:
    if height in (0, image.shape[0]):
        return image
    return pixels.resize(image, 2 * round(image.shape[1] * height / image.shape[0] / 2), height)
