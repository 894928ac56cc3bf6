"""A driver of a virtual camera that can be held up or broken."""

from __future__ import annotations

import threading


class PlantedCamera:
    """A driver; `gate` holds it up, `fails` breaks it."""

    def __init__(self) -> None:
        self.device, self.frames, self.closed = "/dev/video9", [], False
        self.gate, self.fails = threading.Event(), False
        self.gate.set()
        self.asked = None

    def __call__(self, width: int, height: int, fps: float) -> PlantedCamera:
        self.asked = width, height, fps
        return self

    def send(self, frame) -> None:
        self.gate.wait(30)
        if self.fails:
            raise RuntimeError("the device went away\nand more")
        self.frames.append(frame)

    def close(self) -> None:
        self.closed = True
