"""Where finished results go: the slot of the newest one, a callback, and every sink. Rates are counted here."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from puppet.core.errors import PuppetError
from puppet.core.slot import LatestSlot
from puppet.core.timing import RateMeter, StageTimes
from puppet.core.types import Portrait, Result
from puppet.engine.helpers import HelperThreads
from puppet.engine.problems import Problems
from puppet.engine.status import Origin
from puppet.process.log import explained

if TYPE_CHECKING:
    from puppet.core.protocols import Sink

OUTPUT = "An output"  # how messages call a sink


class ResultDelivery:
    """Takes each result once. Sinks may be added and removed from any thread.

    on_result: called after a new result lies in `results`; must return at once.
    """

    def __init__(self, problems: Problems, helpers: HelperThreads) -> None:
        self.results: LatestSlot[Result] = LatestSlot()
        self.on_result: Callable[[], None] | None = None
        self.rate = RateMeter()
        self.latency = StageTimes(keep=60)  # "latency": capture -> result
        self.stages = StageTimes()
        self.count = 0  # results so far
        self.face_seen = False  # in the last one
        self._problems = problems
        self._helpers = helpers
        self._portrait: Portrait | None = None  # the last one, held while no actor is left to play
        self._writing = threading.Lock()  # held while sinks are written, so that a removed sink is not written again
        self._lock = threading.Lock()  # over the sinks
        self._sinks: tuple[Sink, ...] = ()

    def add_sink(self, sink: Sink) -> None:
        """Write the sink from the next result on."""
        self._problems.clear(Origin.SINK)  # what became of an earlier one
        with self._lock:
            self._sinks = (*self._sinks, sink)

    def remove_sink(self, sink: Sink) -> None:
        """The sink is not written any more once this returns; closing it is the caller's. Unknown ones are ignored."""
        with self._writing:
            self._forget(sink)

    def close_sinks(self) -> list[str]:
        """Close the sinks that are left; the problems met."""
        with self._lock:
            sinks, self._sinks = self._sinks, ()
        problems: list[str] = []
        for sink in sinks:
            try:
                sink.close()
            except PuppetError as problem:
                problems.append(str(problem))
        return problems

    def deliver(self, result: Result) -> None:
        """Pass a result on. From the acting thread."""
        now = time.perf_counter()
        self.rate.tick(now)
        self.latency.add({"latency": (now - result.frame.captured_at) * 1000})
        self.stages.add(result.stage_ms)
        self.face_seen = result.face is not None
        self.count += 1
        if result.portrait is not None:
            self._portrait = result.portrait
        elif self._portrait is not None:  # no actor is left: a recording of the actor must not show the driver instead
            result = replace(result, portrait=self._portrait)
        self.results.put(result)
        if self.on_result is not None:
            self.on_result()
        with self._writing:
            for sink in self._sinks:
                self._write(sink, result)

    def _write(self, sink: Sink, result: Result) -> None:
        """Write one sink; one that fails is detached and reported, and all else goes on."""
        try:
            sink.write(result)
            problem: Exception | None = sink.error
        except Exception as error:
            problem = error
        if problem is not None:
            self._forget(sink)
            self._helpers.start("close sink", lambda: _close(sink))
            self._problems.report(explained(problem, OUTPUT), Origin.SINK)

    def _forget(self, sink: Sink) -> None:
        with self._lock:
            self._sinks = tuple(known for known in self._sinks if known is not sink)


def _close(sink: Sink) -> None:
    with contextlib.suppress(PuppetError):  # the very problem that was reported when the sink gave up
        sink.close()
