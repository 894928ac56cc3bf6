"""The one place for BGR/RGB, uint8/float and HWC/CHW. Networks see RGB uint8; OpenCV and Qt see BGR uint8."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core.types import Image


def swap_red_blue(image: Image) -> Image:
    """BGR <-> RGB, uint8 (H, W, 3) -> a new contiguous array of the same shape."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # pyright: ignore[reportReturnType]


def resize(image: Image, width: int, height: int) -> Image:
    """Resize uint8 (H, W, 3) to (height, width, 3): area averaging when shrinking, bicubic when growing."""
    shrinking = width * height < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=method)  # pyright: ignore[reportReturnType]


def fit(image: Image, width: int, height: int) -> Image:
    """Scale uint8 (H, W, 3) to fit inside (height, width), aspect kept, the rest black."""
    scale = min(width / image.shape[1], height / image.shape[0])
    w, h = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    canvas = np.zeros((height, width, 3), np.uint8)
    x, y = (width - w) // 2, (height - h) // 2
    canvas[y : y + h, x : x + w] = image if (w, h) == (image.shape[1], image.shape[0]) else resize(image, w, h)
    return canvas
