"""The size and rate that a camera is asked for, as the settings keep it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CameraFormat:
    """What a camera is asked for; one that does not have it gives what comes nearest."""

    width: int = field(default=1280, metadata={"range": (160, 7680)})  # px; nearly every webcam does 1280 x 720 at 30
    height: int = field(default=720, metadata={"range": (120, 4320)})
    fps: int = field(default=30, metadata={"range": (1, 240)})
