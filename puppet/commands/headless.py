"""The live engine without a window: for servers, and to measure how fast this machine is."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor
from puppet.actor.runtime import load_actor
from puppet.commands.services import build_engine_for, check_background
from puppet.core.addresses import without_secrets
from puppet.core.errors import ActorStalledError, PuppetError, RecordingError
from puppet.core.progress import progress
from puppet.core.protocols import Source
from puppet.core.providers import AUTO, short_name
from puppet.core.timing import StageTimes
from puppet.core.trackers import TRACKER
from puppet.core.types import Result
from puppet.engine.engine import Engine
from puppet.engine.status import Phase
from puppet.output.gate import ResultGate
from puppet.output.recording_sink import RecorderSink, begin_take
from puppet.output.settings import OutputSettings
from puppet.output.virtual_camera import VirtualCamera
from puppet.sources.devices import list_cameras
from puppet.sources.registry import DEMO, open_source

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.engine.options import StepOptions

LOOK_EVERY = 0.1  # s between looks at the counters; the end itself wakes us
KEEP = 100_000  # steps the percentiles are taken over


def run_headless(
    source: str | None = None,
    actor: str | None = None,
    frames: int | None = None,
    record: Path | None = None,
    loop: bool = False,
    provider: str = AUTO,
    options: StepOptions | None = None,
    outputs: OutputSettings | None = None,
    virtual_camera: bool = False,
    tracker: str = TRACKER.default,
) -> int:
    """Run until there are `frames` results, the source ends, or Ctrl-C; then print the report. Returns the exit code.

    source: None: the first camera, else the demo clip. Files begin again until there are `frames` results. The other
    arguments: as for `run_window`. Raises PuppetError.
    """
    spec = source or default_source()
    played = load_actor(find_actor(actor or DEFAULT_ACTOR), provider)
    outputs = outputs or OutputSettings()
    if options is not None:
        check_background(played, options.background.wanted, outputs if record is not None else None)
    opened: list[Source] = []

    def make_source(spec: str) -> Source:
        opened.append(open_source(spec, paced=True, loop=loop or frames is not None))
        return opened[-1]

    meter = Meter(frames)
    engine = build_engine_for(played, make_source, options, tracker=tracker)
    camera = VirtualCamera(outputs.badge) if virtual_camera else None
    sink = begin_take(outputs, record, played.name, played.card.consent) if record is not None else None
    interrupted: KeyboardInterrupt | None = None
    failure: PuppetError | None = None
    try:
        engine.set_actor(Path(f"{played.name}.actor"))
        if sink is not None:
            engine.add_sink(ResultGate(frames, sink, actor_only=False))
        if camera is not None:
            print(f"The actor is the camera {camera.device}", file=sys.stderr)
            engine.add_sink(camera)
        engine.add_sink(meter)
        with progress(total=frames, label="running", unit="frames") as bar:  # before the tracker borrows stderr
            engine.start(spec)
            follow(engine, meter, bar.update, sink)
    except KeyboardInterrupt as stop:
        interrupted = stop
    except PuppetError as problem:
        failure = problem
    finally:
        status = engine.status()
        problems = engine.stop()
    if meter.count and failure is None:
        nominal = opened[-1].fps if opened else 0.0
        print(report(meter, status.source or without_secrets(spec), nominal, played))
    for made in sink.recordings if sink is not None else ():
        if made.path.exists():
            print(f"recorded      {made.path}: {made.frames} frames, {made.seconds:.2f} s, {made.dropped} dropped")
    if failure is not None:
        raise failure
    if interrupted is not None:
        raise interrupted
    if sink is not None and sink.error is not None:
        raise sink.error
    if problems:
        raise RecordingError(problems[0])
    if not meter.count:
        raise PuppetError(
            f"{status.source or without_secrets(spec)} ended before the first picture was made; try again with --loop"
        )
    return 0


def default_source() -> str:
    """The first camera's name, else "demo"; prints which."""
    cameras = list_cameras()
    spec = cameras[0].name if cameras else DEMO
    print(f"source: {spec}" if cameras else "No camera was found: playing the demo clip", file=sys.stderr)
    return spec


