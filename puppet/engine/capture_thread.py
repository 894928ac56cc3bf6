"""The capture thread: opens a source and reads it into a slot.

A live source that goes away, such as a camera that is unplugged while it runs, is opened again and again until it is
back: `CaptureThread._read_and_reopen`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from puppet.core.addresses import without_secrets
from puppet.core.errors import PuppetError, SourceError
from puppet.core.slot import LatestSlot
from puppet.core.timing import RateMeter
from puppet.core.types import Frame
from puppet.engine.status import Phase

if TYPE_CHECKING:
    from puppet.core.protocols import Source

REOPEN_DELAYS = (0.5, 1.0, 2.0, 4.0)  # s between attempts to open a live source again; the last one repeats
RELEASE_TIMEOUT = 3.0  # s a new source waits for the one before it to let go of its device
READ_TIMEOUT = 0.5  # s for a read to come back by itself, before its source is closed under it

logger = logging.getLogger(__name__)


class CaptureThread:
    """One source and its thread. Another source gets another CaptureThread; it is not started twice.

    open_source: spec -> Source, not opened yet; may raise SourceError.
    report: takes an error for the user, or None when frames flow again. Called from the capture thread.
    after: the one that this one replaces; it has to let go of its device first.
    reopen_delays: seconds between attempts to open a live source again; the last one repeats.
    """

    def __init__(
        self,
        spec: str,
        open_source: Callable[[str], Source],
        frames: LatestSlot[Frame],
        report: Callable[[BaseException | None], None],
        after: CaptureThread | None = None,
        reopen_delays: tuple[float, ...] = REOPEN_DELAYS,
    ) -> None:
        self.spec = spec
        self.name = without_secrets(spec)
        self.live = False
        self.phase = Phase.STARTING
        self.frames_read = 0
        self.last: Frame | None = None  # the newest one
        self.rate = RateMeter()
        self._open_source = open_source
        self._frames = frames
        self._report = report
        self._after = after
        self._reopen_delays = reopen_delays
        self._source: Source | None = None
        self._reported: str | None = None  # what was reported since frames last flowed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"capture {self.name}", daemon=True)

    def start(self) -> None:
        """Begin; `phase`, `frames_read` and `rate` tell how it goes."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        self._stop.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread to end. A read that hangs gets its source closed under it. False: it still hangs."""
        if self._thread.ident is None:
            return True
        self._thread.join(min(timeout, READ_TIMEOUT))
        source = self._source
        if self._thread.is_alive() and source is not None:
            # closing may hang just like the read does, so not in this thread
            threading.Thread(target=_close_quietly, args=(source,), name="unblock", daemon=True).start()
            self._thread.join(max(0.0, timeout - READ_TIMEOUT))
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            if self._after is not None:
                self._after.stop()
                self._after.join(RELEASE_TIMEOUT)
                self._after = None
            self._read_and_reopen()
        except BaseException as problem:  # the bottom of the thread: unreported, it would be lost
            self._end(Phase.FAILED)
            self._report_new(problem)
        finally:
            self._end(Phase.STOPPED)

    def _end(self, phase: Phase) -> None:
        """The phase after the end: the first reason to end counts."""
        if self.phase not in (Phase.FAILED, Phase.ENDED):
            self.phase = phase

    def _read_and_reopen(self) -> None:
        """Read until the end, until stopped, or until a file fails; a live source that goes away is opened again."""
        attempt = 0
        while not self._stop.is_set():
            seen = self.frames_read
            try:
                self._read_until_it_ends()
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
            self._report_new(problem)
            attempt = 0 if self.frames_read > seen else attempt + 1
            self._stop.wait(self._reopen_delays[min(attempt, len(self._reopen_delays) - 1)])

    def _read_until_it_ends(self) -> None:
        """Open the source, put its frames into the slot, and close it."""
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
                self.last = frame
                self.rate.tick()
                self._frames.put(frame)
                if self.phase is not Phase.RUNNING:
                    self.phase = Phase.RUNNING
                    logger.info("%s gives pictures", self.name)
                    self._reported = None
                    self._report(None)
        finally:
            self._source = None
            source.close()

    def _report_new(self, problem: BaseException) -> None:
        """Report a problem, but not the same one again and again while the source stays away."""
        if not self._stop.is_set() and str(problem) != self._reported:
            self._reported = str(problem)
            logger.warning("%s", problem)
            self._report(problem)


def _close_quietly(source: Source) -> None:
    with contextlib.suppress(PuppetError, OSError):
        source.close()
