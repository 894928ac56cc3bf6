"""Measures the engine for `puppet bench`: frames from memory, results counted, and what the process takes."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from puppet.commands.services import build_engine_for
from puppet.core import pixels
from puppet.core.errors import PuppetError
from puppet.core.layout import Layout
from puppet.core.progress import progress
from puppet.core.timing import StageTimes, percentiles
from puppet.core.trackers import TRACKER
from puppet.core.types import Frame, Image, Latent, Result
from puppet.output.compose import compose
from puppet.sources.registry import DEMO_CLIP, open_source

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.engine.engine import Engine

CLIP_FRAMES = 150  # of the demo clip, played forwards and backwards
IN_FLIGHT = 3  # frames of the free run: one acted, one tracked, one waiting
WARM_UP = 1.5  # s at the start that do not count: threads start, caches fill, the tracker finds the face
LIVE_FPS = 30.0
KEEP = 200_000  # steps the percentiles are taken over
DECODED_APART = 60  # results of which network and mesh are timed by themselves

PaintOver = Callable[[Image, int, float], None]


def read_clip(size: tuple[int, int]) -> tuple[list[Image], dict[str, float]]:
    """The demo clip's first CLIP_FRAMES frames, and percentiles of what reading one from the file takes, ms.

    size: width and height of the frames, px; black around the picture where the shapes differ.
    """
    source = open_source(str(DEMO_CLIP), paced=False)
    source.open()
    images, took = [], []
    try:
        while len(images) < CLIP_FRAMES:
            begun = time.perf_counter()
            frame = source.read()
            if frame is None:
                break
            took.append((time.perf_counter() - begun) * 1e3)
            images.append(pixels.fit(frame.image, *size))
    finally:
        source.close()
    return images, percentiles(took)


def convert_ms(clip: Sequence[Image]) -> dict[str, float]:
    """Percentiles of what turning BGR to RGB for the tracker takes, ms; it is a part of "track"."""
    took = []
    for image in clip:
        begun = time.perf_counter()
        pixels.swap_red_blue(image)
        took.append((time.perf_counter() - begun) * 1e3)
    return percentiles(took)


class MemorySource:
    """A source of frames from memory, forwards and backwards, so that the face never jumps.

    fps: one frame every 1 / fps s, stamped with the moment it came; None: a frame for every ticket that is released.
    paint_over: called with a copy of the picture, the frame's number and its capture time; may draw into the copy.
    """

    name, live = "memory", True
    frame_count: int | None = None

    def __init__(self, clip: Sequence[Image], fps: float | None, paint_over: PaintOver | None = None) -> None:
        self.fps = fps or LIVE_FPS
        self.tickets = threading.Semaphore(IN_FLIGHT)
        self._clip, self._paced, self._paint_over = clip, fps is not None, paint_over
        self._closed = threading.Event()
        self._index, self._zero = 0, 0.0

    def open(self) -> None:
        """Begin again with the first frame."""
        self._closed.clear()
        self._index, self._zero = 0, time.perf_counter()

    def read(self) -> Frame | None:
        """Wait for the next frame; None once closed."""
        if self._paced:
            self._closed.wait(max(0.0, self._zero + self._index / self.fps - time.perf_counter()))
        else:
            while not self.tickets.acquire(timeout=0.1):
                if self._closed.is_set():
                    return None
        if self._closed.is_set():
            return None
        place = self._index % max(1, 2 * len(self._clip) - 2)
        image = self._clip[place if place < len(self._clip) else 2 * len(self._clip) - 2 - place]
        captured_at = time.perf_counter()
        if self._paint_over is not None:
            image = image.copy()
            self._paint_over(image, self._index, captured_at)
        self._index += 1
        return Frame(image, self._index - 1, captured_at)

    def close(self) -> None:
        """Wake whoever waits in `read`."""
        self._closed.set()


class ResultCounter:
    """A sink that measures results from the moment `warm` on, perf_counter seconds.

    taken: called after every result, to let the source give the next frame. composing: compose each result as for a
    recording, and measure that too.
    """

    error: PuppetError | None = None

    def __init__(self, taken: Callable[[], None], composing: bool) -> None:
        self.stages, self.latency = StageTimes(KEEP), StageTimes(KEEP)
        self.times: list[float] = []
        self.faces = 0
        self.latents: deque[Latent] = deque(maxlen=DECODED_APART)
        self._taken, self._composing = taken, composing
        self.warm = np.inf

    def write(self, result: Result) -> None:
        """Compose and measure one result."""
        begun = time.perf_counter()
        if self._composing:
            compose(result, Layout.SIDE_BY_SIDE)
        now = time.perf_counter()
        if now >= self.warm:
            composed = {"compose": (now - begun) * 1e3} if self._composing else {}
            self.stages.add({**result.stage_ms, **composed})
            self.latency.add({"latency": (begun - result.frame.captured_at) * 1e3})
            self.times.append(now)
            self.faces += result.face is not None
            if result.latent is not None:
                self.latents.append(result.latent)
        self._taken()

    def close(self) -> None:
        """Nothing to free."""

    @property
    def fps(self) -> float:
        """Results per second since `warm`; 0.0 until there are two."""
        return (len(self.times) - 1) / (self.times[-1] - self.times[0]) if len(self.times) > 1 else 0.0


def free_run(
    actor: Actor,
    clip: Sequence[Image],
    seconds: float,
    others: Sequence[Actor] = (),
    tracker: str = TRACKER.default,
) -> dict[str, Any]:
    """Measure as many frames as the machine can do in `seconds`.

    Gives fps, stage_ms, faces (share of the frames with one), memory_mb and cpu_free. Raises PuppetError.
    """
    source = MemorySource(clip, fps=None)
    counter = ResultCounter(source.tickets.release, composing=True)
    usage, _ = _measure(actor, source, counter, seconds, "free-running", others, tracker)
    stage_ms: dict[str, dict[str, float]] = {}
    for stage, ms in counter.stages.percentiles().items():
        stage_ms |= {stage: ms} | (decode_parts(actor, counter.latents) if stage == "decode" else {})
    return {
        "fps": counter.fps,
        "stage_ms": stage_ms,
        "faces": counter.faces / max(1, len(counter.times)),
        "memory_mb": usage.memory_mb,
        "cpu_free": usage.cpu,
    }


def live_run(
    actor: Actor,
    clip: Sequence[Image],
    seconds: float,
    others: Sequence[Actor] = (),
    tracker: str = TRACKER.default,
) -> dict[str, Any]:
    """Measure 30 frames a second without a window: latency_ms to the result, drops, live_fps and cpu.

    Raises PuppetError.
    """
    source = MemorySource(clip, LIVE_FPS)
    counter = ResultCounter(lambda: None, composing=False)
    usage, drops = _measure(actor, source, counter, seconds, "live", others, tracker)
    latency = counter.latency.percentiles().get("latency", percentiles([]))
    return {"latency_ms": latency, "latency_to": "result", "drops": drops, "live_fps": counter.fps, "cpu": usage.cpu}


def _measure(
    actor: Actor,
    source: MemorySource,
    counter: ResultCounter,
    seconds: float,
    label: str,
    others: Sequence[Actor],
    tracker: str,
) -> tuple[Usage, int]:
    """Play the source and count its results; what that took, and how many frames were dropped. Raises PuppetError."""
    engine = build_engine_for(actor, lambda _: source, others=others, tracker=tracker)
    engine.set_actor(Path(f"{actor.name}.actor"))
    engine.add_sink(counter)
    usage = Usage()
    try:
        engine.start(source.name)
        wait(engine, counter, seconds, usage, label)
        return usage, engine.status().dropped
    finally:
        engine.stop()


def decode_parts(actor: Actor, latents: Iterable[Latent]) -> dict[str, dict[str, float]]:
    """Percentiles of the two parts of "decode", each by itself, ms: "network" and "mesh".

    Empty for an actor without a mesh.
    """
    parts = StageTimes()
    try:
        for latent in latents:
            begun = time.perf_counter()
            painted = actor.parts(latent)
            between = time.perf_counter()
            actor.draw(*painted)
            parts.add({"network": (between - begun) * 1e3, "mesh": (time.perf_counter() - between) * 1e3})
    except ValueError:
        return {}
    return parts.percentiles()


def wait(engine: Engine, counter: ResultCounter, seconds: float, usage: Usage, label: str) -> None:
    """Wait for the first result and for WARM_UP, then measure for `seconds`.

    Raises PuppetError when the engine fails.
    """
    begun = time.perf_counter()
    with progress(total=round(seconds), label=label, unit="s") as bar:
        while not engine.status().results or time.perf_counter() - begun < WARM_UP:
            time.sleep(0.05)
            problem = engine.status().error
            if problem is not None:
                raise PuppetError(problem)
        counter.warm = time.perf_counter()
        usage.begin()
        for _ in range(round(seconds)):
            time.sleep(1)
            usage.look()
            bar.update()
        usage.end()
    if engine.status().error is not None:
        raise PuppetError(str(engine.status().error))


class Usage:
    """What this process takes from `begin` to `end`.

    cpu: share of all cores, 0 .. 1. memory_mb: resident memory in MiB, at "start" and "end" and the "most" seen.
    """

    def __init__(self) -> None:
        self.cpu = 0.0
        self.memory_mb: dict[str, float] = {}

    def begin(self) -> None:
        """Measure from now on."""
        self._wall, self._spent = time.perf_counter(), time.process_time()
        self.memory_mb = {"start": resident_mb(), "end": resident_mb(), "most": resident_mb()}

    def look(self) -> None:
        """Note the memory in use; call it now and then."""
        now = resident_mb()
        self.memory_mb |= {"end": now, "most": max(now, self.memory_mb["most"])}

    def end(self) -> None:
        """Work out `cpu`."""
        wall = time.perf_counter() - self._wall
        self.cpu = (time.process_time() - self._spent) / wall / (os.cpu_count() or 1)


def resident_mb() -> float:
    """Resident memory of this process, MiB.

    Where /proc is missing: the most it ever was; 0 where the system does not say.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, AttributeError):
        pass
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
