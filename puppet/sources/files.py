"""Frames from files: videos, image folders, single images."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from puppet.core.errors import PictureError, SourceError, reason
from puppet.core.types import Frame, Image
from puppet.media import video_decoder
from puppet.media.frame_times import nominal_rate
from puppet.media.opencv_video import OpenCvVideo
from puppet.media.video_capture import VideoCapture
from puppet.media.video_facts import PictureFacts, VideoFacts, probe_video
from puppet.media.video_formats import open_checked
from puppet.pictures.decode import SUFFIXES as IMAGE_SUFFIXES
from puppet.pictures.decode import read_animation, read_picture
from puppet.sources.devices import DEFAULT_FPS, plausible_fps

SLOWEST_FPS = 10.0  # of an animation whose frames stay for longer; what is made of it repeats them
LONGEST_PAUSE = 6 * 3600.0  # s between pictures; a longer one is a broken stamp, unless the file is longer
LONGEST_JUMP = 3600.0  # the same where stamps may start anew
MOST_PIXELS = 64 << 20  # of a picture; 8192 x 8192
MOST_ASPECT = 4.0  # of a pixel, either way; more is a mistake
MOST_FRAMES = 1 << 31
STILL = 8  # equal pictures in a row, then ffmpeg is asked whether they should be equal
ASK_EVERY = 10.0  # s of the video between two such questions
MOST_AGAIN = 20_000  # pictures that are decoded once more to answer it
SAME = 6.0  # levels: two decoders differ by less
LATE = 0.5  # s; a paced file that falls further behind (slow decoder, machine asleep) goes on from where it is
GONE = "it is gone: deleted, moved or renamed while it played. Choose it where it is now, or another driver"


class _FileSource:
    """Base of files and folders: pacing, looping and frame numbers. Subclasses decode the next picture.

    paced: `read` waits for a frame's due time, and `captured_at` is that time (perf_counter); otherwise frames
    come as fast as they decode and `captured_at` is the frame's own time stamp, seconds from the beginning.
    """

    live = False
    _still = False  # there is only one picture

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
        """Open the file and find its first picture."""
        self.close()
        with self._lock:
            self._begin_round("there is no such file or folder")
            self._index = 0
            self._round_began = 0.0  # media time at which this round of a loop began, s
            self._last = -1.0  # media time of the last frame, s
            self._zero: float | None = None  # perf_counter at media time 0
            self._closed.clear()

    def read(self) -> Frame | None:
        """The next frame, at its due time where that is paced."""
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
        frame = Frame(image, self._index, captured_at, self._still)
        self._index += 1
        return frame

    def close(self) -> None:
        """Let go of the file, and wake a `read` that waits."""
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
            self._begin_round(GONE)
            picture = self._next()
        if picture is None:
            return None
        image, stamp = picture
        self._last = max(self._round_began + stamp, self._last)
        return image, self._last

    def _begin_round(self, absent: str) -> None:
        """Go to the beginning. absent: what is said where the file is not there. Raises SourceError."""
        try:
            if not self.path.exists():
                raise SourceError(f"{self.path}: {absent}", "absent")
            self._rewind()
        except PermissionError as problem:
            raise SourceError(f"{self.path}: no permission to read it", "denied") from problem
        except OSError as problem:
            raise SourceError(f"{self.path}: {reason(problem)}", "unreadable") from problem

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


class VideoFile(_FileSource):
    """A video file as a player shows it: upright, with square pixels, HDR tone-mapped, deinterlaced."""

    _capture: VideoCapture | None = None

    def _rewind(self) -> None:
        self._release()
        open_checked(self.path).close()  # before ffmpeg opens it
        facts = probe_video(self.path)
        self._refuse(facts)
        self._longest = LONGEST_PAUSE if not facts.jumping else LONGEST_JUMP
        if facts.seconds is not None:
            self._longest = min(self._longest, max(LONGEST_JUMP, facts.seconds))
        self._raw_stamp, self._stamped = -1.0, False
        self._facts, self._standing, self._sample, self._decoded, self._asked = facts, 0, None, 0, -ASK_EVERY
        self._first = self._begin(facts)
        if self._first is None:
            self._release()
            raise SourceError(f"{self.path}: not a video that can be read (damaged, or something else)", "unreadable")

    def _refuse(self, facts: VideoFacts) -> None:
        """Raise SourceError for what no decoder can show."""
        pictures, why = facts.pictures, ""
        if facts.refused:  # ffmpeg takes only the formats on our list; OpenCV's would try any
            why = "not a video that can be read (damaged, or something else)"
        elif facts.known and pictures is None and (facts.sounds or facts.cover):
            what = " and ".join(["sound"] * bool(facts.sounds) + ["a cover picture"] * facts.cover)
            why = f"there is {what} in it, but no video"
        elif pictures is not None and pictures.dolby is not None:
            why = (
                f"Dolby Vision of profile {pictures.dolby}, whose colours only its own players know; "
                "film or save it as HDR10, HLG or SDR"
            )
        elif pictures is not None and pictures.width * pictures.height > MOST_PIXELS:
            why = (
                f"its pictures of {pictures.width} x {pictures.height} px are larger than the {MOST_PIXELS / 1e6:.0f} "
                "million pixels that are read; make a smaller copy of it"
            )
        if why:
            raise SourceError(f"{self.path}: {why}", "unreadable")

    def _begin(self, facts: VideoFacts) -> tuple[Image, float] | None:
        """Choose the decoder, OpenCV where it shows the file correctly, else ffmpeg; the first picture."""
        plain = OpenCvVideo(self.path)
        plain.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        claimed = plain.get(cv2.CAP_PROP_FRAME_COUNT)
        self.fps = nominal_rate(facts, plausible_fps(plain.get(cv2.CAP_PROP_FPS)))
        self.frame_count = int(claimed) if 0 < claimed < MOST_FRAMES and not self._loop else None
        self._capture, pictures = plain, facts.pictures
        first = None
        if pictures is None or not video_decoder.needs_ffmpeg(pictures):
            first = self._first_of(plain)
        if first is None and pictures is not None:
            decoder = self._decoder(pictures)
            first = self._first_of(decoder)
            if first is not None:
                plain.release()
                self._capture = decoder
            else:
                decoder.release()
                first = self._first_of(plain)
        return first

    def _decoder(self, pictures: PictureFacts) -> video_decoder.FfmpegVideo:
        return video_decoder.FfmpegVideo(self.path, pictures, next(iter(self._facts.stamps), None))

    def _first_of(self, capture: VideoCapture) -> tuple[Image, float] | None:
        if not capture.isOpened():
            return None
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if width * height > MOST_PIXELS:  # ffmpeg said nothing of it
            return None
        across, down = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
        aspect = across / down if across > 0 and down > 0 else 1.0
        lying = capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180 == 90  # the aspect is that of the picture as stored
        self._stretch = (1.0, 1.0)
        if 1 / MOST_ASPECT <= aspect <= MOST_ASPECT and width * height * aspect <= MOST_PIXELS:
            self._stretch = (1.0, aspect) if lying else (aspect, 1.0)
        return self._decode(capture, -1.0)

    def _next(self) -> tuple[Image, float] | None:
        if self._capture is None:
            return None
        picture, self._first = self._first, None
        if picture is None:
            picture = self._decode(self._capture, self._stamp)
        if picture is not None:
            self._stamp = picture[1]
        return picture

    def _decode(self, capture: VideoCapture, last: float) -> tuple[Image, float] | None:
        """The next picture; its time by its own stamp, or one frame after `last` where the file has none."""
        while capture.grab():
            good, image = capture.retrieve()
            if good and image.size:
                self._decoded += 1
                stamp = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                if capture is self._capture and self._stuck(image, stamp):
                    capture = self._take_over(capture, image)
                    if capture is not self._capture:
                        self._capture = capture
                        continue
                return self._square(image), self._time(stamp, last)
        return None

    def _stuck(self, image: np.ndarray, stamp: float) -> bool:
        """Whether OpenCV may repeat an old picture.

        Where pictures change their size on the way, it gives the last one of the old size for ever. A picture that
        stands for a while may be that one, and ffmpeg knows.
        """
        sample = image[::16, ::16].copy()
        self._standing = self._standing + 1 if self._sample is not None and np.array_equal(sample, self._sample) else 0
        self._sample = sample
        pictures = self._facts.pictures
        if pictures is None or self._facts.one_size or isinstance(self._capture, video_decoder.FfmpegVideo):
            return False
        if self._standing < STILL:
            return False
        if self._facts.jumping:  # a time stamp is no place, so all is decoded once more, less and less often
            if not 2 * self._asked < self._decoded < MOST_AGAIN:
                return False
            self._asked = self._decoded
            return True
        if stamp < self._asked + ASK_EVERY:
            return False
        self._asked = stamp
        size = video_decoder.size_at(self.path, pictures, stamp)
        return size is not None and size != image.shape[1::-1]

    def _take_over(self, capture: VideoCapture, image: np.ndarray) -> VideoCapture:
        """Ffmpeg's decoder, which scales to the size of the first picture; `capture` where its pictures are equal."""
        assert self._facts.pictures is not None
        decoder = self._decoder(self._facts.pictures)
        if all(decoder.grab() for _ in range(self._decoded)):
            shown = decoder.retrieve()[1]
            if shown.shape != image.shape or np.abs(shown.astype(np.int16) - image).mean() > SAME:
                capture.release()
                return decoder
        decoder.release()
        return capture

    def _time(self, stamp: float, last: float) -> float:
        self._stamped |= 0 <= self._raw_stamp < stamp
        self._raw_stamp = stamp
        if last < stamp < last + self._longest:
            return stamp
        if last < 0:
            return 0.0
        # repeated, missing or absurd; where stamps repeat but go on, half a frame lets them catch up
        catching_up = self._stamped and 0 <= last - stamp < 2 / self.fps
        return last + (0.5 if catching_up else 1.0) / self.fps

    def _square(self, image: np.ndarray) -> Image:
        if self._stretch == (1.0, 1.0):
            return image  # pyright: ignore[reportReturnType]
        across, down = self._stretch
        size = max(1, round(image.shape[1] * across)), max(1, round(image.shape[0] * down))
        method = cv2.INTER_AREA if min(across, down) < 1 else cv2.INTER_CUBIC
        return cv2.resize(image, size, interpolation=method)  # pyright: ignore[reportReturnType]

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def claimed_frames(path: Path) -> int | None:
    """How many frames a video file claims to have, None where it does not say; it is not decoded. Never raises."""
    try:
        open_checked(path).close()
        if probe_video(path).refused:
            return None
        capture = OpenCvVideo(path)
    except (OSError, SourceError):
        return None
    try:
        claimed = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.isOpened() else 0
        return int(claimed) if 0 < claimed < MOST_FRAMES else None
    finally:
        capture.release()


class Pictures(_FileSource):
    """A folder of images, one image, or the frames of an animated image.

    A folder: in natural order (2 before 10; of an animated image the first frame), at 30 per second. An animation: each
    frame for as long as the file says.

    skipped: how many could not be read. shown: the file of the picture that was read last, None for an animation's.
    """

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
        self.frame_count, self._still = None if self._loop else len(files), len(files) == 1
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
            self.frame_count, self._still = None if self._loop else len(ends) + stays, len(ends) < 2
            image = None
            for image, begin in zip(animation.frames(), [0.0, *ends], strict=False):
                yield image, begin, self.path if len(ends) < 2 else None
            if stays and image is not None:
                yield image, ends[-1] - 1 / self.fps, None
        except PictureError as problem:
            self._problem = str(problem)

    def _release(self) -> None:
        self._pictures, self._first = iter(()), None


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key: digits by value, the rest without case."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
