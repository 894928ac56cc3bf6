"""What the engine asks of a source of frames and of an output."""

from __future__ import annotations

from typing import Protocol

from puppet.core.errors import PuppetError
from puppet.core.types import Frame, Result


class Source(Protocol):
    """Brings frames: `open`, then `read` until None, then `close`. May be opened again after `close`."""

    name: str  # for messages and the window
    live: bool  # True: frames come when they come; False: a file or folder
    fps: float  # nominal; 30.0 when unknown
    frame_count: int | None  # as the file claims; None when unknown or endless

    def open(self) -> None:
        """Make it ready to be read.

        Raises SourceError: "absent", "busy", "denied", "unreadable" or "empty".
        """
        ...

    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end and once closed.

        Raises SourceError: "unplugged" or "frozen".
        """
        ...

    def close(self) -> None:
        """Let go of the device or file. Idempotent, from any thread."""
        ...


class Sink(Protocol):
    """An output: takes every result."""

    @property
    def error(self) -> PuppetError | None:
        """Why it gave up; None while it works. The engine detaches a sink that has one, and reports it."""
        ...

    def write(self, result: Result) -> None:
        """Take a result, from the inference thread. Does not block, does not raise, does nothing after `close`."""
        ...

    def close(self) -> None:
        """Finish and let go of everything. Idempotent.

        Raises RecordingError after everything is closed, and again when it is closed again.
        """
        ...
