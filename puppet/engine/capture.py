"""The capture thread: opens a source, reads it into a slot, and brings a live one back when it goes away."""

from __future__ import annotations

import contextlib
import enum
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from puppet.core.addresses import without_secrets
from puppet.core.errors import PuppetError, SourceError
from puppet.core.slot import LatestSlot
from puppet.core.timing import RateMeter
from puppet.core.types import Frame

if TYPE_CHECKING:
    from puppet.core.protocols import Source

BACK_OFF = (0.5, 1.0, 2.0, 4.0)  # s between attempts to get a live source back; the last one repeats
HAND_OVER = 3.0  # s a new source waits for the one before it to let go of its device
PATIENCE = 0.5  # s for a read to come back by itself, before its source is closed under it

logger = logging.getLogger(__name__)


class Phase(enum.Enum):
    """What the engine, or its source, is doing."""

    STARTING = "starting"
    RUNNING = "running"
    RECONNECTING = "reconnecting"
    STOPPED = "stopped"
    FAILED = "failed"
    ENDED = "ended"


class Capture:
    """One source and its thread. Replace it by another one to change the source; it is not started twice.

    open_source: spec -> Source, not opened yet; may raise SourceError.
    report: takes an error for the user, or None when frames flow again. Called from the capture thread.
    after: the capture this one replaces; it has to let go of its device first.
    """

    def __init__(
        self,
        spec: str,
        open_source: Callable[[str], Source],
        frames: LatestSlot[Frame],
        report: Callable[[BaseException | None], None],
        after: Capture | None = None,
        back_off: tuple[float, ...] = BACK_OFF,
    ) -> None:
        self.spec = spec
        self.name = without_secrets(spec)
        self.live = False
        self.phase = Phase.STARTING
        self.frames_read = 0
        self.rate = RateMeter()
        self._open_source = open_source
        self._frames = frames
        self._report = report
        self._after = after
        self._back_off = back_off
        self._source: Source | None = None
        self._reported: str | None = None  # what the user was told since frames last flowed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"capture {self.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        self._stop.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread to end. A read that hangs gets its source closed under it. False: it still hangs."""
        if self._thread.ident is None:
            return True
        self._thread.join(min(timeout, PATIENCE))
        source = self._source
        if self._thread.is_alive() and source is not None:
            # closing may hang just like the read does, so not in this thread
            threading.Thread(target=_close_quietly, args=(source,), name="unblock", daemon=True).start()
            self._thread.join(max(0.0, timeout - PATIENCE))
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            if self._after is not None:
                self._after.stop()
                self._after.join(HAND_OVER)
                self._after = None
            self._follow()
        except BaseException as problem:  # nobody else would see it: this is the bottom of the thread
            self._end(Phase.FAILED)
            self._tell(problem)
        finally:
            self._end(Phase.STOPPED)

    def _end(self, phase: Phase) -> None:
        """The first reason to end is the one that counts."""
        if self.phase not in (Phase.FAILED, Phase.ENDED):
            self.phase = phase

    def _follow(self) -> None:
        """Read until the end, until stopped, or until a file fails. A live source is opened again and again."""
        attempt = 0
        while not self._stop.is_set():
            seen = self.frames_read
            try:
                self._read_once()
                if not self.live:
                    self._end(Phase.ENDED)
                    return
                problem = SourceError(f"{self.name} sends no more pictures; trying again", "unplugged")
            except SourceError as error:
                if not self.live or error.final:  # not live: a file, or nothing that was ever there
                    raise
                problem = error
            if self._stop.is_set():
                return
            self.phase = Phase.RECONNECTING
            self._tell(problem)
            attempt = 0 if self.frames_read > seen else attempt + 1
            self._stop.wait(self._back_off[min(attempt, len(self._back_off) - 1)])

    def _read_once(self) -> None:
        """From open to close."""
        source = self._open_source(self.spec)
        self.name, self.live = source.name, source.live
        self._source = source
        try:
            source.open()
            while not self._stop.is_set():
                frame = source.read()
                if frame is None or self._stop.is_set():
                    return
                self.frames_read += 1
                self.rate.tick()
                self._frames.put(frame)
                if self.phase is not Phase.RUNNING:
                    logger.info("%s gives pictures", self.name)
                    self.phase = Phase.RUNNING
                    self._reported = None
                    self._report(None)
        finally:
            self._source = None
            source.close()

    def _tell(self, problem: BaseException) -> None:
        """Report, but not the same thing again and again while the source stays away."""
        if not self._stop.is_set() and str(problem) != self._reported:
            self._reported = str(problem)
            logger.warning("%s", problem)
            self._report(problem)


def _close_quietly(source: Source) -> None:
    with contextlib.suppress(PuppetError, OSError):
        source.close()
