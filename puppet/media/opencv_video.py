"""A video file decoded by OpenCV, which is given its bytes and opens nothing by itself."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

import cv2
import numpy as np

from puppet.media.video_formats import open_checked


class OpenCvVideo:
    """A `VideoCapture` of a video file, decoded by OpenCV.

    OpenCV does not open the file but asks for its bytes, so that neither its name nor what is in it has anything else
    opened.
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
