"""Microphones: a list of them, and blocks of sound with the time at which they were heard.

PortAudio through `sounddevice`, so that blocks carry the time at which they were heard.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from puppet.core.errors import SoundError
from puppet.media.sound_file import RATE, Samples, SoundConsumer
from puppet.storage.installing import pip_command

BLOCK = 960  # samples, 20 ms
SILENCE_DB = -90.0  # what the level shows for digital silence
FALL_DB = 30.0  # per second, at which the level falls back, so that a short sound can be seen
LONGEST_LATENCY = 1.0  # s; a device that claims more than that has no clock


def help_here() -> str:
    """The command that brings PortAudio on this system."""
    if sys.platform in ("darwin", "win32"):  # it is in the package
        return pip_command("install", "--force-reinstall sounddevice")
    return "sudo apt-get install libportaudio2"


@dataclass(frozen=True)
class SoundDevice:
    """A microphone. name: what settings say; default: the system's own choice."""

    name: str
    default: bool = False


class Stream(Protocol):
    """What is needed of sounddevice's InputStream."""

    def start(self) -> None:
        """Have the device send blocks; raises what PortAudio pleases."""
        ...

    def close(self) -> None:
        """Stop it and let go of the device."""
        ...


Callback = Callable[[Any, int, Any, Any], None]  # samples (n, 1) int16, n, times, status; in PortAudio's thread


@dataclass(frozen=True)
class SoundSystem:
    """The machine's microphones, so that tests can plant them. Both raise SoundError."""

    devices: Callable[[], list[SoundDevice]]
    open: Callable[[str, Callback], Stream]  # a device's name


class Microphone:
    """A `SoundSource` that listens from the moment it is made until `close`.

    keep: seconds of sound that are kept for consumers that come later. muted: consumers get silence, the level goes on.
    Raises SoundError when the device is not there or not allowed.
    """

    def __init__(self, name: str, keep: float = 0.0, system: SoundSystem | None = None) -> None:
        self.name = name
        self.muted = False
        self._keep = keep
        self._kept: deque[tuple[Samples, float]] = deque()
        self._consumers: list[SoundConsumer] = []
        self._lock = threading.Lock()
        self._blocks: queue.SimpleQueue[tuple[Samples, float] | None] = queue.SimpleQueue()
        self._level = SILENCE_DB
        self._heard_at = time.perf_counter()
        self._closed = False
        self._thread = threading.Thread(target=self._hand_out, name=f"microphone {name}", daemon=True)
        self._stream = (system or SYSTEM).open(name, self._hear)
        self._thread.start()
        try:
            self._stream.start()
        except Exception as problem:  # PortAudio's own kind has no name in here
            self.close()
            raise SoundError(_refused(name, problem)) from problem

    @property
    def level(self) -> float:
        """Loudness now, dB of full scale from SILENCE_DB to 0; falls back by FALL_DB per second."""
        return max(SILENCE_DB, self._level - FALL_DB * (time.perf_counter() - self._heard_at))

    @property
    def silent_for(self) -> float:
        """Seconds since the last block: much more than a block's length means that the device has gone."""
        return time.perf_counter() - self._heard_at

    def keep(self, seconds: float) -> None:
        """Keep so much sound for consumers that come later."""
        with self._lock:
            self._keep = seconds

    def attach(self, consumer: SoundConsumer) -> None:
        """Give a consumer the sound that is kept, then every block."""
        with self._lock:
            for samples, heard_at in self._kept:
                consumer.write(samples, heard_at)
            self._consumers.append(consumer)

    def detach(self, consumer: SoundConsumer) -> None:
        """Give a consumer no more blocks."""
        with self._lock:
            self._consumers = [one for one in self._consumers if one is not consumer]

    def close(self) -> None:
        """Let go of the device. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._stream.close()
        self._blocks.put(None)
        self._thread.join(2.0)

    def _hear(self, samples: Any, count: int, times: Any, status: Any) -> None:
        """Take a block, in PortAudio's thread, which must not wait."""
        now = time.perf_counter()
        ago = times.currentTime - times.inputBufferAdcTime  # both on PortAudio's clock
        if not 0 < ago < LONGEST_LATENCY:
            ago = count / RATE
        self._blocks.put((np.array(samples[:, 0], np.int16), now - ago))

    def _hand_out(self) -> None:
        while (block := self._blocks.get()) is not None:
            samples, heard_at = block
            self._level, self._heard_at = max(_loudness(samples), self.level), time.perf_counter()
            if self.muted:
                samples = np.zeros_like(samples)
            with self._lock:
                self._kept.append((samples, heard_at))
                while self._kept and heard_at - self._kept[0][1] > self._keep:
                    self._kept.popleft()
                for consumer in self._consumers:
                    consumer.write(samples, heard_at)


def _loudness(samples: Samples) -> float:
    """Root mean square, dB of full scale."""
    mean = float(np.mean(np.square(samples.astype(np.float32) / 32768))) if len(samples) else 0.0
    return max(SILENCE_DB, 10 * float(np.log10(mean))) if mean > 0 else SILENCE_DB


def list_microphones() -> list[SoundDevice]:
    """The machine's microphones, the system's own choice first. Raises SoundError when sound cannot be used at all."""
    return SYSTEM.devices()


def _library() -> Any:
    """The module sounddevice; SoundError with what to do where it or PortAudio is missing."""
    try:
        import sounddevice  # pyright: ignore[reportMissingTypeStubs]
    except (ImportError, OSError) as problem:
        raise SoundError("Sound cannot be recorded here: the library PortAudio is missing", (help_here(),)) from problem
    return sounddevice


def _devices() -> list[SoundDevice]:
    inputs, chosen = _inputs(_library())
    devices = [SoundDevice(name, index == chosen) for name, index in inputs.items()]
    return sorted(devices, key=lambda device: not device.default)


def _inputs(library: Any) -> tuple[dict[str, int], int]:
    """PortAudio's number of every microphone by its name, and the number of the system's own choice.

    Of those with the same name (Windows has each once for every kind of driver) the system's choice counts, or the
    first.
    """
    try:
        found, chosen = library.query_devices(), library.default.device[0]
    except library.PortAudioError as problem:
        raise SoundError(f"The system's sound does not answer: {problem}") from problem
    inputs: dict[str, int] = {}
    for index, device in enumerate(found):
        if device["max_input_channels"] > 0 and (index == chosen or device["name"] not in inputs):
            inputs[device["name"]] = index
    return inputs, chosen


def _open(name: str, callback: Callback) -> Stream:
    library = _library()
    inputs, _ = _inputs(library)
    if name not in inputs:
        raise SoundError(f"The microphone {name} is not there; plug it in, or choose another one")
    try:
        return library.InputStream(
            samplerate=RATE, blocksize=BLOCK, device=inputs[name], channels=1, dtype="int16", callback=callback
        )
    except (library.PortAudioError, ValueError) as problem:
        raise SoundError(_refused(name, problem)) from problem


def _refused(name: str, problem: Exception) -> str:
    return f"The microphone {name} cannot be opened ({problem}); is another program using it, or is it not allowed?"


SYSTEM = SoundSystem(_devices, _open)
