"""Capture thread -> newest frame -> tracking thread -> acting thread -> newest result. Qt-free.

capture --LatestSlot<Frame>--> tracking: Puppeteer.track --LatestSlot<Tracked>--> acting: Puppeteer.act
acting --LatestSlot<Result>--> whoever shows it
      '-- Sink.write

Two cores work on two frames: one is tracked while the one before it is acted. An actor that stalls is dropped, and its
acting thread replaced (`watchdog`). Any thread may call the Engine.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from puppet.core.errors import ActorFailedError, ActorStalledError, PuppetError
from puppet.core.slot import LatestSlot
from puppet.core.timing import RateMeter, StageTimes
from puppet.core.types import Frame, Portrait, Result
from puppet.engine.capture import BACK_OFF, Capture, Phase
from puppet.engine.watchdog import LOOK_EVERY, STALLED_AFTER, Acting, Watchdog
from puppet.process.log import explained
from puppet.process.memory import give_back

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.core.protocols import Sink, Source
    from puppet.engine.puppeteer import StepOptions, Tracked
    from puppet.face.neutral import Neutral

__all__ = ["Engine", "Phase", "Problem", "PuppeteerLike", "Status"]

FAILURES_IN_A_ROW = 10  # steps that may fail one after the other before inference gives up
TRACKING, ACTING, OUTPUT = "Tracking", "Acting", "An output"  # how messages call the parts
STEP_TIMEOUT = 5.0  # s that a step, or the making of the tracker, may still take after `stop`
HELPER_TIMEOUT = 10.0  # s for helper threads (an actor that loads, a sink that closes) after `stop`
logger = logging.getLogger(__name__)


class PuppeteerLike(Protocol):
    """What the engine needs of `pipeline.Puppeteer`."""

    actor: Actor | None
    others: tuple[Actor, ...]
    options: StepOptions

    @property
    def neutral_is_captured(self) -> bool: ...

    @property
    def neutral_confidence(self) -> float: ...

    def track(self, frame: Frame) -> Tracked: ...

    def act(self, tracked: Tracked) -> Result: ...

    def capture_neutral(self) -> None: ...

    def set_neutral(self, neutral: Neutral) -> None: ...

    def reset_neutral(self) -> None: ...

    def forget_user(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the user should know. `serial` tells a new one from an old one.

    origin: "source", "actor", "others", "step" or "sink". error: a PuppetError, whatever was raised.
    """

    message: str
    origin: str
    serial: int
    error: PuppetError


@dataclass(frozen=True, slots=True)
class Status:
    """How the engine is doing, at one moment. Rates in frames per second."""

    phase: Phase
    capture_fps: float
    output_fps: float
    latency_ms: float  # capture -> result, median of the last results
    dropped: int  # frames replaced by newer ones before inference, once ready, took them
    source: str
    source_live: bool
    frames_read: int  # from this source
    results: int  # made since the start
    actor: str | None
    others: tuple[str, ...]  # actors that play beside it
    actor_loading: str | None  # name of the actor that is on its way
    providers: tuple[str, ...]  # what ONNX Runtime really uses, first choice first; empty without an actor
    provider_notice: str | None  # why it is not the provider that was asked for
    neutral_captured: bool
    neutral_confidence: float  # 0 .. 1; 1 when captured
    face_seen: bool
    problems: tuple[Problem, ...]  # that still stand, oldest first
    stages: dict[str, dict[str, float]]  # ms: {"track": {"p50": ..., "p95": ..., "p99": ...}, ...}

    @property
    def error(self) -> str | None:
        """The newest problem's message, or None."""
        return self.problems[-1].message if self.problems else None


