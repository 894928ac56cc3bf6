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

import numpy as np

from puppet.core import pixels
from puppet.core.errors import RecordingError, SourceError
from puppet.core.types import Image
from puppet.media import ffmpeg_arguments
from puppet.media.ffmpeg_child import find_ffmpeg, start_ffmpeg
from puppet.sources.network.connection import Connection
from puppet.sources.network.stream_capture import StreamCapture

MOST_PIXELS = 2 * ffmpeg_arguments.MOST_PIXELS  # pixels that are not square are made so


class StreamDecoder(StreamCapture):
    """A `VideoCapture` of what ffmpeg decodes from a connection, with which the child ends."""

    def __init__(self, connection: Connection, source: Sequence[str], feed: Callable[[], bytes] | None = None) -> None:
        """Start ffmpeg. Raises SourceError where there is none.

        source: ffmpeg's arguments that say what it reads. feed: gives what is written to its standard input, b"" at the
        end.
        """
        super().__init__(connection)
        try:
            self._process = start_ffmpeg(
                ffmpeg_arguments.stream_arguments(find_ffmpeg(), source),
                stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
                environment={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            )
        except (OSError, RecordingError) as problem:
            raise SourceError(f"The stream cannot be decoded: {problem}", "unreadable") from problem
        connection.on_close(self._process.kill)
        self._picture: Image | None = None
        if feed is not None:
            threading.Thread(target=self._feed, args=(feed,), name="feed decoder", daemon=True).start()

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

    def retrieve(self) -> tuple[bool, Image]:
        """The picture that was grabbed."""
        picture = self._picture
        if picture is None:
            return False, np.empty(0, np.uint8)
        return True, pixels.swap_red_blue(picture)

    def release(self) -> None:
        """Close the connection and end ffmpeg."""
        super().release()
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