def follow(engine: Engine, meter: Meter, advance: Callable[[int], None], sink: RecorderSink | None) -> None:
    """Wait for the end of the source, of the frames that were asked for, or of a recording that fails.

    advance: called with the number of results that came since its last call. Raises PuppetError when the engine cannot
    go on.
    """
    reported = 0
    while not meter.reached.wait(LOOK_EVERY):
        count = meter.count
        advance(count - reported)
        reported = count
        status = engine.status()
        lost = status.phase is Phase.FAILED or (not status.frames_read and not status.source_live)
        if status.error is not None and (lost or not meter.count):
            raise PuppetError(status.error)
        if stalls := [one.error for one in status.problems if isinstance(one.error, ActorStalledError)]:
            raise stalls[0]
        if status.phase is Phase.ENDED or (sink is not None and sink.error is not None):
            break
    advance(meter.count - reported)


class Meter:
    """A sink that measures results.

    reached: set at the `limit`-th result; later ones are not counted. faces: results with a face. dropped: frames that
    never got a step, because newer ones were there. strangeness: `Result.out_of_domain` of the results with a face.
    stages: milliseconds by stage, of the whole step and from capture to result.
    """

    error: PuppetError | None = None

    def __init__(self, limit: int | None) -> None:
        self.reached = threading.Event()
        self.count = 0
        self.faces = 0
        self.strangeness: list[float] = []
        self.dropped = 0
        self.stages = StageTimes(keep=KEEP)
        self._limit = limit
        self._first = self._last = 0.0
        self._index = 0

    def write(self, result: Result) -> None:
        """Measure one result."""
        if self.reached.is_set():
            return
        self._last = time.perf_counter()
        if not self.count:
            self._first = self._last
        else:
            self.dropped += max(0, result.frame.index - self._index - 1)
        self._index = result.frame.index
        latency = (self._last - result.frame.captured_at) * 1000
        self.stages.add({**result.stage_ms, "step": sum(result.stage_ms.values()), "latency": latency})
        self.faces += result.face is not None
        if result.out_of_domain is not None and len(self.strangeness) < KEEP:
            self.strangeness.append(result.out_of_domain)
        self.count += 1
        if self.count == self._limit:
            self.reached.set()

    def close(self) -> None:
        """Nothing to free."""

    @property
    def fps(self) -> float:
        """Results per second from the first to the last."""
        span = self._last - self._first
        return (self.count - 1) / span if span > 0 else 0.0


def report(meter: Meter, source: str, nominal: float, actor: Actor) -> str:
    """The table: median and 95th percentile of every stage, rates, drops, and what really computes."""
    table = meter.stages.percentiles()
    latency, step = table.pop("latency"), table.pop("step")
    rows = [f"{'stage':<12} {'median':>8} {'p95':>8}  ms"]
    rows += [f"{name:<12} {ms['p50']:8.2f} {ms['p95']:8.2f}" for name, ms in table.items()]
    rows.append(f"{'whole step':<12} {step['p50']:8.2f} {step['p95']:8.2f}")
    rows.append(f"{'latency':<12} {latency['p50']:8.2f} {latency['p95']:8.2f}   capture to result")
    possible = 1000 / step["p50"] if step["p50"] > 0 else np.inf
    rows += [
        f"fps          {meter.fps:.1f} (the source gives {nominal:.4g}; the stages would allow {possible:.0f})",
        f"frames       {meter.count} results, {meter.dropped} dropped, face seen in {meter.faces}",
        *_range(meter.strangeness),
        f"source       {source}",
        f"actor        {actor.name} on {short_name(actor.providers[0])}"
        + (f" ({actor.notice})" if actor.notice else ""),
    ]
    return "\n".join(rows)


def _range(strangeness: Sequence[float]) -> list[str]:
    if not strangeness:
        return []
    middle, most = np.quantile(strangeness, [0.5, 0.95])
    return [f"range        {middle:.2f} median, {most:.2f} p95 (up to 1 the actor's footage shows the like)"]
