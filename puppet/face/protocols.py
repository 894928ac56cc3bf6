"""Protocols of face trackers and detectors, and the box by which they tell where a face is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from puppet.core.types import Face, Floats, Frame, Image

SAME_PLACE = 0.6  # sizes of a face: boxes nearer together than that are one face's


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where a face is in a picture: its middle and its width, px."""

    x: float
    y: float
    size: float

    def distance(self, other: FaceBox) -> float:
        """Between the middles, in sizes of the larger one."""
        return math.hypot(self.x - other.x, self.y - other.y) / max(self.size, other.size)

    def mirrored(self, width: int) -> FaceBox:
        """The same in the mirrored picture, `width` px wide."""
        return FaceBox(width - 1 - self.x, self.y, self.size)


def box_of(points: Floats) -> FaceBox:
    """The box of a tracked face f32 (478, 3) px, as a detector would place it."""
    flat = np.ascontiguousarray(points[:, :2].T)  # along rows numpy finds least and most three times as fast
    (left, top), (right, bottom) = flat.min(1).tolist(), flat.max(1).tolist()
    return FaceBox((left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top))


def without_doubles(boxes: Iterable[FaceBox]) -> list[FaceBox]:
    """The first of the boxes that lie at one place: detectors may find a small face twice."""
    kept: list[FaceBox] = []
    for box in boxes:
        if all(box.distance(other) > SAME_PLACE for other in kept):
            kept.append(box)
    return kept


class FaceMesh(Protocol):
    """Finds the points of faces, and follows faces that it has found. Used and closed in the thread that made it."""

    def find(self, image: Image) -> list[Floats]:
        """Points f32 (478, 3) px of every face seen in a picture, uint8 (H, W, 3) BGR; z on x's scale."""
        ...

    def reset(self) -> None:
        """Forget where faces were."""
        ...

    def close(self) -> None:
        """Free the networks."""
        ...


class Tracker(Protocol):
    """Finds the face in each frame. Used and closed in the thread that made it."""

    faces_seen: int  # faces found in the last frame

    def track(self, frame: Frame) -> Face | None:
        """The followed face; None when no face is seen."""
        ...

    def close(self) -> None:
        """Free the tracker; it is not used afterwards."""
        ...


class DirectableTracker(Tracker, Protocol):
    """A tracker that can be told which face to follow."""

    def follow(self, frame: Frame, box: FaceBox, others: Sequence[FaceBox]) -> Face | None:
        """Follow the face at `box` from this frame on, and none of the `others`; None when no face is seen there."""
        ...

    def reset(self) -> None:
        """Forget where the face was: the next frame shows another scene."""
        ...


class FaceDetector(Protocol):
    """Finds faces, also small ones, in one picture by itself."""

    def detect(self, image: Image) -> list[FaceBox]:
        """All faces in a picture, uint8 (H, W, 3) BGR."""
        ...

    def close(self) -> None:
        """Free the detector; it is not used afterwards."""
        ...
