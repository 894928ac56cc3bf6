"""Cameras of this machine: their names, whether they can be had, and how OpenCV opens them."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np

from puppet.media.video_formats import open_checked
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


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used."""

    def isOpened(self) -> bool: ...
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, np.ndarray]: ...
    def get(self, propId: int, /) -> float: ...
    def set(self, propId: int, value: float, /) -> bool: ...
    def release(self) -> None: ...


def list_cameras() -> list[Camera]:
    """The cameras of this machine, each once; empty when there are none or the system does not tell."""
    return first_listing(all_cameras())


def all_cameras() -> list[Camera]:
    """The same as every back end lists them, best back end first: another one may have another order."""
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
    """Ask the system about a camera without starting it. "present" also when the system does not tell."""
    if sys.platform != "linux":
        cameras = list_cameras()
        return "absent" if cameras and all(camera.index != index for camera in cameras) else "present"
    return probe_device(f"/dev/video{index}")


def probe_device(path: str) -> Access:
    """The same for a device file: what does opening it say?"""
    try:
        os.close(os.open(path, os.O_RDWR | getattr(os, "O_NONBLOCK", 0)))
    except OSError as problem:
        if problem.errno in (errno.EACCES, errno.EPERM):
            return "denied"
        return "busy" if problem.errno == errno.EBUSY else "absent"
    return "present"


def open_capture(index: int, backend: int, properties: Properties = ()) -> Capture:
    """A camera as cv2.VideoCapture, without its chatter; our own messages say what went wrong."""
    prepare_opencv()
    capture = cv2.VideoCapture()
    with contextlib.suppress(cv2.error):  # then it is not opened, which the caller asks anyway
        capture.open(index, backend)
    if capture.isOpened():
        for prop, value in properties:  # wishes: as parameters of `open` they would be conditions
            capture.set(prop, value)
    return capture


class _CalmReader(io.BufferedReader):
    """A file for OpenCV 4.11, which crashes where its reader raises, as for a place before the beginning that a damaged
    index names: such a place is answered by -1, and what cannot be read by nothing.
    """

    def __init__(self, file: io.BufferedReader) -> None:
        super().__init__(file.detach())
        super().seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except (OSError, ValueError):
            return -1

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            return super().read(size)
        except (OSError, ValueError):
            return b""


class Film:
    """A video file that OpenCV decodes and does not open: it asks for bytes, so that neither the file's name nor what
    is in it has anything else opened.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError, and SourceError for what holds no pictures of its own (`films`)."""
        prepare_opencv()
        self._file = _CalmReader(open_checked(path))
        self._capture: cv2.VideoCapture | None = cv2.VideoCapture()
        streamed = cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBufferedBackends()
        target = self._file if streamed else os.path.abspath(path)
        with contextlib.suppress(cv2.error):  # then it is not opened, which the caller asks anyway
            self._capture.open(target, cv2.CAP_FFMPEG, [])  # pyright: ignore[reportCallIssue, reportArgumentType]

    def isOpened(self) -> bool:
        return self._capture is not None and self._capture.isOpened()

    def grab(self) -> bool:
        return self._capture is not None and self._capture.grab()

    def retrieve(self) -> tuple[bool, np.ndarray]:
        good, image = (False, None) if self._capture is None else self._capture.retrieve()
        return good, np.empty(0, np.uint8) if image is None else image

    def get(self, propId: int, /) -> float:
        return 0.0 if self._capture is None else self._capture.get(propId)

    def set(self, propId: int, value: float, /) -> bool:
        return self._capture is not None and self._capture.set(propId, value)

    def release(self) -> None:
        self._capture = None  # not `release`: OpenCV 4.11 lets go of the file there without Python's lock, and crashes
        self._file.close()


def prepare_opencv() -> None:
    """Set what OpenCV reads from the environment when it first opens something; the user's own settings win."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # silent
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")  # s without a picture; 10 by default
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.setLogLevel(0)


def plausible_fps(claimed: float) -> float:
    """Frames per second as a capture claims them; 30.0 when it cannot be."""
    return claimed if 1 <= claimed <= 240 else DEFAULT_FPS


class CameraWish:
    """What cameras are asked for. Any thread may change it; it counts from the next opening on."""

    def __init__(self, format_: CameraFormat | None = None) -> None:
        self._format = format_ or CameraFormat()

    def want(self, format_: CameraFormat) -> None:
        self._format = format_

    def wanted(self) -> CameraFormat:
        return self._format


@dataclass(frozen=True)
class Devices:
    """What camera and network sources ask of the machine; tests put fakes here. Times in seconds."""

    cameras: Callable[[], list[Camera]] = all_cameras
    probe: Callable[[int], Access] = probe_camera
    capture: Callable[[int, int, Properties], Capture] = open_capture
    wanted: Callable[[], CameraFormat] = CameraFormat  # asked anew whenever a camera is opened
    backends: tuple[int, ...] = field(default_factory=backends)
    open_within: float = 10.0  # Media Foundation takes its time
    frozen_after: float = 3.0


SYSTEM = Devices()
