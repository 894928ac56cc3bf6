"""A result as one picture, for every output. Nothing is drawn into it but the badge, where that is asked for."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core import pixels
from puppet.core.layout import Layout
from puppet.core.types import Image, Result
from puppet.provenance.badge import badged, put_badge

PANE_SCALE = 2  # side by side, the picture is this many portraits high


def compose(result: Result, layout: Layout, height: int = 0, badge: bool = False) -> Image:
    """What a layout shows of a result, uint8 (H, W, 3) BGR.

    Driver left, actor right, both as high as PANE_SCALE portraits; or one of them alone, at its own size. Without an
    actor the driver alone. height: px, another one for the whole picture; 0: as said. badge: put the badge on the
    actor's picture.
    """
    frame, portrait = result.frame.image, result.portrait
    if layout is Layout.DRIVER or portrait is None:
        return _of_height(frame, height)
    if layout is Layout.ACTOR:
        picture = _of_height(portrait.image, height)
        return badged(picture) if badge else picture
    height = height or portrait.image.shape[0] * PANE_SCALE
    width = 2 * round(frame.shape[1] * height / frame.shape[0] / 2)
    canvas = np.empty((height, width + height, 3), np.uint8)
    method = cv2.INTER_AREA if frame.shape[0] > height else cv2.INTER_LINEAR
    cv2.resize(frame, (width, height), dst=canvas[:, :width], interpolation=method)
    canvas[:, width:] = pixels.resize(portrait.image, height, height)
    if badge:
        put_badge(canvas[:, width:])
    return canvas


def _of_height(image: Image, height: int) -> Image:
    if height in (0, image.shape[0]):
        return image
    return pixels.resize(image, 2 * round(image.shape[1] * height / image.shape[0] / 2), height)