class Engine:
    """Owns the capture thread, the two of inference (tracking, acting), the actor in use and the sinks.

    open_source: spec -> Source (not opened yet), called in the capture thread.
    make_puppeteer: called in the tracking thread, where the puppeteer tracks and is closed.
    load_actor: file -> Actor, called in a helper thread.
    on_result: called in the acting thread whenever a new result lies in `results`; must return at once.
    """

    def __init__(
        self,
        open_source: Callable[[str], Source],
        make_puppeteer: Callable[[], PuppeteerLike],
        load_actor: Callable[[Path], Actor],
        options: StepOptions | None = None,
        back_off: tuple[float, ...] = BACK_OFF,
    ) -> None:
        self.on_result: Callable[[], None] | None = None
        self.results: LatestSlot[Result] = LatestSlot()
        self._open_source = open_source
        self._make_puppeteer = make_puppeteer
        self._load_actor = load_actor
        self._options = options
        self._back_off = back_off

        self._lock = threading.RLock()  # over everything below; never held while anything slow happens
        self._frames: LatestSlot[Frame] = LatestSlot()
        self._capture: Capture | None = None
        self._inference: threading.Thread | None = None
        self._inference_failed = False
        self._puppeteer: PuppeteerLike | None = None
        self._actor: Actor | None = None
        self._before: Actor | None = None  # who played before: plays again when the actor stalls
        self._others: tuple[Actor, ...] = ()
        self._stalled: weakref.WeakSet[Actor] = weakref.WeakSet()
        self._acting = Acting()
        self._left_behind: list[threading.Thread] = []  # acting threads of actors that stalled
        self._portrait: Portrait | None = None  # the last one, held while nobody is left to play
        self._actor_request = self._others_request = 0
        self._actor_loading: str | None = None
        self._sinks: tuple[Sink, ...] = ()
        self._helpers: list[threading.Thread] = []
        self._problems: dict[str, Problem] = {}
        self._logged: dict[str, str] = {}  # by origin, the problem that is in the log
        self._serial = 0
        self._stopped = False

        self._writing = threading.Lock()  # held while sinks are written, so that a removed sink is not written again
        self._output_rate = RateMeter()
        self._latency = StageTimes(keep=60)
        self._stages = StageTimes()
        self._results_made = 0
        self._dropped_at_start = 0  # frames that came while the tracker was being made
        self._face_seen = False

    # -- start, stop ---------------------------------------------------------------------------------------------

    def start(self, spec: str) -> None:
        """Begin with the source `spec`. Problems show in `status`. Once started, the same as `set_source`."""
        self.set_source(spec)

    def stop(self) -> list[str]:
        """End both threads and close the sinks that are left. Idempotent; returns problems met while stopping."""
        with self._lock:
            if self._stopped:
                return []
            self._stopped = True
            capture, inference, helpers = self._capture, self._inference, list(self._helpers)
        if capture is not None:
            capture.stop()
        self._frames.close()
        self.results.close()
        problems: list[str] = []
        if capture is not None and not capture.join(2.0):
            problems.append(f"{capture.name} does not answer and was left behind.")
        if inference is not None:
            inference.join(STEP_TIMEOUT)
            if inference.is_alive():
                problems.append("The last step does not end and was left behind.")
        with self._lock:
            sinks, self._sinks = self._sinks, ()
        for sink in sinks:
            try:
                sink.close()
            except PuppetError as problem:
                problems.append(str(problem))
        deadline = time.monotonic() + HELPER_TIMEOUT
        for thread in (*helpers, *self._left_behind):  # Python aborts when one comes back from C++ while it ends
            thread.join(max(0.0, deadline - time.monotonic()))
        give_back()
        return problems

    # -- what the user chooses -----------------------------------------------------------------------------------

    def set_source(self, spec: str, anew: bool = False) -> None:
        """Change the source; returns at once. The old one's thread ends, then the new one opens.

        anew: even the same source shows somebody else now, or shows them in other pixels.
        """
        with self._lock:
            if self._stopped:
                return
            old = self._capture
            if old is not None:
                old.stop()
                self._frames.poll()  # what is left of the old one is not worth a step
                self.results.poll()
            self._clear("source")
            self._capture = self._new_capture(spec, old)
            if old is not None and (anew or old.spec != spec) and self._puppeteer is not None:
                self._puppeteer.forget_user()
            self._ensure_inference()
            self._capture.start()

    @property
    def faces(self) -> tuple[Actor, ...]:
        """Whose faces the portrait shows: the one that plays, and whom it turns into."""
        with self._lock:
            morph = self._options.morph if self._options is not None else None
            partner = () if morph is None else (morph.actor,)
            return () if self._actor is None else (self._actor, *partner)

    def load(self, path: Path) -> Actor:
        """An actor as this engine loads its own; may take a second, on whatever thread calls. Raises PuppetError."""
        return self._load_actor(path)

    def set_actor(self, path: Path) -> None:
        """Load an actor in a helper thread, then swap it in. If that fails the old one stays, and `status` says why."""
        with self._lock:
            if self._stopped:
                return
            self._actor_request += 1
            self._actor_loading = path.stem
            self._help(self._bring_actor, path, self._actor_request)

    def set_others(self, paths: Sequence[Path]) -> None:
        """Let these actors play the same beside the actor, `Result.wall`; they load in a helper thread. One that cannot
        be loaded is left out, and `status` says why.
        """
        with self._lock:
            if self._stopped:
                return
            self._others_request += 1
            self._help(self._bring_others, tuple(paths), self._others_request)

    def set_options(self, options: StepOptions) -> None:
        """Smoothing, gains, mirroring: from the next step on. A morph into an actor that has stalled is left out."""
        with self._lock:
            self._options = options = self._without_stalled(options)
            if self._puppeteer is not None:
                self._puppeteer.options = options

    def capture_neutral(self) -> None:
        """The next tracked face becomes the user's neutral."""
        with self._lock:
            if self._puppeteer is not None:
                self._puppeteer.capture_neutral()

    def set_neutral(self, neutral: Neutral) -> None:
        """Use a neutral that is known already, until the source changes."""
        with self._lock:
            if self._puppeteer is not None:
                self._puppeteer.set_neutral(neutral)

    def forget_user(self) -> None:
        """Somebody else sits there now: nothing that was learned of the face counts."""
        with self._lock:
            if self._puppeteer is not None:
                self._puppeteer.forget_user()

    def reset_neutral(self) -> None:
        """Back to the automatic neutral."""
        with self._lock:
            if self._puppeteer is not None:
                self._puppeteer.reset_neutral()

    def add_sink(self, sink: Sink) -> None:
        """From the next result on. The engine closes what is left when it stops, and what gave up."""
        with self._lock:
            if not self._stopped:
                self._clear("sink")  # what became of an earlier one
                self._sinks = (*self._sinks, sink)

    def remove_sink(self, sink: Sink) -> None:
        """Not written any more once this returns; closing it is the caller's. Unknown ones are ignored."""
        with self._writing, self._lock:
            self._sinks = tuple(s for s in self._sinks if s is not sink)

    @property
    def actor(self) -> Actor | None:
        """The one that plays."""
        with self._lock:
            return self._actor

    def status(self) -> Status:
        """A snapshot."""
        latency = self._latency.percentiles().get("latency", {"p50": 0.0})["p50"]
        stages = self._stages.percentiles()
        with self._lock:
            capture, puppeteer, actor = self._capture, self._puppeteer, self._actor
            return Status(
                phase=self._phase(),
                capture_fps=capture.rate.rate if capture else 0.0,
                output_fps=self._output_rate.rate,
                latency_ms=latency,
                dropped=self._frames.dropped - self._dropped_at_start,
                source=capture.name if capture else "",
                source_live=capture.live if capture else False,
                frames_read=capture.frames_read if capture else 0,
                results=self._results_made,
                actor=actor.name if actor else None,
                others=tuple(other.name for other in self._others),
                actor_loading=self._actor_loading,
                providers=tuple(actor.providers) if actor else (),
                provider_notice=actor.notice if actor else None,
                neutral_captured=puppeteer.neutral_is_captured if puppeteer else False,
                neutral_confidence=puppeteer.neutral_confidence if puppeteer else 0.0,
                face_seen=self._face_seen,
                problems=tuple(sorted(self._problems.values(), key=lambda problem: problem.serial)),
                stages=stages,
            )

    # -- inside --------------------------------------------------------------------------------------------------

    def _phase(self) -> Phase:
        if self._stopped or self._capture is None:
            return Phase.STOPPED
        return Phase.FAILED if self._inference_failed else self._capture.phase

    def _new_capture(self, spec: str, old: Capture | None) -> Capture:
        def report(problem: BaseException | None) -> None:
            error = None if problem is None else explained(problem, f"Reading {capture.name}")
            with self._lock:
                if self._capture is not capture:
                    return  # a source that was replaced has nothing to say
                if error is None:
                    self._clear("source")
                else:
                    self._report(error, "source")

        capture = Capture(spec, self._open_source, self._frames, report, old, self._back_off)
        return capture

    def _ensure_inference(self) -> None:
        """Start the inference thread, or start it again after it gave up."""
        if self._inference is None or self._inference_failed:
            self._inference_failed = False
            self._clear("step")
            self._inference = threading.Thread(target=self._infer, name="inference", daemon=True)
            self._inference.start()

    def _infer(self) -> None:
        """The tracking thread; the acting thread lives within it. Whatever ends it, the user hears of it."""
        with self._guarded(TRACKING):
            self._infer_with(self._make_puppeteer())

    def _infer_with(self, puppeteer: PuppeteerLike) -> None:
        with self._lock:
            puppeteer.actor, puppeteer.others = self._actor, self._others
            if self._options is not None:
                puppeteer.options = self._options
            self._puppeteer = puppeteer
            self._dropped_at_start = self._frames.dropped
        tracked: LatestSlot[Tracked] = LatestSlot()
        over = threading.Event()
        self._begin_acting(puppeteer, tracked)
        watching = threading.Thread(target=self._watch, args=(puppeteer, tracked, over), name="watchdog", daemon=True)
        watching.start()
        try:
            self._track(puppeteer, tracked)
        finally:
            tracked.close()
            over.set()
            watching.join()
            self._acting_thread.join(STEP_TIMEOUT)
            with self._lock:
                if self._puppeteer is puppeteer:
                    self._puppeteer = None
            puppeteer.close()

    def _track(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked]) -> None:
        """Track the newest frame whenever the acting thread has taken what was tracked before, so that it never acts on
        what is older than one frame's work.
        """
        failures = _Failures(self, TRACKING)
        while tracked.wait_until_taken() and not self._frames.closed:
            frame = self._frames.take(LOOK_EVERY)  # acting may give up, and the source with it, while this waits
            if frame is None:
                continue
            with failures:
                tracked.put(puppeteer.track(frame))
            if failures.too_many:
                return

    def _begin_acting(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked]) -> None:
        self._acting = acting = Acting()
        arguments = (puppeteer, tracked, acting)
        self._acting_thread = threading.Thread(target=self._act, args=arguments, name="acting", daemon=True)
        self._acting_thread.start()

    def _act(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked], acting: Acting) -> None:
        failures = _Failures(self, ACTING)
        try:
            with self._guarded(ACTING):
                while not failures.too_many and not acting.replaced and (seen := tracked.take()) is not None:
                    with failures:
                        result = acting.step(self._on_stage(), functools.partial(puppeteer.act, seen))
                        if result is not None:
                            self._finish(result)
                    if failures.blamed is not None:
                        self._drop(failures.blamed.actor, puppeteer, str(failures.blamed).partition(";")[0])
                        failures = _Failures(self, ACTING)
        finally:
            if not acting.replaced:
                tracked.close()  # nobody takes what is tracked any more

    def _on_stage(self) -> tuple[Actor, ...]:
        """Everybody who is asked in a step."""
        with self._lock:
            morph = getattr(self._options, "morph", None)
            actors = (self._actor, *self._others, None if morph is None else morph.actor)
            return tuple(actor for actor in actors if actor is not None)

    def _watch(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked], over: threading.Event) -> None:
        watchdog = Watchdog()
        while not over.wait(LOOK_EVERY):
            waiting = self._acting.waits_for()
            if watchdog.look(waiting, time.monotonic()) and waiting is not None and self._acting.replace(waiting):
                self._left_behind.append(self._acting_thread)
                slow = f"{waiting[0].name} took longer than {STALLED_AFTER:.0f} s for one picture"
                self._drop(waiting[0], puppeteer, slow)
                self._begin_acting(puppeteer, tracked)
                watchdog = Watchdog()

    def _drop(self, actor: Actor, puppeteer: PuppeteerLike, why: str) -> None:
        """An actor that stalls, or can draw nothing, plays no more. Who played before plays again; without anybody the
        last picture stays.
        """
        words = f"{why} and does not play any more"
        with self._lock:
            self._clear("step")
            self._stalled.add(actor)
            beside = actor is not self._actor
            if not beside:
                self._actor, self._before = self._before if self._before is not actor else None, None
                words += f"; {self._actor.name} plays again" if self._actor is not None else "; choose another actor"
            self._others = tuple(other for other in self._others if other is not actor)
            if self._options is not None:
                self._options = puppeteer.options = self._without_stalled(self._options)
            puppeteer.actor, puppeteer.others = self._actor, self._others
            self._report(ActorStalledError(words), "others" if beside else "actor")

    def _without_stalled(self, options: StepOptions) -> StepOptions:
        morph = getattr(options, "morph", None)
        return replace(options, morph=None) if morph is not None and morph.actor in self._stalled else options

    def _finish(self, result: Result) -> None:
        now = time.perf_counter()
        self._output_rate.tick(now)
        self._latency.add({"latency": (now - result.frame.captured_at) * 1000})
        self._stages.add(result.stage_ms)
        self._face_seen = result.face is not None
        self._results_made += 1
        if result.portrait is not None:
            self._portrait = result.portrait
        elif self._portrait is not None:  # nobody is left: a take of the actor must not show the driver instead
            result = replace(result, portrait=self._portrait)
        self.results.put(result)
        if self.on_result is not None:
            self.on_result()
        with self._writing:
            for sink in self._sinks:
                self._write(sink, result)

    def _write(self, sink: Sink, result: Result) -> None:
        """A sink that fails must not take the preview with it."""
        try:
            sink.write(result)
            problem: Exception | None = sink.error
        except Exception as error:
            problem = error
        if problem is not None:
            with self._lock:
                self._sinks = tuple(s for s in self._sinks if s is not sink)
                self._help(_close_sink, sink)
            self._report(explained(problem, OUTPUT), "sink")

    @contextlib.contextmanager
    def _guarded(self, part: str) -> Iterator[None]:
        """Around a whole thread of inference: one that ends by an exception of any kind has given up, and says so."""
        try:
            yield
        except BaseException as problem:  # SystemExit in a thread would end it without a word
            self._give_up(problem, part)

    def _give_up(self, problem: BaseException, part: str) -> None:
        error = explained(problem, part)
        with self._lock:
            self._inference_failed = True
            if self._capture is not None:
                self._capture.stop()
            self._report(error, "step")

    def _bring_actor(self, path: Path, request: int) -> None:
        actor = problem = None
        try:
            actor = self._load_actor(path)
        except Exception as error:  # a file from anywhere; whatever is wrong with it, the old actor stays
            problem = explained(error, f"Loading the actor {path.stem}")
        with self._lock:
            if request != self._actor_request:
                return  # the user has chosen another one since
            self._actor_loading = None
            if problem is not None:
                self._report(problem, "actor")
            if actor is None:
                return
            self._before, self._actor = self._actor, actor
            self._clear("actor")
            if self._puppeteer is not None:
                self._puppeteer.actor = actor
            elif self._inference_failed and self._capture is not None:
                self.set_source(self._capture.spec)  # the last actor may be why inference gave up

    def _bring_others(self, paths: tuple[Path, ...], request: int) -> None:
        loaded: list[Actor] = []
        problem: PuppetError | None = None
        for path in paths:
            try:
                loaded.append(self._load_actor(path))
            except Exception as error:  # as in `_bring_actor`
                problem = explained(error, f"Loading the actor {path.stem}")
        with self._lock:
            if request != self._others_request:
                return
            self._others = tuple(loaded)
            self._clear("others")
            if problem is not None:
                self._report(problem, "others")
            if self._puppeteer is not None:
                self._puppeteer.others = self._others

    def _help(self, work: Callable[..., None], *arguments: object) -> None:
        helper = threading.Thread(target=work, args=arguments, name=work.__name__, daemon=True)
        self._helpers = [thread for thread in self._helpers if thread.is_alive()] + [helper]
        helper.start()

    def _report(self, error: PuppetError, origin: str) -> None:
        with self._lock:
            if self._logged.get(origin) != str(error):  # the same at every second frame would fill the log
                self._logged[origin] = str(error)
                logger.warning("%s: %s", origin, error)
            self._serial += 1
            self._problems[origin] = Problem(str(error), origin, self._serial, error)

    def _clear(self, origin: str) -> None:
        self._problems.pop(origin, None)


class _Failures:
    """Catches what one step raises: the first in a row is reported, at the tenth inference gives up, or blames an actor
    that cannot draw.
    """

    def __init__(self, engine: Engine, part: str) -> None:
        self._engine, self._part = engine, part
        self._in_a_row = 0
        self.blamed: ActorFailedError | None = None

    @property
    def too_many(self) -> bool:
        return self._in_a_row >= FAILURES_IN_A_ROW

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> bool:
        if problem is None:
            self._in_a_row = 0
            return False
        if not isinstance(problem, Exception):
            return False
        self._in_a_row += 1
        if self.too_many and isinstance(problem, ActorFailedError):
            self.blamed = problem
        elif self.too_many:
            self._engine._give_up(problem, self._part)
        elif self._in_a_row == 1:
            self._engine._report(explained(problem, self._part), "step")
        return True


def _close_sink(sink: Sink) -> None:
    try:
        sink.close()
    except PuppetError:
        return  # the very problem that was reported when the sink gave up
