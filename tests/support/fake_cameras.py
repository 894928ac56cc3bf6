"""Cameras that send numbered pictures, fail, hang or repeat themselves."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from video_fixtures import numbered

from puppet.sources.devices import Access, Camera, Devices

WEBCAM, OTHER = Camera(0, "HD Webcam", "/dev/video0", 200), Camera(2, "Studio Cam", "/dev/video2", 200)


@dataclass
class FakeCapture:
    """A camera that sends numbered pictures. `goes_on`: what picture n is ("picture", "same", "fail" or "hang")."""

    opens: bool = True
    goes_on: Callable[[int], str] = lambda n: "picture"
    released: threading.Event = field(default_factory=threading.Event)
    count: int = 0
    shown: int = 0

    def isOpened(self) -> bool:
        return self.opens

    def grab(self) -> bool:
        self.released.wait(0.005)  # a quick camera
        what = self.goes_on(self.count)
        self.count += 1
        if what == "hang":
            HANGING.wait()
        self.shown = self.shown if what == "same" else self.count
        return what != "fail"

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, numbered(self.shown % 4096, 64, 48)

    def get(self, propId: int, /) -> float:
        return 25.0 if propId == cv2.CAP_PROP_FPS else 0.0

    def set(self, propId: int, value: float, /) -> bool:
        return False

    def release(self) -> None:
        self.released.set()


HANGING = threading.Event()  # what a hung camera waits for; set when a test ends


def fake_devices(camera: FakeCapture | None = None, access: Access = "present", **changes) -> Devices:
    """Two listed cameras; every capture is `camera`."""
    camera = camera or FakeCapture()
    fake = Devices(
        cameras=lambda: [WEBCAM, OTHER],
        probe=lambda index: access,
        capture=lambda target, backend, properties: camera,
        backends=(200,),
        open_within=20.0,
        frozen_after=10.0,
    )
    return replace(fake, **changes)
