"""The engine: capture thread -> newest frame -> tracking thread -> acting thread -> newest result. Qt-free.

capture --LatestSlot<Frame>--> tracking: Puppeteer.track --LatestSlot<Tracked>--> acting: Puppeteer.act
acting --LatestSlot<Result>--> the window, or the display of a headless run
      '-- Sink.write, of every sink

The threads are in `capture` and `inference`; `setup` holds the actors and options that the puppeteer plays. Any thread
may call the Engine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from puppet.core.slot import LatestSlot
from puppet.core.types import Frame
from puppet.engine.actor_loading import ActorLoading
from puppet.engine.capture_thread import REOPEN_DELAYS, CaptureThread
from puppet.engine.delivery import ResultDelivery
from puppet.engine.helpers import HelperThreads
from puppet.engine.inference import Inference
from puppet.engine.problems import Problems
from puppet.engine.protocols import PuppeteerLike
from puppet.engine.setup import PuppeteerSetup
from puppet.engine.status import Origin, Phase, Status
from puppet.process.log import explained
from puppet.process.memory import give_back

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.core.protocols import Sink, Source
    from puppet.engine.options import StepOptions
    from puppet.face.neutral import Neutral

CAPTURE_TIMEOUT = 2.0  # s for the source to end after `stop`
HELPER_TIMEOUT = 10.0  # s for helper threads (an actor that loads, a sink that closes) after `stop`


class Engine:
    """Owns the capture thread, the threads of inference, the actors in use and the sinks.

    open_source: spec -> Source (not opened yet), called in the capture thread.
    make_puppeteer: called in the tracking thread, where the puppeteer tracks and is closed.
    load_actor: file -> Actor, called in a helper thread.
    reopen_delays: see `CaptureThread`.
    """

    def __init__(
        self,
        open_source: Callable[[str], Source],
        make_puppeteer: Callable[[], PuppeteerLike],
        load_actor: Callable[[Path], Actor],
        options: StepOptions | None = None,
        reopen_delays: tuple[float, ...] = REOPEN_DELAYS,
    ) -> None:
        self._open_source = open_source
        self._load_actor = load_actor
        self._reopen_delays = reopen_delays
        self._lock = threading.RLock()  # over what may change; never held while anything slow happens
        self._stopped = False
        self._capture: CaptureThread | None = None
        self._frames: LatestSlot[Frame] = LatestSlot()
        self._problems = problems = Problems()
        self._helpers = helpers = HelperThreads()
        self._delivery = ResultDelivery(problems, helpers)
        self._setup = setup = PuppeteerSetup(options, problems, self._lock)
        self._loading = ActorLoading(load_actor, setup, problems, helpers, self._lock, self._actor_came)
        self._inference = Inference(
            make_puppeteer,
            self._frames,
            setup,
            self._delivery.deliver,
            problems,
            helpers,
            self._lock,
            self._stop_source,
        )
        self.results = self._delivery.results

    @property
    def on_result(self) -> Callable[[], None] | None:
        """Called in the acting thread whenever a new result lies in `results`; must return at once."""
        return self._delivery.on_result

    @on_result.setter
    def on_result(self, call: Callable[[], None] | None) -> None:
        self._delivery.on_result = call

    # -- start, stop ---------------------------------------------------------------------------------------------

    def start(self, spec: str) -> None:
        """Begin with the source `spec`. Problems show in `status`. Once started, the same as `set_source`."""
        self.set_source(spec)

    def stop(self) -> list[str]:
        """End all threads and close the sinks that are left. Idempotent; returns problems met while stopping."""
        with self._lock:
            if self._stopped:
                return []
            self._stopped = True
            capture = self._capture
        if capture is not None:
            capture.stop()
        self._frames.close()
        self.results.close()
        problems: list[str] = []
        if capture is not None and not capture.join(CAPTURE_TIMEOUT):
            problems.append(f"{capture.name} does not answer and was left behind.")
        if not self._inference.join():
            problems.append("The last step does not end and was left behind.")
        problems += self._delivery.close_sinks()
        self._helpers.join(HELPER_TIMEOUT)
        give_back()
        return problems

    # -- what the user chooses -----------------------------------------------------------------------------------

    def set_source(self, spec: str, changed: bool = False) -> None:
        """Change the source; returns at once. The old one's thread ends, then the new one opens.

        changed: the same source may show another person now, or shows them in other pixels.
        """
        with self._lock:
            if self._stopped:
                return
            old = self._capture
            if old is not None:
                old.stop()
                self._frames.poll()  # what is left of the old one is not worth a step
                self.results.poll()
            self._problems.clear(Origin.SOURCE)
            self._capture = self._new_capture(spec, old)
            if old is not None and (changed or old.spec != spec):
                self.forget_user()
            self._inference.ensure_running()
            self._capture.start()

    def load(self, path: Path) -> Actor:
        """An actor, loaded as this engine loads its own. Raises PuppetError.

        May take a second, on whatever thread calls.
        """
        return self._load_actor(path)

    def set_actor(self, path: Path) -> None:
        """Load an actor in a helper thread, then swap it in. If that fails the old one stays, and `status` says why."""
        with self._lock:
            if not self._stopped:
                self._loading.request_actor(path)

    def set_others(self, paths: Sequence[Path]) -> None:
        """Let these actors play the same beside the actor (`Result.wall`); they load in a helper thread.

        One that cannot be loaded is left out, and `status` says why.
        """
        with self._lock:
            if not self._stopped:
                self._loading.request_others(tuple(paths))

    def set_options(self, options: StepOptions) -> None:
        """Smoothing, gains, mirroring: from the next step on. A morph into an actor that has stalled is left out."""
        self._setup.set_options(options)
        self._show_again()

    def capture_neutral(self) -> None:
        """The next tracked face becomes the user's neutral."""
        self._setup.tell(lambda puppeteer: puppeteer.capture_neutral())

    def set_neutral(self, neutral: Neutral) -> None:
        """Use a neutral that is known already, until the source changes."""
        self._setup.tell(lambda puppeteer: puppeteer.set_neutral(neutral))

    def reset_neutral(self) -> None:
        """Back to the automatic neutral."""
        self._setup.tell(lambda puppeteer: puppeteer.reset_neutral())

    def forget_user(self) -> None:
        """Another person may be there: nothing that was learned of the face counts."""
        self._setup.tell(lambda puppeteer: puppeteer.forget_user())

    def add_sink(self, sink: Sink) -> None:
        """Write the sink from the next result on.

        The engine closes the sinks that are left when it stops, and those that gave up.
        """
        with self._lock:
            if not self._stopped:
                self._delivery.add_sink(sink)

    def remove_sink(self, sink: Sink) -> None:
        """The sink is not written any more once this returns; closing it is the caller's. Unknown ones are ignored."""
        self._delivery.remove_sink(sink)

    # -- how it is doing -----------------------------------------------------------------------------------------

    @property
    def actor(self) -> Actor | None:
        """The actor that plays."""
        return self._setup.actor

    @property
    def shown_actors(self) -> tuple[Actor, ...]:
        """The actors whose faces the portrait shows: the one that plays, and the one that it turns into."""
        with self._lock:
            actor, partner = self._setup.actor, self._setup.morph_actor()
            return () if actor is None else (actor,) if partner is None else (actor, partner)

    @property
    def has_layers(self) -> bool:
        """Whether an actor that is shown, in the wall too, can have another background than its own."""
        with self._lock:
            return any(actor.plate is not None for actor in (*self.shown_actors, *self._setup.others))

    def status(self) -> Status:
        """How the engine is doing, at this moment."""
        delivery = self._delivery
        latency = delivery.latency.percentiles().get("latency", {"p50": 0.0})["p50"]
        stages = delivery.stages.percentiles()
        with self._lock:
            capture, puppeteer, actor = self._capture, self._setup.puppeteer, self._setup.actor
            return Status(
                phase=self._phase(),
                capture_fps=capture.rate.rate if capture else 0.0,
                output_fps=delivery.rate.rate,
                latency_ms=latency,
                dropped=self._frames.dropped - self._inference.dropped_at_start,
                source=capture.name if capture else "",
                source_live=capture.live if capture else False,
                frames_read=capture.frames_read if capture else 0,
                results=delivery.count,
                actor=actor.name if actor else None,
                others=tuple(other.name for other in self._setup.others),
                actor_loading=self._loading.loading,
                providers=tuple(actor.providers) if actor else (),
                provider_notice=actor.notice if actor else None,
                neutral_captured=puppeteer.neutral_is_captured if puppeteer else False,
                neutral_confidence=puppeteer.neutral_confidence if puppeteer else 0.0,
                face_seen=delivery.face_seen,
                problems=self._problems.standing(),
                stages=stages,
            )

    def _phase(self) -> Phase:
        if self._stopped or self._capture is None:
            return Phase.STOPPED
        return Phase.FAILED if self._inference.failed else self._capture.phase

    def _new_capture(self, spec: str, old: CaptureThread | None) -> CaptureThread:
        def report(problem: BaseException | None) -> None:
            error = None if problem is None else explained(problem, f"Reading {capture.name}")
            with self._lock:
                if self._capture is not capture:
                    return  # a source that was replaced has nothing to report
                if error is None:
                    self._problems.clear(Origin.SOURCE)
                else:
                    self._problems.report(error, Origin.SOURCE)

        capture = CaptureThread(spec, self._open_source, self._frames, report, old, self._reopen_delays)
        return capture

    def _show_again(self) -> None:
        """Play the last frame of a source that has ended once more, for what is different now."""
        with self._lock:
            capture = self._capture
            if self._stopped or capture is None or self._phase() is not Phase.ENDED or capture.last is None:
                return
            self._frames.poll()  # an untaken one would count as dropped
            self._frames.put(replace(capture.last, captured_at=time.perf_counter()))

    def _stop_source(self) -> None:
        """Inference has given up: frames would wait in vain."""
        if self._capture is not None:
            self._capture.stop()

    def _actor_came(self) -> None:
        """Another actor is in, or beside it.

        The last one may be why inference gave up, or the source has no more frames.
        """
        self._show_again()
        if self._setup.puppeteer is None and self._inference.failed and self._capture is not None:
            self.set_source(self._capture.spec)
