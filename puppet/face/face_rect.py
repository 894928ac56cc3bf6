"""Squares around faces: where MediaPipe's graphs cut the picture that a network gets, and how its points come back.

Coordinates are MediaPipe's: (0, 0) is the corner of the top-left pixel. Source: mediapipe/modules/face_landmark and the
calculators that it names, of MediaPipe 0.10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core import pixels
from puppet.core.types import Floats, Image

MARGIN = 1.5  # a face's square: so many times the larger side of its box
EYE_CORNERS = (33, 263)  # outer ones, on the image's left and right: the square lies along their line
SAME_RECT = 0.5  # squares that share more than this part are one face's (intersection over union)


@dataclass(frozen=True, slots=True)
class FaceRect:
    """A square in a picture. x, y: its middle, px; side in px; angle in radians, > 0 clockwise."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    @property
    def corner(self) -> NDArray[np.float64]:
        """Its low x and low y when it is not turned."""
        return np.array([self.x, self.y]) - self.side / 2

    def to_picture(self, size: int) -> NDArray[np.float64]:
        """The transform (2, 3): px of a crop of `size` -> px of the picture."""
        scale = self.side / size
        c, s = scale * np.cos(self.angle), scale * np.sin(self.angle)
        linear = np.array([[c, -s], [s, c]])
        return np.column_stack([linear, np.array([self.x, self.y]) - linear.sum(1) * (size / 2)])

    def cut(self, image: Image, size: int, border: int) -> Image:
        """The crop, uint8 (size, size, 3) RGB, of a BGR picture. border: OpenCV's, for what lies outside.

        MediaPipe's transform is between corners, but pixel numbers go through it: so they do here.
        """
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        crop = cv2.warpAffine(image, self.to_picture(size), (size, size), flags=flags, borderMode=border)
        return pixels.swap_red_blue(np.asarray(crop, np.uint8))

    def place(self, points: Floats, size: int) -> Floats:
        """Points f32 (P, 3) px of a crop of `size` -> px of the picture, z on x's scale."""
        transform = self.to_picture(size)
        flat = points[:, :2] @ transform[:, :2].T + transform[:, 2]
        return np.column_stack([flat, points[:, 2] * (self.side / size)]).astype(np.float32)

    def scaled(self, before: tuple[int, int], now: tuple[int, int]) -> FaceRect:
        """The same part of the picture when its size, width and height in px, is another one."""
        if before == now:
            return self
        across, down = now[0] / before[0], now[1] / before[1]
        return FaceRect(self.x * across, self.y * down, self.side * (across * down) ** 0.5, self.angle)

    def overlap(self, other: FaceRect) -> float:
        """Intersection over union, of the squares not turned."""
        width = min(self.x + self.side / 2, other.x + other.side / 2) - max(
            self.x - self.side / 2, other.x - other.side / 2
        )
        height = min(self.y + self.side / 2, other.y + other.side / 2) - max(
            self.y - self.side / 2, other.y - other.side / 2
        )
        shared = max(0.0, width) * max(0.0, height)
        return shared / (self.side**2 + other.side**2 - shared)


def rect_around(low: Floats, high: Floats, left_eye: Floats, right_eye: Floats) -> FaceRect:
    """The square around a face whose box goes from `low` to `high`, along the line of the eyes; all (x, y) px."""
    (x, y), (width, height) = (low + high) / 2, high - low
    across = right_eye - left_eye
    angle = float(np.arctan2(across[1], across[0]))
    return FaceRect(float(x), float(y), MARGIN * float(max(width, height)), angle)


def rect_of_points(points: Floats) -> FaceRect:
    """The square in which the face is looked for in the next frame. points: f32 (478, 3) px of this one."""
    flat = points[:, :2]
    return rect_around(flat.min(0), flat.max(0), *flat[list(EYE_CORNERS)])


def joined(found: Iterable[FaceRect], followed: Iterable[FaceRect]) -> list[FaceRect]:
    """Each face's square once: the one that is followed, otherwise the one that was found."""
    kept: list[FaceRect] = []
    for rect in (*found, *followed):
        kept = [other for other in kept if rect.overlap(other) <= SAME_RECT]
        kept.append(rect)
    return kept
