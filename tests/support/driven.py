"""A planted driver: pictures that show their number, and a tracker that finds a face whose yaw tells that number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from tiny_actor import neutral
from video_fixtures import numbered, shown_number, write_video

from puppet.core.trackers import TRACKER
from puppet.core.types import Face, Frame, HeadPose, Result
from puppet.engine.puppeteer import Puppeteer
from puppet.face import align
from puppet.face.protocols import FaceBox

SIZE = (192, 144)  # px


def driver_clip(path: Path, frames: int = 30, fps: float = 30.0) -> Path:
    """A video whose frame k shows k."""
    return write_video(path, [numbered(k, *SIZE) for k in range(frames)], fps)


class PlantedTracker:
    """Finds a face of `yaw_of` k degrees in the picture that shows k, except in pictures named by `blind`."""

    others: tuple[Face, ...] = ()

    def __init__(
        self, blind: Collection[int] = (), interrupt_at: int | None = None, library: str = TRACKER.default
    ) -> None:
        self.faces_seen = 0
        self.closed = False
        self._blind = blind
        self._interrupt_at = interrupt_at

    def track(self, frame: Frame) -> Face | None:
        number = shown_number(frame.image)
        if number == self._interrupt_at:
            raise KeyboardInterrupt
        self.faces_seen = int(number not in self._blind)
        return None if number in self._blind else face(yaw_of(number))

    def follow(self, frame: Frame, box: FaceBox, others: Sequence[FaceBox]) -> Face | None:
        return self.track(frame)

    def reset(self) -> None:
        """It follows nothing."""

    def close(self) -> None:
        self.closed = True


def yaw_of(number: int) -> float:
    """Degrees: 0 for the first pictures, then to one side and back."""
    return 20.0 * float(np.sin(max(0, number - 5) / 6))


def face(yaw: float) -> Face:
    rotation = align.rotation_of(np.array([yaw, 0.0, 0.0]))
    pose = HeadPose(rotation, 40.0, np.array([SIZE[0] / 2, SIZE[1] / 2, 0.0]))
    return align.face_of(align.place(neutral(), pose))


def interrupted_at(index: int) -> type[Puppeteer]:
    """A Puppeteer during whose work on frame `index` the user presses Ctrl-C."""

    class Interrupted(Puppeteer):
        def step(self, frame: Frame) -> Result:
            if frame.index == index:
                raise KeyboardInterrupt
            return super().step(frame)

    return Interrupted
