"""A picture of a face that needs nothing from outside: the first frame of the built-in clip, of a synthetic person."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core.types import Image
from puppet.sources.registry import DEMO_CLIP


def demo_frame() -> Image:
    """uint8 (H, W, 3) BGR."""
    clip = cv2.VideoCapture(str(DEMO_CLIP))
    picture = clip.read()[1]
    clip.release()
    return np.asarray(picture, np.uint8)
