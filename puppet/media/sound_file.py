"""A take's sound in a file: blocks from a microphone, whose clock is never quite ours, on the time of the pictures."""

from __future__ import annotations

import contextlib
import math
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from puppet.media.timeline import Timeline
from puppet.storage.file_lock import is_at
from puppet.storage.names import numbered
from puppet.storage.orphaned_files import rescue
from puppet.storage.unfinished import Kind, register, unregister

RATE = 48_000  # samples per second, mono
KEPT = 3.0  # s of sound that is kept for a take whose first picture has not come yet

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class SoundTrack:
    """A file whose sound goes under the pictures.

    start: place in it that is heard with the first picture, s. track: which of its streams, as ffmpeg counts.
    """

    path: Path
    start: float = 0.0
    track: str = "a:0"


class SoundConsumer(Protocol):
    """What gets a microphone's sound."""

    def write(self, samples: Samples, captured_at: float) -> None:
        """Take a block: int16 (n,) at RATE; `captured_at`: of the first sample, `time.perf_counter()` seconds."""
        ...


class SoundSource(Protocol):
    """A microphone."""

    def attach(self, consumer: SoundConsumer) -> None:
        """Give it what was heard lately, as much as is kept, and then every block, in order, from one thread."""
        ...

    def detach(self, consumer: SoundConsumer) -> None:
        """Give it no more blocks once this returns."""
        ...


class SoundClock:
    """Blocks with time stamps -> samples without gaps at exactly RATE on the time line of the stamps.

    Stamps jitter by milliseconds, and a device's "48,000 per second" is off by up to a few hundred millionths: 20 to
    100 ms in ten minutes. A loop of second order follows the stamps: it finds the device's true rate, and the block is
    resampled to ours (cubic). Where a block is out of place by more than `JUMP`, samples were lost, or a pause was cut:
    silence fills, or the overlap is dropped.
    """

    SETTLE = 10.0  # s; time constant: jitter of 5 ms moves the pitch by 0.05 %, which is not audible
    JUMP = 0.05  # s
    LARGEST = 0.002  # of the rate; real devices stay far below

    def __init__(self, rate: int = RATE) -> None:
        self.written = 0  # samples given out
        self._rate = rate
        self._drift = 0.0  # share by which a device second is longer than ours
        self._input = np.zeros(0, np.float32)  # not used up yet
        self._phase = 0.0  # place of the next output sample within it, samples
        self._following = False  # the next block is expected where the last one ended

    def add(self, samples: Samples, at: float, cut: bool = False) -> Samples:
        """The samples to append for a block: int16 (n,) at RATE.

        at: place of the first sample, seconds from the beginning; what lies before the beginning is dropped. cut:
        something was left out before this block.
        """
        error = at - self._position()
        head = np.zeros(0, np.int16)
        if cut or not self._following or abs(error) > self.JUMP:
            head, samples = self._jump(samples, at)
            error = 0.0
        if not len(samples):
            return samples
        self._following = True
        span = len(samples) / self._rate
        self._drift += error * span / (4 * self.SETTLE**2)  # critically damped
        stretch = float(np.clip(self._drift + error / self.SETTLE, -self.LARGEST, self.LARGEST))
        body = self._resample(samples, 1 / (1 + stretch))
        self.written += len(head) + len(body)
        return np.concatenate((head, body))

    def _position(self) -> float:
        """Where on the time line the end of what came in so far lies."""
        waiting = max(0.0, len(self._input) - self._phase)
        return (self.written + waiting) / self._rate

    def _jump(self, samples: Samples, at: float) -> tuple[Samples, Samples]:
        """Silence up to a block, and what is left of the block."""
        self._input, self._phase, self._following = np.zeros(0, np.float32), 0.0, False
        gap = round(at * self._rate) - self.written
        if gap < 0:
            return np.zeros(0, np.int16), samples[-gap:]
        return np.zeros(gap, np.int16), samples

    def _resample(self, samples: Samples, step: float) -> Samples:
        """Cubic (Catmull-Rom) at every `step`-th place; the last two samples wait for the next block."""
        values = np.concatenate((self._input, samples.astype(np.float32)))
        count = max(0, math.ceil((len(values) - 2 - self._phase) / step))
        places = self._phase + step * np.arange(count)
        whole = places.astype(np.int64)
        t = (places - whole).astype(np.float32)
        before, here, after, beyond = (values[np.clip(whole + k, 0, len(values) - 1)] for k in (-1, 0, 1, 2))
        a = -0.5 * before + 1.5 * here - 1.5 * after + 0.5 * beyond
        b = before - 2.5 * here + 2 * after - 0.5 * beyond
        c = 0.5 * (after - before)
        made = ((a * t + b) * t + c) * t + here
        following = self._phase + step * count
        used = max(0, int(following) - 1)  # the cubic looks one sample back
        self._input, self._phase = values[used:], following - used
        return np.clip(np.rint(made), -32768, 32767).astype(np.int16)


