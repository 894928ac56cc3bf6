"""Teeth, gums and tongue, drawn: what a mouth shows whose picture shows none. Sizes are an average adult's."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core.types import Floats, Image

HEIGHT, WIDTH = 128, 256  # px
FINER = 4  # drawn so much larger
# BGR, beside a skin of the colour SKIN
SKIN = (160.0, 185.0, 220.0)
TEETH, GUMS, DARK, TONGUE = (140.0, 166.0, 178.0), (88.0, 94.0, 158.0), (12.0, 12.0, 26.0), (44.0, 46.0, 100.0)
UPPER = (0.104, 0.078, 0.080, 0.052, 0.040, 0.028)  # widths from the middle on, shares of the picture's
LOWER = (0.062, 0.066, 0.072, 0.054, 0.042, 0.030)
UPPER_LONG = (1.0, 0.93, 0.98, 0.88, 0.82, 0.78)
GUM_LINE, BITE = 0.34, 0.87  # rows of the upper picture between which the longest tooth lies
LOWER_TOP, LOWER_END = 0.50, 0.76  # rows of the lower picture
CORNERS = 0.30  # how far from the middle, as a share of the width, it is half dark


def upper() -> Image:
    """The picture of the upper teeth uint8 (H, W, 3) BGR."""
    picture = _plain(GUMS)
    height = len(picture)
    picture[round(0.55 * height) :] = DARK
    _row(picture, UPPER, UPPER_LONG, GUM_LINE * height, BITE * height, down=True)
    return _finished(picture)


def lower() -> Image:
    """The picture of the dark between the jaws, the tongue and the lower teeth uint8 (H, W, 3) BGR."""
    picture = _plain(DARK)
    height, width = picture.shape[:2]
    tongue = np.zeros((height, width), np.float32)
    cv2.ellipse(
        tongue, (width // 2, round(0.5 * height)), (round(0.27 * width), round(0.3 * height)), 0, 0, 360, (1.0,), -1
    )
    tongue = cv2.GaussianBlur(tongue, (0, 0), 0.06 * height)[..., None]
    picture += tongue * (np.array(TONGUE, np.float32) - picture)
    picture[round(LOWER_TOP * height + 0.1 * height) :] = GUMS
    _row(picture, LOWER, (1.0,) * len(LOWER), LOWER_TOP * height, LOWER_END * height, down=False)
    return _finished(picture)


def _plain(colour: tuple[float, ...]) -> Floats:
    return np.full((HEIGHT * FINER, WIDTH * FINER, 3), colour, np.float32)


def _row(
    picture: Floats, widths: tuple[float, ...], lengths: tuple[float, ...], top: float, end: float, down: bool
) -> None:
    """Draw a row of teeth, right and left of the middle. down: their edges are below."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for side in (-1, 1):
        start = 0.0
        for share, length in zip(widths, lengths, strict=True):
            half, middle = share * width / 2, (0.5 + side * (start + share / 2)) * width
            start += share
            long = length * (end - top)
            along = (y - top) / long if down else (end - y) / long  # 0 at the gum, 1 at the edge
            across = (x - middle) / (half * (0.93 + 0.06 * along.clip(0, 1)))
            inside = (np.abs(across) ** 7 + (np.abs(along - 0.5) / 0.5) ** 6) < 1
            shade = (1 - 0.1 * across**2) * (0.84 + 0.16 * along.clip(0, 1))
            tooth = np.array(TEETH, np.float32) * shade[..., None]
            edge = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), FINER * 0.9)[..., None]
            gap = cv2.dilate(inside.astype(np.uint8), np.ones((FINER, FINER), np.uint8)).astype(np.float32)
            gap = cv2.GaussianBlur(gap, (0, 0), FINER)[..., None] * (along > 0.25)[..., None]
            picture += gap * (np.array(DARK, np.float32) * 5 - picture) * 0.5 * (1 - edge)
            picture += edge * (tooth - picture)


def _finished(picture: Floats) -> Image:
    """In the light that falls into a mouth: little reaches its corners."""
    width = picture.shape[1]
    away = np.abs(np.arange(width) / width - 0.5) / CORNERS
    lit = picture * (1 / (1 + away**4))[None, :, None]
    return cv2.resize(lit, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).round().clip(0, 255).astype(np.uint8)
