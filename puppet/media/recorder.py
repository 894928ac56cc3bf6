"""Records pictures to a video file: an ffmpeg child process and the thread that feeds it."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from puppet.core import pixels
from puppet.core.errors import NameTakenError, RecordingError, reason
from puppet.core.types import Image
from puppet.media.codecs import check_suffix
from puppet.media.ffmpeg_arguments import FrameClock, RecordingSettings, recording_arguments
from puppet.media.ffmpeg_child import find_ffmpeg, last_lines, loggable, start_ffmpeg
from puppet.media.remux import remux
from puppet.media.sound_file import SoundTrack
from puppet.process.log import explained
from puppet.provenance.xmp import Provenance
from puppet.storage.file_lock import is_at
from puppet.storage.files import missing_folders, remove_empty
from puppet.storage.orphaned_files import rescue
from puppet.storage.unfinished import Kind, lock_descriptor, register, unregister

QUEUE_BYTES = 192 << 20  # pictures waiting for ffmpeg; about two seconds of 1280 x 720
QUEUE_FRAMES = (8, 90)  # never fewer, never more
LEAD_BYTES = 256 << 20  # of pictures that may wait besides while those from before the first one are written
STALLED_AFTER = 20.0  # s without progress while closing, then ffmpeg is ended
LOOK_EVERY = 1.0  # s between looks whether file and ffmpeg are still there
logger = logging.getLogger(__name__)


class LostFileError(OSError):
    """The file that is being written is not where it was made."""


@dataclass(frozen=True)
class Recording:
    """A file that was recorded; it does not exist when `frames` is 0.

    frames: at a constant rate they make `seconds`. repeated: how many of them fill gaps. dropped: pictures that found
    the queue full, whose time is filled by repeats. sound: whether sound is in it.
    """

    path: Path
    frames: int
    seconds: float
    repeated: int
    dropped: int
    sound: bool = False


class Recorder:
    """Records pictures to a new file. `write` from one thread; `close` from any, and it is idempotent.

    The file plays at every moment: it is fragmented while it grows, ffmpeg itself ends it when the app dies (its
    standard input ends; the next start does the rest, see `output.crash_recovery`), and `close` makes a plain file of
    it. An error on the way is in `error`, and what was written is kept; when the file's folder goes, a copy elsewhere
    is kept, which is `path` then.

    wait: a full queue makes `write` wait instead of dropping the picture, for rendering.
    keep_gaps: however long no picture comes, the last one is repeated (where sound goes on meanwhile).
    pre_roll: pictures before the first one written, each made when its turn comes, with its time.
    draft_of: the file is a draft of this one, so that what a killed process leaves of it is removed; the caller
    takes it off the list of unfinished files.
    Raises NameTakenError when the file exists, RecordingError when it cannot be made or its ending is wrong.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        *,
        wait: bool = False,
        keep_gaps: bool = False,
        pre_roll: Iterable[tuple[Callable[[], Image], float]] = (),
        draft_of: Path | None = None,
        executable: str | None = None,
    ) -> None:
        self.error: RecordingError | None = None
        self.dropped = 0
        self._settings = replace(settings, patient=wait)
        self._executable = executable or find_ffmpeg()
        self._wait = wait
        self._pre_roll = deque(pre_roll)
        self._owed = len(self._pre_roll)  # pictures that live ones wait for; 0 once the queue has run empty
        self._sound: SoundTrack | None = None
        self._has_sound = False
        self._clock = FrameClock(settings.fps, math.inf if keep_gaps else FrameClock.LONGEST_GAP)
        self._queue: deque[tuple[Image, float]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._process: subprocess.Popen[bytes] | None = None
        self._encoding_over = False  # the encoder is done; `remux` may still go on
        self._draft = draft_of is not None
        self._shown_path = draft_of or settings.path  # for people
        self._look_at = 0.0
        self._failed_is_finished = False
        if self._draft:
            register(self.path)
        self._new_folders, self._file = _claim(settings)
        if not self._draft:
            about = settings.about
            facts = {"actor": about.actor, "consent": about.consent, "layout": about.layout.value, "badge": about.badge}
            register(self.path, Kind.RECORDING, **facts)
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the thread
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        """The file, wherever it is kept."""
        return self._settings.path

    @property
    def about(self) -> Provenance:
        """What the file's metadata says."""
        return self._settings.about

    @property
    def seconds(self) -> float:
        """Length of what has been handed to ffmpeg."""
        return self._clock.seconds

    def has_room(self, image: Image) -> bool:
        """Whether `write` would take this picture now; True stays True until the writing thread writes."""
        return len(self._queue) < _room(image, self._owed)

    def write(self, image: Image, captured_at: float) -> None:
        """Queue a picture, uint8 (H, W, 3) BGR, not to be changed afterwards. `captured_at` in seconds, any origin.

        Codecs with alpha take (H, W, 4) BGRA with straight alpha as well. Does not wait: with a full queue the picture
        is counted in `dropped` and its time filled by the one before. One of another size is fitted into the first
        one's, with black bars. Ignored once closed or failed.
        """
        with self._changed:
            if self._wait:
                self._changed.wait_for(lambda: self._stopped() or self.has_room(image))
            if self._stopped():
                return
            if not self.has_room(image):
                self.dropped += 1
                return
            self._queue.append((image, captured_at))
            self._changed.notify_all()

    def close(self, sound: SoundTrack | None = None) -> Recording:
        """Write what waits, end ffmpeg and make a plain file of it, with `sound` where that is given and can be read.

        May take seconds. What goes wrong is in `error`.
        """
        with self._changed:
            if not self._closing:
                self._sound = sound
            self._closing = True
            self._changed.notify_all()
        progress = (self._clock.written, time.monotonic())
        while self._thread.is_alive():
            self._thread.join(0.25)
            if self._clock.written != progress[0] or self._encoding_over:
                progress = (self._clock.written, time.monotonic())
            elif time.monotonic() - progress[1] > STALLED_AFTER and self._process is not None:
                self._process.kill()  # its pipe breaks, which wakes and ends the thread
        clock = self._clock
        self._finish_failed()
        if not self._draft:
            unregister(self._settings.path)
        return Recording(self.path, clock.written, clock.seconds, clock.repeated, self.dropped, self._has_sound)

    def _stopped(self) -> bool:
        return self._closing or self.error is not None

    def _run(self) -> None:
        try:
            self._feed()
            self._finish()
        except Exception as problem:  # a broken pipe is how a dead ffmpeg shows; nothing may end this thread unseen
            self._fail(problem)
        finally:
            self._messages.close()
            if self._file is not None:
                self._file.close()
            with self._changed:
                self._queue.clear()
                self._changed.notify_all()

    def _feed(self) -> None:
        before = b""
        while self._pre_roll:  # hundreds of MB, freed one by one
            make, captured_at = self._pre_roll.popleft()
            before = self._place(make(), captured_at, before)
        while (item := self._next()) is not None:
            before = self._place(*item, before)
        self._send(before, self._clock.finish())

    def _place(self, image: Image, captured_at: float, before: bytes) -> bytes:
        """Send what is due at `captured_at`; returns the picture that was sent last."""
        if self._process is None:
            self._process = self._start(image)
        self._look()
        repeats, wanted = self._clock.advance(captured_at)
        self._send(before, repeats)
        if wanted:
            before = self._bytes(image)
            self._send(before)
        return before

    def _send(self, picture: bytes, times: int = 1) -> None:
        for _ in range(times):
            assert self._process is not None
            assert self._process.stdin is not None
            self._process.stdin.write(picture)
            self._process.stdin.flush()

    def _next(self) -> tuple[Image, float] | None:
        with self._changed:
            if not self._queue:
                self._owed = 0
            while not self._changed.wait_for(lambda: self._queue or self._closing, LOOK_EVERY):
                self._look()
            if not self._queue:
                return None
            item = self._queue.popleft()
            self._changed.notify_all()
            return item

    def _look(self) -> None:
        """Raise OSError when the file or ffmpeg is gone. Looks every LOOK_EVERY only."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        self._check_place()
        if self._process is not None and self._process.poll() is not None:
            raise OSError(f"ffmpeg ended with code {self._process.returncode}")

    def _check_place(self) -> None:
        """Raise LostFileError when the file is not where it was made."""
        if self._file is not None and not is_at(self.path, self._file):
            folder = self.path.parent
            what = "its file" if folder.exists() else f"its folder {folder}"
            raise LostFileError(f"{what} is gone (removed, renamed, or its disk unplugged)")

    def _start(self, first: Image) -> subprocess.Popen[bytes]:
        if not (self._settings.width and self._settings.height):
            self._settings = replace(self._settings, width=first.shape[1], height=first.shape[0])
        lock = lock_descriptor()
        arguments = recording_arguments(self._executable, self._settings)
        logger.info("%s", loggable(arguments))
        return start_ffmpeg(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._messages,  # a file, which needs no reader, and which a dead app does not break
            inherited=() if lock is None or sys.platform == "win32" else (lock,),  # unfinished until ffmpeg is done
        )

    def _bytes(self, image: Image) -> bytes:
        s = self._settings
        if s.encoder.codec.alpha and image.shape[2] == 3:
            image = pixels.opaque(image)
        if image.shape[:2] != (s.height, s.width):
            image = pixels.fit(image, s.width, s.height)
        return image.tobytes()

    def _finish(self) -> None:
        if self._process is None:
            self._discard()
            self._encoding_over = True
            return
        assert self._process.stdin is not None
        self._process.stdin.close()  # closed stdin is how ffmpeg learns that the video is over
        if self._process.wait() != 0:
            raise OSError(f"ffmpeg ended with code {self._process.returncode}")
        self._encoding_over = True
        self._check_place()
        self._make_plain()

    def _discard(self) -> None:
        """Remove the empty file that held the name, and the folders that were made for it."""
        self.path.unlink(missing_ok=True)
        unregister(self.path)
        remove_empty(self._new_folders)

    def _rescue(self) -> None:
        """Keep a copy of the file where its name is gone."""
        assert self._file is not None
        self._encoding_over = True
        if (
            os.fstat(self._file.fileno()).st_size
            and (place := rescue(self._file, self.path, self._shown_path.name)) is not None
        ):
            unregister(self.path)
            self._settings = replace(self._settings, path=place)

    def _finish_failed(self) -> None:
        """Make a plain file, with sound, of what was written before an error."""
        if self.error is None or self._failed_is_finished or not self.path.exists():
            return
        self._failed_is_finished = True
        self._make_plain()

    def _make_plain(self) -> None:
        """Make a plain file, with the sound if it can be put into it."""
        path, sound = self.path, self._sound
        self._has_sound = sound is not None and remux(path, self._executable, self.about, sound, self._clock.seconds)
        if not self._has_sound:
            remux(path, self._executable, self.about)

    def _fail(self, problem: Exception) -> None:
        """Stop, keep the file, and set `error` from what ffmpeg, the disk or the exception says."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # pyright: ignore[reportOptionalMemberAccess]
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._messages.seek(0)
        said = self._messages.read(65536).decode(errors="replace")
        logger.error("ffmpeg, code %s: %s", self._process and self._process.returncode, last_lines(said))
        if isinstance(problem, OSError):
            try:
                self._check_place()
            except OSError as lost:
                problem = lost
        if isinstance(problem, LostFileError):
            said = ""  # nothing of it is ffmpeg's fault
            self._rescue()
        why = _why(said, problem, self._process)
        words = f"The {'video' if self._draft else 'recording'} stopped: {why}. "
        if not self.path.exists() or self.path.stat().st_size == 0:
            with contextlib.suppress(OSError):
                self._discard()
            if isinstance(problem, LostFileError):
                words = f"Nothing of {self._shown_path} was written: {why}"
            else:
                words += f"Nothing of {self._shown_path} could be written."
        else:
            words += f"What was written until then is kept in {self.path}."
        error = RecordingError(words)
        with self._changed:
            self.error = error
            self._changed.notify_all()


def _claim(settings: RecordingSettings) -> tuple[list[Path], IO[bytes] | None]:
    """Make the empty file, so that the name is ours and an unwritable folder is an error now, not after the take.

    Returns the folders that had to be made, innermost first, and the open file, through which the content can be read
    when the name is gone; None on Windows, where an open file keeps its name.
    """
    path = settings.path
    check_suffix(path, settings.encoder.codec)
    new_folders = missing_folders(path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("x+b")  # "x": also when another program was quicker
    except OSError as problem:
        if os.path.lexists(path):
            raise NameTakenError(f"{path} exists already and is not overwritten; choose another name") from problem
        remove_empty(new_folders)
        raise RecordingError(f"Cannot write to {path.parent}: {reason(problem)}; choose another folder") from problem
    if sys.platform == "win32":
        file.close()
    return new_folders, None if file.closed else file


def _room(image: Image, owed: int = 0) -> int:
    """How many pictures of this size may wait, while so many from before them are being written."""
    (least, most), size = QUEUE_FRAMES, max(1, image.nbytes)
    return max(least, min(most, QUEUE_BYTES // size)) + min(owed, LEAD_BYTES // size)


def _why(said: str, problem: Exception, process: subprocess.Popen[bytes] | None) -> str:
    if not isinstance(problem, OSError):
        return str(explained(problem, "Writing it"))
    if isinstance(problem, LostFileError):
        return str(problem)
    if "No space left on device" in said:
        return "the disk is full"
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("Svt[info]")]
    if lines:
        return f"ffmpeg says: {lines[0].strip()}"
    if process is None:
        return f"ffmpeg could not be started ({problem})"
    if process.returncode:
        return f"ffmpeg ended unexpectedly (code {process.returncode})"
    return reason(problem)
