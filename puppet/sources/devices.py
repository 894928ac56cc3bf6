"""Cameras of this machine: their names, whether they can be had, and how OpenCV opens them."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast

import cv2

from puppet.media.opencv_video import prepare_opencv
from puppet.media.video_capture import VideoCapture
from puppet.sources.camera_format import CameraFormat

Access = Literal["present", "absent", "denied", "busy"]
Properties = Sequence[tuple[int, int]]  # cv2.CAP_PROP_... and its value

# In the order they are tried. A camera has an index per back end.
BACKENDS: dict[str, tuple[int, ...]] = {
    "linux": (cv2.CAP_V4L2,),
    "win32": (cv2.CAP_MSMF, cv2.CAP_DSHOW),
    "darwin": (cv2.CAP_AVFOUNDATION,),
}
DEFAULT_FPS = 30.0


@dataclass(frozen=True)
class Camera:
    """A camera that the system lists. Names are unique within a list; `backend` is OpenCV's number for it."""

    index: int
    name: str
    path: str
    backend: int


def list_cameras() -> list[Camera]:
    """The cameras of this machine, each once; empty when there are none or the system does not tell."""
    return first_listing(all_cameras())


def all_cameras() -> list[Camera]:
    """The cameras as every back end lists them, best back end first: each may have another order."""
    cameras: list[Camera] = []
    for backend in backends():
        try:
            from cv2_enumerate_cameras import enumerate_cameras

            found = sorted(enumerate_cameras(backend), key=lambda c: c.index)
        except (ImportError, NotImplementedError, OSError, RuntimeError):
            continue
        cameras += unique_names([Camera(c.index, c.name or f"camera {c.index}", c.path or "", backend) for c in found])
    return cameras


def first_listing(cameras: Sequence[Camera]) -> list[Camera]:
    """Those of the first back end that lists any."""
    return [camera for camera in cameras if camera.backend == cameras[0].backend]


def unique_names(cameras: Sequence[Camera]) -> list[Camera]:
    """Two "HD Webcam" become "HD Webcam" and "HD Webcam #2", so that a name says which."""
    seen: dict[str, int] = {}
    renamed = []
    for camera in cameras:
        count = seen[camera.name] = seen.get(camera.name, 0) + 1
        renamed.append(camera if count == 1 else replace(camera, name=f"{camera.name} #{count}"))
    return renamed


def backends() -> tuple[int, ...]:
    """OpenCV's camera back ends of this system, best first."""
    return BACKENDS.get(sys.platform, (cv2.CAP_ANY,))


def probe_camera(index: int) -> Access:
    """Whether a camera can be had, without starting it; "present" also when the system does not tell."""
    if sys.platform != "linux":
        cameras = list_cameras()
        return "absent" if cameras and all(camera.index != index for camera in cameras) else "present"
    return probe_device(f"/dev/video{index}")


def probe_device(path: str) -> Access:
    """Whether a device file can be opened."""
    try:
        os.close(os.open(path, os.O_RDWR | getattr(os, "O_NONBLOCK", 0)))
    except OSError as problem:
        if problem.errno in (errno.EACCES, errno.EPERM):
            return "denied"
        return "busy" if problem.errno == errno.EBUSY else "absent"
    return "present"


def open_capture(index: int, backend: int, properties: Properties = ()) -> VideoCapture:
    """A camera as cv2.VideoCapture, which prints nothing: our own messages say what went wrong."""
    prepare_opencv()
    capture = cv2.VideoCapture()
    with contextlib.suppress(cv2.error):  # then it is not opened, which the caller asks anyway
        capture.open(index, backend)
    if capture.isOpened():
        for prop, value in properties:  # wishes: as parameters of `open` they would be conditions
            capture.set(prop, value)
    return cast(VideoCapture, capture)  # OpenCV's types do not say uint8


def plausible_fps(claimed: float) -> float:
    """The frames per second that a capture claims; 30.0 when that is no plausible number."""
    return claimed if 1 <= claimed <= 240 else DEFAULT_FPS


class RequestedFormat:
    """The format that cameras are asked for. Any thread may change it; it counts from the next opening on."""

    def __init__(self, format_: CameraFormat | None = None) -> None:
        self._format = format_ or CameraFormat()

    def change(self, format_: CameraFormat) -> None:
        """Ask for this one from the next opening on."""
        self._format = format_

    def current(self) -> CameraFormat:
        """The one that counts now."""
        return self._format


@dataclass(frozen=True)
class Devices:
    """What camera and network sources ask of the machine; tests put fakes here. Times in seconds."""

    cameras: Callable[[], list[Camera]] = all_cameras
    probe: Callable[[int], Access] = probe_camera
    capture: Callable[[int, int, Properties], VideoCapture] = open_capture
    camera_format: Callable[[], CameraFormat] = CameraFormat  # asked anew whenever a camera is opened
    backends: tuple[int, ...] = field(default_factory=backends)
    open_within: float = 10.0  # Media Foundation takes its time
    frozen_after: float = 3.0


SYSTEM = Devices()
