"""A planted person on planted footage: fake sources and trackers for `models.data.prepare`, and a process to be killed.

Frame i is a picture of noise in which i can be read, and the fake tracker, which reads it, knows where the face is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from tiny_dataset import neutral_face

from models.data.tracking_pass import Tools
from puppet.core.types import Face, Floats, Frame, HeadPose, Image
from puppet.face import align

FPS = 25.0
WIDTH, HEIGHT = 200, 180
EYES = 40.0  # px between the outer eye corners
UPPER_LIDS, LOWER_LIDS = (159, 158, 160, 386, 385, 387), (145, 153, 144, 374, 380, 373)
INNER_BROWS = (107, 55, 336, 285)
UPPER_LIPS, LOWER_LIPS = (13, 81, 311), (14, 178, 402)


def planted_face(
    mouth: float = 0.0, eyes: float = 1.0, brow: float = 0.0, gaze: tuple[float, float] = (0.0, 0.0), width: float = 1.0
) -> Floats:
    """Canonical landmarks f32 (478, 3) whose traits (models/data/coverage.py) are the arguments, against
    planted_face()."""
    points = neutral_face().clip(-0.7, 0.9)
    for side in (-1, 1):
        middle, outer = 0.33 * side, (33, 263)[side > 0]
        points[[33, 263], 1:] = 0
        points[133 if side < 0 else 362] = (0.18 * side, 0.0, -0.06)
        points[outer] = (0.5 * side, 0.0, 0.0)
        points[468 if side < 0 else 473] = (middle + 0.01 * side + gaze[0], gaze[1], -0.1)
    points[list(UPPER_LIDS), 1], points[list(LOWER_LIDS), 1] = -0.04 * eyes, 0.04 * eyes
    points[list(INNER_BROWS), 1] = -0.2 - brow
    points[list(UPPER_LIPS), 1], points[list(LOWER_LIPS), 1] = 0.6, 0.6 + mouth
    points[61, :2], points[291, :2] = (-0.25 * width, 0.6), (0.25 * width, 0.6)
    return points


@dataclass
class Clip:
    """What the fake tracker tells about frame i, and what can be planted. All mutable on purpose."""

    count: int
    points: list[Floats | None]  # px
    faces: list[int]
    blurred: set[int] = field(default_factory=set)
    covered: set[int] = field(default_factory=set)
    others: list[list[Floats]] = field(default_factory=list)  # px, of faces beside the followed one

    def picture(self, i: int) -> Image:
        """uint8 (HEIGHT, WIDTH, 3) BGR grey noise, lighter below the nose if covered; the number is in two pixels."""
        image = np.random.default_rng(i).integers(96, 160, (HEIGHT, WIDTH, 3), np.uint8)
        if i in self.blurred:
            image = cv2.GaussianBlur(image, (0, 0), 3)
        if i in self.covered:
            image[HEIGHT // 2 + 10 :] = np.random.default_rng(i).integers(160, 224, (HEIGHT // 2 - 10, WIDTH, 1))
        image[0, 0], image[0, 1] = i % 256, i // 256
        return image  # pyright: ignore[reportReturnType]


def frame_number(image: Image) -> int:
    return int(image[0, 0, 0]) + 256 * int(image[0, 1, 0])


def talking_clip(count: int = 160) -> Clip:
    """A head that moves and talks all the time: every frame is good, and no two of a few seconds are alike."""
    clip = Clip(count, [], [1] * count)
    for i in range(count):
        t = i / FPS
        face = planted_face(
            mouth=0.2 * (0.618 * i % 1),  # never the same twice within a few seconds
            eyes=1 + 0.3 * np.sin(4.3 * t),
            brow=0.05 * np.cos(3.7 * t),
            gaze=(0.02 * np.sin(1.3 * t), 0.0),
        )
        yaw = 14 - abs(i % 56 - 28)  # to and fro, one degree a frame
        clip.points.append(placed(face, np.array([yaw, 6 * np.sin(1.7 * t), 3 * np.sin(1.2 * t)])))
    return clip


def placed(face: Floats, angles: np.ndarray, x: float = WIDTH / 2, y: float = HEIGHT / 2) -> Floats:
    """Points px of a face with its head turned by yaw, pitch, roll in degrees, the middle of the eyes at x, y."""
    return align.place(face, HeadPose(align.rotation_of(angles), EYES, np.array([x, y, 0.0])))


class ClipSource:
    """A source that plays a clip; `on_read(i)` is called before frame i."""

    live, fps = False, FPS

    def __init__(self, clip: Clip, name: str, on_read: Callable[[int], None]) -> None:
        self.clip, self.name, self.on_read = clip, name, on_read
        self.frame_count: int | None = clip.count
        self.next = 0

    def open(self) -> None:
        self.next = 0

    def read(self) -> Frame | None:
        if self.next >= self.clip.count:
            return None
        self.on_read(self.next)
        frame = Frame(self.clip.picture(self.next), self.next, self.next / FPS)
        self.next += 1
        return frame

    def close(self) -> None:
        pass


class ClipTracker:
    """Knows the face of every frame; `tracked` collects the numbers of the frames it was asked about."""

    faces_seen = 0
    others: Sequence[Face] = ()

    def __init__(self, clip: Clip, tracked: list[int]) -> None:
        self.clip, self.tracked = clip, tracked

    def track(self, frame: Frame) -> Face | None:
        i = frame_number(frame.image)
        self.tracked.append(i)
        self.faces_seen, points = self.clip.faces[i], self.clip.points[i]
        self.others = [align.face_of(other) for other in self.clip.others[i]] if self.clip.others else []
        if points is None or not self.faces_seen:
            return None
        return align.face_of(points)

    def close(self) -> None:
        pass


class NoPerson:
    """Mattes of someone who never sees a background."""

    def matte(self, frame: Image, to_crop: np.ndarray, picture: Image) -> Floats:
        return np.ones(picture.shape[:2], np.float32)


def planted_tools(
    clip: Clip, tracked: list[int] | None = None, on_read: Callable[[int], None] = lambda _: None
) -> Tools:
    """Tools for `prepare` that play `clip` whatever the footage is called."""
    seen = [] if tracked is None else tracked
    return Tools(
        lambda spec: ClipSource(clip, Path(spec).name, on_read),
        lambda still: ClipTracker(clip, seen),
        lambda crop, size: NoPerson(),
    )


def main() -> None:
    """planted_footage.py FOOTAGE OUTPUT N: prepare, and hang for ever at the N-th picture read, saying "hanging"."""
    from models.data.prepare import Options, prepare

    footage, output, hang_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    reads = 0

    def hang(_: int) -> None:
        nonlocal reads
        reads += 1
        if reads == hang_at:
            print("hanging", flush=True)
            sys.stdin.read()  # until the parent kills us

    prepare([footage], output, Options(size=32), planted_tools(talking_clip(), on_read=hang))


if __name__ == "__main__":
    main()
