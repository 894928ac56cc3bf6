"""Frames from files: videos, image folders, single images."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from puppet.devices import DEFAULT_FPS, Capture, Film, plausible_fps
from puppet.errors import PictureError, SourceError, reason
from puppet.frames import Frame, Image
from puppet.pictures import SUFFIXES as IMAGE_SUFFIXES
from puppet.pictures import read_animation, read_picture

SLOWEST_FPS = 10.0  # of an animation whose frames stay for longer; what is made of it repeats them
LATE = 0.5  # s; a paced file that falls further behind (slow decoder, machine asleep) goes on from where it is


class _Recorded:
    """What files and folders share: pacing, looping and frame numbers. Subclasses say how the next picture is had.

    paced: `read` waits for a frame's due time, and `captured_at` is that time (perf_counter); otherwise frames
    come as fast as they decode and `captured_at` is the frame's own time stamp, seconds from the beginning.
    """

    live = False

    def __init__(self, path: Path, paced: bool, loop: bool) -> None:
        self.path = path
        self.name = path.name or str(path)
        self.fps = DEFAULT_FPS
        self.frame_count: int | None = None
        self._paced = paced
        self._loop = loop
        self._lock = threading.Lock()  # held while the decoder works
        self._closed = threading.Event()
        self._closed.set()

    def open(self) -> None:
        self.close()
        with self._lock:
            if not self.path.exists():
                raise SourceError(f"{self.path}: there is no such file or folder", "absent")
            try:
                self._rewind()
            except PermissionError as problem:
                raise SourceError(f"{self.path}: no permission to read it", "denied") from problem
            except OSError as problem:
                raise SourceError(f"{self.path}: {problem.strerror or problem}", "unreadable") from problem
            self._index = 0
            self._round_began = 0.0  # media time at which this round of a loop began, s
            self._last = -1.0  # media time of the last frame, s
            self._zero: float | None = None  # perf_counter at media time 0
            self._closed.clear()

    def read(self) -> Frame | None:
        with self._lock:
            picture = None if self._closed.is_set() else self._next_in_loop()
        if picture is None:
            return None
        image, media_time = picture
        captured_at = media_time
        if self._paced:
            captured_at = self._wait_until_due(media_time)
            if self._closed.is_set():
                return None
        frame = Frame(image, self._index, captured_at)
        self._index += 1
        return frame

    def close(self) -> None:
        self._closed.set()
        if self._lock.acquire(timeout=2):  # a decoder that hangs (network drive) keeps its file until it returns
            try:
                self._release()
            finally:
                self._lock.release()

    def _next_in_loop(self) -> tuple[Image, float] | None:
        picture = self._next()
        if picture is None and self._loop and self._last >= self._round_began:  # a round without frames is the end
            self._round_began = self._last + 1 / self.fps
            self._rewind()
            picture = self._next()
        if picture is None:
            return None
        image, stamp = picture
        self._last = max(self._round_began + stamp, self._last)
        return image, self._last

    def _wait_until_due(self, media_time: float) -> float:
        now = time.perf_counter()
        if self._zero is None or now - (self._zero + media_time) > LATE:
            self._zero = now - media_time
        due = self._zero + media_time
        self._closed.wait(max(0.0, due - now))
        return due

    def _rewind(self) -> None:
        """Go to the beginning, so that `_next` gives the first picture. Raises SourceError or OSError."""
        raise NotImplementedError

    def _next(self) -> tuple[Image, float] | None:
        """The next picture and its time stamp, seconds from the beginning; None at the end."""
        raise NotImplementedError

    def _release(self) -> None:
        """Let go of the file."""


class VideoFile(_Recorded):
    """A video file, turned upright as its metadata says."""

    _capture: Capture | None = None

    def _rewind(self) -> None:
        self._release()
        self._capture = Film(self.path)
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self._first = self._decode(self._capture, -1.0) if self._capture.isOpened() else None
        if self._first is None:
            self._release()
            raise SourceError(f"{self.path}: not a video that can be read (damaged, or something else)", "unreadable")
        self.fps = plausible_fps(self._capture.get(cv2.CAP_PROP_FPS))
        claimed = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frame_count = claimed if claimed > 0 and not self._loop else None

    def _next(self) -> tuple[Image, float] | None:
        if self._capture is None:
            return None
        picture, self._first = self._first, None
        if picture is None:
            picture = self._decode(self._capture, self._stamp)
        if picture is not None:
            self._stamp = picture[1]
        return picture

    def _decode(self, capture: Capture, last: float) -> tuple[Image, float] | None:
        """The next picture; its time by its own stamp, or one frame after `last` where the file has none."""
        if not capture.grab():
            return None
        good, image = capture.retrieve()
        if not good:
            return None
        stamp = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if not last < stamp < last + 3600:  # repeated, missing or absurd
            stamp = last + 1 / self.fps if last >= 0 else 0.0
        return image, stamp  # pyright: ignore[reportReturnType]

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


class Pictures(_Recorded):
    """A folder of images in natural order (2 before 10), or one image, at 30 per second; or the frames of one animated
    image, each for as long as the file says. `skipped`: unreadable ones; `shown`: the file of the picture that was read
    last, None for frames of an animation."""

    shown: Path | None = None

    def _rewind(self) -> None:
        self._release()
        self.skipped, self._problem = 0, ""
        self._pictures = self._of_folder() if self.path.is_dir() else self._of_file()
        self._first = next(self._pictures, None)
        if self._first is None:
            kind = "empty" if self.path.is_dir() else "unreadable"
            what = f"not an image that can be read: {self._problem}"
            if self.path.is_dir():
                what = f"none of its {self.skipped} images can be read, the first: {self._problem}"
                what = what if self.skipped else "there is no image in it"
            raise SourceError(f"{self.path}: {what}", kind)

    def _next(self) -> tuple[Image, float] | None:
        shown, self._first = self._first or next(self._pictures, None), None
        if shown is None:
            return None
        image, stamp, self.shown = shown
        return image, stamp

    def _of_folder(self) -> Iterator[tuple[Image, float, Path | None]]:
        """Each image, its time and its file."""
        files = [f for f in sorted(self.path.iterdir(), key=_natural) if f.suffix.lower() in IMAGE_SUFFIXES]
        files = [f for f in files if f.is_file()]
        self.fps = DEFAULT_FPS
        self.frame_count = None if self._loop else len(files)
        shown = 0
        for file in files:
            try:
                image = read_picture(file)
            except (PictureError, OSError) as problem:
                why = reason(problem) if isinstance(problem, OSError) else str(problem)
                self._problem = self._problem or why
                self.skipped += 1
                self.frame_count = None if self._loop else len(files) - self.skipped
                continue
            yield image, shown / self.fps, file
            shown += 1

    def _of_file(self) -> Iterator[tuple[Image, float, Path | None]]:
        """The image, or each frame of an animation; its last one again where it ends, if it stays for long."""
        try:
            animation = read_animation(self.path)
            ends = list(itertools.accumulate(animation.delays))
            self.fps = DEFAULT_FPS if len(ends) < 2 else max(SLOWEST_FPS, 1 / min(animation.delays))
            stays = len(ends) > 1 and animation.delays[-1] > 1.5 / self.fps
            self.frame_count = None if self._loop else len(ends) + stays
            for image, begin in zip(animation.frames(), [0.0, *ends], strict=False):
                yield image, begin, self.path if len(ends) < 2 else None
            if stays:
                yield image, ends[-1] - 1 / self.fps, None
        except PictureError as problem:
            self._problem = str(problem)

    def _release(self) -> None:
        self._pictures, self._first = iter(()), None


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key: digits by value, the rest without case."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
