"""The plate: what is behind the person, from the frames in which the person leaves it free."""

from __future__ import annotations

import cv2
import numpy as np

from models.common.types import Index
from models.networks.puppet.footage import ScaledFootage
from puppet.core.rows import evenly_repeated
from puppet.core.types import Image
from puppet.head.filling import fill, median_where

FRAMES = 80
FREE = 4  # levels of the matte: up to there a pixel shows background alone
AWAY = 0.012  # of the picture's side: how far from a person background is taken, for mattes are not exact


def measure_plate(footage: ScaledFootage, rows: Index) -> Image:
    """The background of footage with mattes, uint8 (S, S, 3) RGB; what the person always covers is filled in."""
    some = np.unique(rows[evenly_repeated(len(rows), FRAMES)])
    side = 2 * round(AWAY * footage.size) + 1
    around = np.ones((side, side), np.uint8)
    free = np.stack([cv2.dilate(matte, around) <= FREE for matte in footage.mattes(some)])
    plate, known = median_where(footage.images(some), free)
    return fill(plate, known).round().clip(0, 255).astype(np.uint8)
