"""An ffmpeg child process and the thread that feeds it."""

from __future__ import annotations

import contextlib
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
from puppet.media.codecs import Codec
from puppet.media.ffmpeg_arguments import (
    FrameClock,
    RecordingSettings,
    container,
    finish_arguments,
    recording_arguments,
)
from puppet.process.log import explained
from puppet.provenance.xmp import Provenance, append_xmp
from puppet.storage.file_lock import is_at
from puppet.storage.files import missing_folders, publish, remove_empty
from puppet.storage.orphaned_files import rescue
from puppet.storage.unfinished import Kind, drop_draft, lock_descriptor, make_draft, register, unregister

QUEUE_BYTES = 192 << 20  # pictures waiting for ffmpeg; about two seconds of 1280 x 720
QUEUE_FRAMES = (8, 90)  # never fewer, never more
LEAD_BYTES = 256 << 20  # of pictures that may wait besides while those from before the first one are written
STALLED_AFTER = 20.0  # s without progress while closing, then ffmpeg is ended
LOOK_EVERY = 1.0  # s between looks whether file and ffmpeg are still there
NOTHING = Provenance()
CREATION_FLAGS = 0  # Windows: no console window, and no Ctrl-C from ours
if sys.platform == "win32":
    CREATION_FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW


class LostFileError(OSError):
    """The file that is being written is not where it was made."""


@dataclass(frozen=True)
class Recording:
    """What came out: `frames` at a constant rate make `seconds`; `repeated` of them fill gaps; `dropped` pictures
    found the queue full (their time is kept by repeats). `path` does not exist when `frames` is 0.
    """

    path: Path
    frames: int
    seconds: float
    repeated: int
    dropped: int
    sound: bool = False


@dataclass(frozen=True)
class Sound:
    """A file whose sound goes under the pictures; `start`: what of it is heard with the first picture, seconds;
    `track`: which of its streams, as ffmpeg counts.
    """

    path: Path
    start: float = 0.0
    track: str = "a:0"


