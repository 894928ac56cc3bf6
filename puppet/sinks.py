"""Where results go. An output is one class here and one line in `SINKS`; the contract test picks it up."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from puppet.compose import Layout, compose
from puppet.errors import PuppetError, RecordingError, reason
from puppet.ffmpeg import RecordingSettings, provenance
from puppet.frames import Result
from puppet.recorder import Recorder, Recording, new_recording_path


class Sink(Protocol):
    """Takes every result. `error` is set when it gave up; the engine then detaches it and reports."""

    @property
    def error(self) -> PuppetError | None: ...

    def write(self, result: Result) -> None:
        """From the inference thread; does not block, does not raise, ignored after `close`."""
        ...

    def close(self) -> None:
        """Idempotent; raises RecordingError after everything is closed."""
        ...


class RecorderSink:
    """Records what `layout` shows. Raises RecordingError, see `Recorder`.

    `wait`: back-pressure instead of drops, for rendering. `recording` tells what came out once closed.
    """

    def __init__(
        self, settings: RecordingSettings, layout: Layout = Layout.SIDE_BY_SIDE, *, wait: bool = False
    ) -> None:
        self._layout = layout
        self.recorder = Recorder(settings, wait=wait)
        self.recording: Recording | None = None

    @property
    def path(self) -> Path:
        return self.recorder.path

    @property
    def error(self) -> RecordingError | None:
        return self.recorder.error

    @property
    def seconds(self) -> float:
        return self.recorder.seconds

    @property
    def dropped(self) -> int:
        return self.recorder.dropped

    def write(self, result: Result) -> None:
        self.recorder.write(compose(result, self._layout), result.frame.captured_at)

    def close(self) -> None:
        """Finish the file; may take seconds, so not from the window's thread."""
        if self.recording is not None:
            return
        self.recording = self.recorder.close()
        if self.error is not None:
            raise self.error


@dataclass(frozen=True)
class SinkKind:
    """An entry of the registry: `make` a sink that puts a new file into a folder, for the named actor."""

    name: str
    make: Callable[[Path, str], Sink]


SINKS: tuple[SinkKind, ...] = (
    SinkKind(
        "recorder",
        lambda folder, actor: RecorderSink(RecordingSettings(new_recording_path(folder, actor), actor=actor)),
    ),
)


def save_snapshot(result: Result, folder: Path, actor: str) -> Path:
    """Save both pictures side by side as a new PNG file that says what it is. Raises RecordingError."""
    done, encoded = cv2.imencode(".png", compose(result, Layout.SIDE_BY_SIDE))
    if not done:
        raise RecordingError("The snapshot could not be encoded as PNG")
    path = new_recording_path(folder, actor, ".png")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(_with_comment(encoded.tobytes(), provenance(actor)))
    except OSError as problem:
        raise RecordingError(f"Cannot save {path}: {reason(problem)}; choose another folder") from problem
    return path


def _with_comment(png: bytes, comment: str) -> bytes:
    """Insert an iTXt chunk (PNG specification, 11.3.3.4) after the header chunk."""
    header_end = 8 + 25  # signature; IHDR: length, type, 13 bytes, checksum
    body = b"iTXt" + b"Comment\0" + b"\0\0" + b"\0" + b"\0" + comment.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:header_end] + chunk + png[header_end:]
