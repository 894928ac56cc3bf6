"""A tracker that sees the planted face."""

from __future__ import annotations

import numpy as np
import tiny_actor

from puppet.core.types import Face, Frame, HeadPose
from puppet.face.neutral import Neutral

UPRIGHT = Neutral(tiny_actor.neutral(), HeadPose(np.eye(3), 30.0, np.array([80.0, 40.0, 0.0])))


class Planted:
    """A tracker that sees `face`, whatever the picture shows."""

    def __init__(self, face: Face | None = None) -> None:
        self.face, self.faces_seen, self.closed = face, 0, False

    def track(self, frame: Frame) -> Face | None:
        self.faces_seen = int(self.face is not None)
        return self.face

    def close(self) -> None:
        self.closed = True
