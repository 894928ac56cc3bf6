"""Live sources: cameras and network streams."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from puppet.core.addresses import read_address, without_secrets
from puppet.core.errors import SourceError
from puppet.core.types import Frame, Image
from puppet.media.video_capture import VideoCapture
from puppet.sources.camera_format import CameraFormat
from puppet.sources.devices import DEFAULT_FPS, SYSTEM, Camera, Devices, first_listing, plausible_fps
from puppet.sources.grabber import Grabber
from puppet.sources.network.connection import Connection
from puppet.sources.network.passwords import reveal
from puppet.sources.network.streams import open_stream

PICTURES_TO_ADAPT = 5  # until a camera's exposure is right


class _LiveSource:
    """Base of cameras and network streams: a grabber thread, and the difference between ended and frozen."""

    live = True

    def __init__(self, name: str, devices: Devices) -> None:
        self.name = name
        self.fps = DEFAULT_FPS
        self.frame_count: int | None = None
        self._devices = devices
        self._grabber: Grabber | None = None

    def open(self) -> None:
        """Open the device and wait for its first picture."""
        self.close()
        attempts = self._attempts()
        grabber = self._grabber = Grabber(attempts, self.name)
        grabber.started.wait(self._devices.open_within)
        if grabber.ended or not grabber.started.is_set():
            problem, opened = grabber.problem, grabber.opened
            self.close()
            raise problem or self._not_opened(opened)
        self.fps = plausible_fps(grabber.fps)
        self._index = 0
        self._shown: Image | None = None
        self._same_since = 0.0

    def read(self) -> Frame | None:
        """Wait for the newest picture that was not read yet."""
        grabber = self._grabber
        if grabber is None:
            return None
        taken = grabber.frames.take(self._devices.frozen_after)
        if self._grabber is not grabber:  # closed meanwhile
            return None
        if taken is None:
            raise grabber.problem or (self._stopped() if grabber.ended else self._silent())
        image, captured_at = taken
        if self._shown is None or not _same(image, self._shown):
            self._shown, self._same_since = image, captured_at
        elif captured_at - self._same_since > self._devices.frozen_after:
            raise SourceError(
                f"{self.name} has been sending the very same picture for {captured_at - self._same_since:.0f} s: "
                "it is frozen, or its privacy cover is shut; restart it",
                "frozen",
            )
        frame = Frame(image, self._index, captured_at)
        self._index += 1
        return frame

    def close(self) -> None:
        """Let go of the device."""
        grabber, self._grabber = self._grabber, None
        if grabber is not None:
            grabber.close()

    def _attempts(self) -> list[Callable[[], VideoCapture]]:
        """Ways to open the device, in order. Raises SourceError when that is hopeless."""
        raise NotImplementedError

    def _not_opened(self, opened: bool) -> SourceError:
        """The error when no picture has come. opened: the device could be opened."""
        raise NotImplementedError

    def _stopped(self) -> SourceError:
        """The error when reads fail."""
        raise NotImplementedError

    def _silent(self) -> SourceError:
        """The error when no read has come back for `frozen_after` seconds."""
        return SourceError(
            f"{self.name} has sent no picture for {self._devices.frozen_after:.0f} s: it is frozen; restart it",
            "frozen",
        )


class CameraSource(_LiveSource):
    """A camera of this machine, by index ("0", "/dev/video0") or by name (whole, or a part that fits one only)."""

    def __init__(self, spec: str, devices: Devices = SYSTEM) -> None:
        super().__init__(f"camera {spec}" if spec.isdigit() else spec, devices)
        self._spec = spec
        self._index_there = -1

    def _attempts(self) -> list[Callable[[], VideoCapture]]:
        listed = self._devices.cameras()
        chosen = self._choose(first_listing(listed))
        self.name, self._index_there = chosen.name, chosen.index
        access = self._devices.probe(chosen.index)
        if access != "present":
            raise self._refused(access)
        ways = [(c.index, c.backend) for c in listed if c.name == chosen.name]
        ways = ways or [(chosen.index, backend) for backend in self._devices.backends]
        wanted = camera_request(self._devices.camera_format())
        return [partial(self._devices.capture, index, backend, wanted) for index, backend in ways]

    def _choose(self, listed: list[Camera]) -> Camera:
        number = re.fullmatch(r"(?:/dev/video)?(\d+)", self._spec)
        if number:
            index = int(number[1])
            return next((c for c in listed if c.index == index), Camera(index, f"camera {index}", "", -1))
        wanted = self._spec.casefold()
        fitting = [c for c in listed if c.name.casefold() == wanted]
        fitting = fitting or [c for c in listed if wanted in c.name.casefold()]
        if len(fitting) > 1:
            raise SourceError(f"Several cameras fit '{self._spec}'; choose by number: {_listing(listed)}", "absent")
        if not fitting:
            raise SourceError(
                f"There is no camera, file or folder called '{self._spec}' "
                f"(cameras of this machine: {_listing(listed)})",
                "absent",
            )
        return fitting[0]

    def _refused(self, access: str) -> SourceError:
        if access == "denied":
            return SourceError(f"{self.name}: access denied; {_permission_hint()}", "denied")
        if access == "busy":
            return SourceError(f"{self.name} is in use by another program; close that one and try again", "busy")
        there = _listing(first_listing(self._devices.cameras()))
        return SourceError(f"{self.name} is not connected (cameras of this machine: {there})", "absent")

    def _not_opened(self, opened: bool) -> SourceError:
        access = self._devices.probe(self._index_there)
        if access != "present":
            return self._refused(access)
        if sys.platform == "darwin" and not opened:
            return self._refused("denied")
        return SourceError(
            f"{self.name} is there but gives no picture: another program is probably using it; "
            "close that one, or choose another camera",
            "busy",
        )

    def _stopped(self) -> SourceError:
        return SourceError(f"{self.name} stopped sending pictures: it was unplugged; plug it in again", "unplugged")

    def _silent(self) -> SourceError:
        return self._stopped() if self._devices.probe(self._index_there) == "absent" else super()._silent()


class UrlSource(_LiveSource):
    """A network stream, see `network.streams`. The address may be one whose password is kept (`network.passwords`)."""

    def __init__(self, url: str, devices: Devices = SYSTEM) -> None:
        """Nothing is opened yet. Raises SourceError for what is no address."""
        super().__init__(without_secrets(url), devices)
        self._address = read_address(reveal(url))
        self._connection = self._new_connection()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        super().close()

    def _new_connection(self) -> Connection:
        return Connection(self._devices.open_within, self._devices.frozen_after)

    def _attempts(self) -> list[Callable[[], VideoCapture]]:
        self._connection = self._new_connection()
        return [partial(open_stream, self._address, self._connection)]

    def _not_opened(self, opened: bool) -> SourceError:
        if self._connection.problem:
            return SourceError(
                f"{self.name}: answers, but its picture cannot be used: {self._connection.problem}", "unreadable"
            )
        if opened:
            return SourceError(f"{self.name} answers but sends no picture; is its camera running?", "busy")
        if self._connection.answered:
            return SourceError(f"{self.name}: the device answers, but not with a video that can be read", "unreadable")
        return SourceError(f"{self.name}: nobody answers; is the address right, and are both in one network?", "absent")

    def _stopped(self) -> SourceError:
        return SourceError(f"{self.name} stopped sending: the phone, camera or network went away", "unplugged")


def camera_request(wanted: CameraFormat) -> list[tuple[int, int]]:
    """OpenCV properties that ask a camera for a format; a camera without it gives another one."""
    return [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),  # raw pictures of this size are too much for USB 2
        (cv2.CAP_PROP_FRAME_WIDTH, wanted.width),
        (cv2.CAP_PROP_FRAME_HEIGHT, wanted.height),
        (cv2.CAP_PROP_FPS, wanted.fps),
        (cv2.CAP_PROP_BUFFERSIZE, 1),
    ]


def camera_picture(name: str, devices: Devices = SYSTEM) -> Image:
    """One picture of a camera, after a few others: the first ones are dark. Raises SourceError."""
    source = CameraSource(name, devices)
    source.open()
    frame = None
    try:
        for _ in range(PICTURES_TO_ADAPT):
            frame = source.read()
    finally:
        source.close()
    if frame is None:
        raise SourceError(f"{source.name} gives no picture", "empty")
    return frame.image


def _same(a: Image, b: Image) -> bool:
    """Whether two pictures are equal to the last bit; a few pixels suffice to tell nearly always."""
    return a.shape == b.shape and np.array_equal(a[::32, ::32], b[::32, ::32]) and np.array_equal(a, b)


def _listing(cameras: list[Camera]) -> str:
    return ", ".join(f"{c.index}: {c.name}" for c in cameras) or "none"


def _permission_hint() -> str:
    if sys.platform == "linux":
        return "add yourself to the group 'video' (sudo usermod -aG video $USER) and log in again"
    if sys.platform == "darwin":
        return "allow it in System Settings > Privacy & Security > Camera, then start the program again"
    return "allow it in Settings > Privacy > Camera"
