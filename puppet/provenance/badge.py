"""The visible badge in a corner of the actor's picture, which says that it is synthetic."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Image

WORDS = "SYNTHETIC"
SHARE = 0.04  # of the picture's height
LEAST = 11  # px; smaller is not read
MARGIN = 0.6  # of the badge's height, from the picture's edges
STRENGTH = 0.62  # of the plate; the words are as opaque as that lets them be
OVERSAMPLE = 4  # drawn so much larger, then averaged: OpenCV's letters are thin lines
PLATE, INK = 24, 235  # grey levels
UNDER = np.array((PLATE, PLATE, PLATE, 255), np.float32)  # premultiplied, where nothing is under the badge


def put_badge(picture: Image) -> None:
    """Draw the badge into the lower right corner of uint8 (H, W, C), in place; not into pictures too small for it.

    C: 3, or 4 with premultiplied alpha, which becomes 255 under the badge: it is never transparent.
    """
    height = max(LEAST, round(picture.shape[0] * SHARE))
    grey, opacity, covered = _badge(height)
    margin = round(height * MARGIN)
    bottom, right = picture.shape[0] - margin, picture.shape[1] - margin
    top, left = bottom - opacity.shape[0], right - opacity.shape[1]
    if top < 0 or left < 0:
        return
    corner = picture[top:bottom, left:right]
    if picture.shape[2] == 4:  # where nothing is, the badge lies on its own plate
        corner[:] = np.rint(corner + covered * (1 - corner[..., 3:] / np.float32(255)) * UNDER).astype(np.uint8)
        corner = corner[..., :3]
    corner[:] = np.rint(corner * (1 - opacity) + grey * opacity).astype(np.uint8)


def badged(picture: Image) -> Image:
    """A copy of uint8 (H, W, C) with the badge, as `put_badge` draws it."""
    copy = picture.copy()
    put_badge(copy)
    return copy


@functools.lru_cache(maxsize=8)
def _badge(height: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Grey levels, opacities 0 .. 1, and which share of a pixel it covers, each f32 (height, width, 1)."""
    tall = height * OVERSAMPLE
    font, scale, thickness = cv2.FONT_HERSHEY_DUPLEX, tall * 0.55 / 21, max(1, round(tall * 0.05))
    (width, text_height), _ = cv2.getTextSize(WORDS, font, scale, thickness)
    wide = -(-(width + round(tall * 0.8)) // OVERSAMPLE) * OVERSAMPLE
    plate, ink = np.zeros((tall, wide), np.uint8), np.zeros((tall, wide), np.uint8)
    radius = tall // 4
    cv2.rectangle(plate, (radius, 0), (wide - 1 - radius, tall - 1), (255,), -1)
    cv2.rectangle(plate, (0, radius), (wide - 1, tall - 1 - radius), (255,), -1)
    for x in (radius, wide - 1 - radius):
        for y in (radius, tall - 1 - radius):
            cv2.circle(plate, (x, y), radius, (255,), -1)
    origin = ((wide - width) // 2, (tall + text_height) // 2)
    cv2.putText(ink, WORDS, origin, font, scale, (255,), thickness, cv2.LINE_AA)
    size = (wide // OVERSAMPLE, height)
    plate_share, ink_share = (cv2.resize(m, size, interpolation=cv2.INTER_AREA) / np.float32(255) for m in (plate, ink))
    opacity = STRENGTH * plate_share + (1 - STRENGTH) * 0.8 * ink_share * plate_share
    grey = PLATE + (INK - PLATE) * ink_share
    return _column(grey), _column(opacity), _column(plate_share)


def _column(values: NDArray[np.floating]) -> NDArray[np.float32]:
    return values[..., None].astype(np.float32)
