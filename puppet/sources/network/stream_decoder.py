"""A video stream's pictures, decoded by an ffmpeg child that is given bytes and can open nothing by itself."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from io import BufferedReader
from typing import cast

import cv2
import numpy as np

from puppet.core.errors import RecordingError, SourceError
from puppet.media import ffmpeg_arguments
from puppet.media.ffmpeg_child import find_ffmpeg, start_ffmpeg
from puppet.sources.network.connection import Line

MOST_PIXELS = 2 * ffmpeg_arguments.MOST_PIXELS  # pixels that are not square are made so


class Decoder:
    """The part of `devices.Capture` that a stream has. Ends with its line."""

    def __init__(self, line: Line, source: Sequence[str], feed: Callable[[], bytes] | None = None) -> None:
        """source: ffmpeg's arguments that say what it reads. feed: gives what is written to its standard input, b"" at
        the end. Raises SourceError where there is no ffmpeg.
        """
        self._line = line
        try:
            self._process = start_ffmpeg(
                ffmpeg_arguments.stream_arguments(find_ffmpeg(), source),
                stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
                environment={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            )
        except (OSError, RecordingError) as problem:
            raise SourceError(f"The stream cannot be decoded: {problem}", "unreadable") from problem
        line.hold(self._process.kill)
        self._picture: np.ndarray | None = None
        if feed is not None:
            threading.Thread(target=self._feed, args=(feed,), name="feed decoder", daemon=True).start()

    def isOpened(self) -> bool:
        return True

    def grab(self) -> bool:
        """Wait for the next picture (PPM)."""
        self._picture = None
        out = cast(BufferedReader, self._process.stdout)
        with contextlib.suppress(OSError, ValueError):  # ValueError: closed meanwhile
            size = re.fullmatch(rb"P6\n(\d{1,5}) (\d{1,5})\n255\n", b"".join(out.readline(32) for _ in range(3)))
            if size is not None and 0 < int(size[1]) * int(size[2]) <= MOST_PIXELS:
                picture = np.empty((int(size[2]), int(size[1]), 3), np.uint8)
                if out.readinto(picture.data.cast("B")) == picture.size:
                    self._picture = picture
        return self._picture is not None

    def retrieve(self) -> tuple[bool, np.ndarray]:
        picture = self._picture
        if picture is None:
            return False, np.empty(0, np.uint8)
        return True, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)

    def get(self, propId: int, /) -> float:
        return 0.0  # unknown

    def set(self, propId: int, value: float, /) -> bool:
        return False

    def release(self) -> None:
        self._line.hang_up()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _feed(self, feed: Callable[[], bytes]) -> None:
        target = self._process.stdin
        assert target is not None
        # the stream is lost, or the child is gone: either way it ends
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            while data := feed():
                target.write(data)
                target.flush()
        with contextlib.suppress(OSError):
            target.close()
