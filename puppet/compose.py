"""A result as one picture, for whatever leaves the program. Never with text burnt in."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np

from puppet import pixels
from puppet.frames import Image, Result

PANE_SCALE = 2  # side by side, the picture is this many portraits high


class Layout(Enum):
    """What the picture shows."""

    SIDE_BY_SIDE = "side-by-side"
    ACTOR = "actor"
    DRIVER = "driver"


def compose(result: Result, layout: Layout) -> Image:
    """uint8 (H, W, 3) BGR: driver left, actor right, both as high as PANE_SCALE portraits; or one of them alone, at its
    own size. Without an actor the driver alone."""
    frame, portrait = result.frame, result.portrait
    if layout is Layout.DRIVER or portrait is None:
        return frame.image
    if layout is Layout.ACTOR:
        return portrait.image
    height = portrait.image.shape[0] * PANE_SCALE
    width = 2 * round(frame.image.shape[1] * height / frame.image.shape[0] / 2)
    canvas = np.empty((height, width + height, 3), np.uint8)
    method = cv2.INTER_AREA if frame.image.shape[0] > height else cv2.INTER_LINEAR
    cv2.resize(frame.image, (width, height), dst=canvas[:, :width], interpolation=method)
    canvas[:, width:] = pixels.resize(portrait.image, height, height)
    return canvas
