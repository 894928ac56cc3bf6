"""A video file decoded by OpenCV, which is given its bytes and opens nothing by itself."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from puppet.core.types import Image
from puppet.media.video_formats import open_checked


class OpenCvVideo:
    """A `VideoCapture` of a video file, decoded by OpenCV.

    OpenCV does not open the file but asks for its bytes, so that neither its name nor what is in it has anything else
    opened.
    """

    def __init__(self, path: Path) -> None:
        """Open a file. Raises OSError, and SourceError for what holds no pictures of its own (`video_formats`)."""
        prepare_opencv()
        self._file = _CalmReader(open_checked(path))
        self._capture: cv2.VideoCapture | None = cv2.VideoCapture()
        streamed = cv2.CAP_FFMPEG in _stream_backends()
        target = self._file if streamed else os.path.abspath(path)
        with contextlib.suppress(cv2.error):  # then it is not opened, which the caller asks anyway
            self._capture.open(target, cv2.CAP_FFMPEG, [])  # pyright: ignore[reportCallIssue, reportArgumentType]

    def isOpened(self) -> bool:
        """Whether OpenCV can read the file, and it is not released."""
        return self._capture is not None and self._capture.isOpened()

    def grab(self) -> bool:
        """Read on to the next picture."""
        return self._capture is not None and self._capture.grab()

    def retrieve(self) -> tuple[bool, Image]:
        """Decode the picture that was grabbed."""
        good, image = (False, None) if self._capture is None else self._capture.retrieve()
        return good, np.empty(0, np.uint8) if image is None else cast(Image, image)

    def get(self, propId: int, /) -> float:
        """A property of the file, as OpenCV tells it."""
        return 0.0 if self._capture is None else self._capture.get(propId)

    def set(self, propId: int, value: float, /) -> bool:
        """Set a property, as whether pictures are turned upright."""
        return self._capture is not None and self._capture.set(propId, value)

    def release(self) -> None:
        """Close the file."""
        self._capture = None  # not `release`: OpenCV 4.11 lets go of the file there without Python's lock, and crashes
        self._file.close()


def prepare_opencv() -> None:
    """Set what OpenCV reads from the environment when it first opens something; what the user has set stays."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # silent
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")  # s without a picture; 10 by default
    if "OPENCV_LOG_LEVEL" not in os.environ:
        library: Any = cv2
        logging: Any = library if hasattr(cv2, "setLogLevel") else library.utils.logging  # it moved after OpenCV 4.11
        logging.setLogLevel(0)


class _CalmReader(io.BufferedReader):
    """A file that never raises: OpenCV 4.11 crashes where its reader does.

    A place before the beginning, which a damaged index may name, gives -1, and what cannot be read gives nothing.
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


def _stream_backends() -> Sequence[int]:
    """Numbers of OpenCV's back ends that read from a Python file."""
    registry = cast(Any, cv2.videoio_registry)  # not typed
    return registry.getStreamBufferedBackends()