class SoundFile:
    """A WAV file beside a take, which grows with it and can be read at every moment. Thread-safe.

    delay: s by which the sound comes later. takes: the files that it is for. Disk errors end the sound, not the take;
    when its folder goes, a copy elsewhere is kept, which is `path` then.
    """

    def __init__(
        self, take: Path, source: SoundSource, timeline: Timeline, delay: float = 0.0, takes: Sequence[Path] = ()
    ) -> None:
        self.path = take.with_name(f"{take.stem}.sound.wav")
        self._takes = [str(one.absolute()) for one in (takes or (take,))]
        self._is_ours = False
        self._source, self._timeline, self._delay = source, timeline, delay
        self._clock = SoundClock()
        self._first: float | None = None  # take time of the first picture
        self._early: list[tuple[Samples, float]] = []
        self._pauses = 0  # that the clock knows of
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()
        source.attach(self)

    def begin(self, at: float) -> None:
        """Begin the file at the first picture, at `at` on the take's time line."""
        with self._lock:
            self._first = at
            early, self._early = self._early, []
            for samples, captured_at in early:
                self._append(samples, captured_at)

    def write(self, samples: Samples, captured_at: float) -> None:
        """Append a block; it waits until the first picture has come."""
        with self._lock:
            if self._first is None:
                self._early.append((samples, captured_at))
                while self._early[-1][1] - self._early[0][1] > KEPT + 60:  # longer than any pre-roll
                    self._early.pop(0)
            else:
                self._append(samples, captured_at)

    def close(self) -> SoundTrack | None:
        """End the file; its sound, None when nothing was heard."""
        self._source.detach(self)
        with self._lock:
            file, self._file = self._file, None
            self._first = None
            if file is None:
                return None
            try:
                with file:
                    _write_header(file, self._clock.written)
                    if not is_at(self.path, file) and (place := rescue(file, self.path)) is not None:
                        unregister(self.path)
                        self.path = place
            except OSError:
                return None
        return SoundTrack(self.path)

    def discard(self) -> None:
        """Remove the file: those of the take have the sound now."""
        if self._is_ours:
            with contextlib.suppress(OSError):  # its disk is gone
                self.path.unlink(missing_ok=True)
            unregister(self.path)

    def keep(self) -> Path | None:
        """Leave the file to the user; its path, None when there is no file."""
        unregister(self.path)
        return self.path if self._is_ours and self.path.exists() else None

    def _open(self) -> BinaryIO:
        """Make the file; a name that is taken gets a number. Raises OSError."""
        for path in numbered(self.path, "_"):
            with contextlib.suppress(FileExistsError):
                file = path.open("x+b", buffering=0)
                self.path, self._is_ours = path, True
                register(path, Kind.SOUND, takes=self._takes)
                _write_header(file)
                return file
        raise AssertionError  # the names never end

    def _append(self, samples: Samples, captured_at: float) -> None:
        at = self._timeline.place(captured_at)
        if at is None or self._first is None:
            return
        pauses = self._timeline.pauses
        made = self._clock.add(samples, at - self._first + self._delay, cut=pauses != self._pauses)
        self._pauses = pauses
        if not len(made):
            return
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(made.tobytes())
        except OSError:
            self._first = None


def _write_header(file: BinaryIO, samples: int | None = None) -> None:
    """A RIFF header, 16 bit mono; without a number of samples the file goes on to its end, whatever that is."""
    data = 0xFFFFFFFF if samples is None else min(2 * samples, 0xFFFFFFFF - 36)
    whole = 0xFFFFFFFF if samples is None else data + 36
    file.seek(0)
    file.write(
        b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    )
    file.write(b"data" + struct.pack("<I", data))