class Recorder:
    """Records pictures to a new file. `write` from one thread; `close` from any, and it is idempotent.

    The file is playable at every moment: fragmented while it grows, finished by ffmpeg itself when the app dies
    (its standard input ends; the next start does the rest, see `leftovers`), and turned into a plain one by `close`.
    Trouble on the way sets `error` and keeps what was written; when the file's folder goes, a copy elsewhere is kept,
    which is `path` then.

    wait: a full queue makes `write` wait instead of dropping the picture (for rendering, where nobody watches).
    gaps: the longest time without pictures is kept too, the last one standing (where sound goes on meanwhile).
    lead: pictures that come before the first one written, each made when its turn comes, with its time.
    becomes: the file is a draft of this one: what a killed process leaves of it is nothing to keep. Whoever asks for
    that takes it off the list of what is unfinished.
    Raises NameTakenError when the file exists, RecordingError when it cannot be made, or has a name that does not suit
    the codec.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        *,
        wait: bool = False,
        gaps: bool = False,
        lead: Iterable[tuple[Callable[[], Image], float]] = (),
        becomes: Path | None = None,
        executable: str | None = None,
    ) -> None:
        self.error: RecordingError | None = None
        self.dropped = 0
        self._settings = replace(settings, patient=wait)
        self._executable = executable or find_ffmpeg()
        self._wait = wait
        self._lead = deque(lead)
        self._owed = len(self._lead)  # pictures that live ones may have to wait for; 0 once the queue has run empty
        self._sound: Sound | None = None
        self._has_sound = False
        self._clock = FrameClock(settings.fps, math.inf if gaps else FrameClock.LONGEST_GAP)
        self._queue: deque[tuple[Image, float]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._process: subprocess.Popen[bytes] | None = None
        self._encoding_over = False  # nothing left to do for ffmpeg's encoder; tidying up may still go on
        self._draft = becomes is not None
        self._called = becomes or settings.path  # for people
        self._look_at = 0.0
        self._mended = False
        if self._draft:
            register(self.path)
        self._new_folders, self._file = _claim(settings)
        if not self._draft:
            about = settings.about
            told = {"actor": about.actor, "consent": about.consent, "layout": about.layout.value, "badge": about.badge}
            register(self.path, Kind.RECORDING, **told)
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the thread
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        return self._settings.path

    @property
    def about(self) -> Provenance:
        return self._settings.about

    @property
    def seconds(self) -> float:
        """Length of what has been handed to ffmpeg."""
        return self._clock.seconds

    def has_room(self, image: Image) -> bool:
        """Whether `write` would take this picture now; only the thread that writes can make a yes a no."""
        return len(self._queue) < _room(image, self._owed)

    def write(self, image: Image, captured_at: float) -> None:
        """Queue a picture, uint8 (H, W, 3) BGR, not to be changed afterwards. `captured_at` in seconds, any origin.

        Does not wait: with a full queue the picture is counted in `dropped` and its time filled by the one before.
        A picture of another size is fitted into the first one's, with black bars. Ignored once closed or failed.
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

    def close(self, sound: Sound | None = None) -> Recording:
        """Write what waits, end ffmpeg, make a plain file of it, with `sound` if that file has any. May take seconds.
        Problems are in `error`.
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
        self._mend()
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
        while self._lead:  # hundreds of MB, let go of one by one
            make, captured_at = self._lead.popleft()
            before = self._place(make(), captured_at, before)
        while (item := self._next()) is not None:
            before = self._place(*item, before)
        self._send(before, self._clock.finish())

    def _place(self, image: Image, captured_at: float, before: bytes) -> bytes:
        """Send what is due now; returns the picture sent last."""
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
        """Raises OSError when there is no use to go on; asks the disk once in a while only."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        self._check_place()
        if self._process is not None and self._process.poll() is not None:
            raise OSError(f"ffmpeg ended with code {self._process.returncode}")

    def _check_place(self) -> None:
        """LostFileError when the file has lost its name."""
        if self._file is not None and not is_at(self.path, self._file):
            folder = self.path.parent
            what = "its file" if folder.exists() else f"its folder {folder}"
            raise LostFileError(f"{what} is gone (removed, renamed, or its disk unplugged)")

    def _start(self, first: Image) -> subprocess.Popen[bytes]:
        if not (self._settings.width and self._settings.height):
            self._settings = replace(self._settings, width=first.shape[1], height=first.shape[0])
        lock = lock_descriptor()
        return subprocess.Popen(
            recording_arguments(self._executable, self._settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._messages,  # a file, so that nobody has to read along and a dead app breaks no pipe
            start_new_session=True,  # Ctrl-C in the terminal is for the app, which then closes the recording in order
            creationflags=CREATION_FLAGS,
            pass_fds=() if lock is None or sys.platform == "win32" else (lock,),  # unfinished until ffmpeg is done
        )

    def _bytes(self, image: Image) -> bytes:
        s = self._settings
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
        about, seconds = self._settings.about, self._clock.seconds
        self._has_sound = self._sound is not None and tidy(self.path, self._executable, about, self._sound, seconds)
        if not self._has_sound:
            tidy(self.path, self._executable, about)

    def _discard(self) -> None:
        """Take back the empty file that held the name, and the folders that were made for it."""
        self.path.unlink(missing_ok=True)
        unregister(self.path)
        remove_empty(self._new_folders)

    def _rescue(self) -> None:
        """Keep what has lost its name."""
        assert self._file is not None
        self._encoding_over = True
        if (
            os.fstat(self._file.fileno()).st_size
            and (place := rescue(self._file, self.path, self._called.name)) is not None
        ):
            unregister(self.path)
            self._settings = replace(self._settings, path=place)

    def _mend(self) -> None:
        """A take that failed, made a plain file as far as it goes, with its sound."""
        if self.error is None or self._mended or not self.path.exists():
            return
        self._mended = True
        seconds = self._clock.seconds
        self._has_sound = self._sound is not None and tidy(
            self.path, self._executable, self.about, self._sound, seconds
        )
        if not self._has_sound:
            tidy(self.path, self._executable, self.about)

    def _fail(self, problem: Exception) -> None:
        """Stop, keep the file, and say why in the words of whoever knows best."""
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
                words = f"Nothing of {self._called} was written: {why}"
            else:
                words += f"Nothing of {self._called} could be written."
        else:
            words += f"What was written until then is kept in {self.path}."
        error = RecordingError(words)
        with self._changed:
            self.error = error
            self._changed.notify_all()


def find_ffmpeg() -> str:
    """The ffmpeg that `imageio-ffmpeg` brings. Raises RecordingError."""
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as problem:
        raise RecordingError("No ffmpeg was found; reinstall it with: pip install imageio-ffmpeg") from problem


def tidy(
    path: Path, executable: str, about: Provenance = NOTHING, sound: Sound | None = None, seconds: float = 0.0
) -> bool:
    """Turn a finished recording into a plain file, atomically, with its provenance, and with `sound` cut to `seconds`.

    False, with the file as it was, when that fails, as when there is no sound in the sound's file.
    """
    limit = 60 + path.stat().st_size / 5e6  # s; a slow USB stick writes about 5 MB/s
    draft = path
    try:
        draft = make_draft(path)
        arguments = finish_arguments(executable, path, draft, about)
        if sound is not None:
            arguments = finish_arguments(executable, path, draft, about, sound.path, sound.start, seconds, sound.track)
        subprocess.run(
            arguments,
            check=True,
            timeout=limit + seconds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for the app, which then closes the recording in order
            creationflags=CREATION_FLAGS,
        )
        if container(path) == "mp4":
            append_xmp(draft, about)
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())  # on the disk before it takes the place of a file that is
        publish(draft, path, replace=True)
    except (OSError, subprocess.SubprocessError):
        return False
    finally:
        if draft != path:
            drop_draft(draft)
    return True


def check_name(path: Path, codec: Codec) -> None:
    """Raises RecordingError for a name that does not suit the codec."""
    if path.suffix.lower() not in codec.suffixes:
        kinds = _either([suffix[1:].upper() for suffix in codec.suffixes])
        fitting = _either([other.label for other in Codec if path.suffix.lower() in other.suffixes])
        other = f", or the codec {fitting}" if fitting else ""
        if not fitting and codec is Codec.H264:  # the one that the name may change
            other = ", or with .webm for VP9"
        raise RecordingError(
            f"{path.name}: {codec.label} recordings are {kinds} files; choose a name that ends with "
            f"{codec.suffixes[0]}{other}"
        )


def _claim(settings: RecordingSettings) -> tuple[list[Path], IO[bytes] | None]:
    """Make the file, empty: its name is ours from here on, and an unwritable folder shows now, not after the take.

    Returns the folders that had to be made, innermost first, and the file, open: through it the content can be had when
    the name is gone. None on Windows, where an open file keeps its name.
    """
    path = settings.path
    check_name(path, settings.encoder.codec)
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


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


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
