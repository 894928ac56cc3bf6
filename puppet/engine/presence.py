"""What the actor does while no face is seen: holds the last expression, then eases to rest; and back when one is.

State is a value, as in `smoothing`: each frame gives the next `Presence`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOLD = 0.4  # s the last expression is held when the face is lost
RELAX = 0.5  # s in which it then eases to the neutral
RETURN = 0.25  # s in which a face that came back takes over


@dataclass(frozen=True, slots=True)
class Presence:
    """How much of the user's expression the actor shows. Times in seconds."""

    level: float = 0.0  # 0: the actor's neutral, 1: the user's expression; linear in time
    seen_at: float = -np.inf  # when a face was seen last
    at: float = 0.0  # of the last frame

    @property
    def share(self) -> np.float32:
        """Share of the user's expression, 0 .. 1: the level, eased in and out."""
        return np.float32(self.level * self.level * (3 - 2 * self.level))

    def with_face(self, at: float) -> Presence:
        """The next state, for a frame in which a face is seen."""
        elapsed = max(0.0, at - self.at)
        first = not np.isfinite(self.seen_at)  # at the start there is nothing to ease from
        level = 1.0 if first else min(1.0, self.level + elapsed / RETURN)
        return Presence(level, at, at)

    def without_face(self, at: float) -> Presence:
        """The next state, for a frame in which none is seen."""
        elapsed = max(0.0, at - self.at)
        holding = at - self.seen_at <= HOLD
        level = self.level if holding else max(0.0, self.level - elapsed / RELAX)
        return Presence(level, self.seen_at, at)
