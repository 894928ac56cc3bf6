"""`puppet bench`: how fast this machine is, and what holds it up. Figures to read and compare, no limits to pass.

Two runs of the real engine on frames that are decoded already. *Free-running*: a new frame whenever one is wanted,
every result composed as for a recording; how many a second? *Live*: 30 frames a second and the window shown; how old is
a frame when it has been painted (gui/bench_window.py)? Without a display, when its result is there.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from puppet import __version__
from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor, list_actors
from puppet.actor.runtime import load_actor
from puppet.commands.headless import build_engine
from puppet.core import pixels
from puppet.core.errors import PuppetError
from puppet.core.layout import Layout
from puppet.core.progress import progress
from puppet.core.texts import is_plain, one_line
from puppet.core.timing import StageTimes
from puppet.core.types import Frame, Image, Result
from puppet.output.compose import compose
from puppet.parsing.plain_json import read_json
from puppet.sources.registry import DEMO_CLIP, open_source

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.engine.engine import Engine

CLIP_FRAMES = 150  # of the demo clip, played forwards and backwards
IN_FLIGHT = 3  # frames of the free run: one acted, one tracked, one waiting
WARM_UP = 1.5  # s at the start that do not count: threads start, caches fill, the tracker finds the face
LIVE_FPS = 30.0
KEEP = 200_000
MAX_BYTES, LARGEST, LONGEST = 1 << 20, 1e12, 60  # of a JSON file that is compared; of its figures; of their names
TRACKING, ACTING = ("track",), ("align", "retarget", "encode", "decode", "compose")  # what each thread does, in order
PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}
PACKAGES = ("numpy", "opencv-contrib-python", "mediapipe", "onnxruntime-gpu", "onnxruntime", "PyQt6")


def run_bench(
    actor: str | None,
    provider: str,
    size: tuple[int, int],
    seconds: float,
    flash: bool,
    json_path: Path | None,
    actors: int = 1,
) -> int:
    """Measure, print the table, write the JSON. actors: so many at once, from one face. Raises PuppetError."""
    if json_path is not None and not json_path.parent.is_dir():
        raise PuppetError(f"{json_path}: there is no such folder")
    played = load_actor(find_actor(actor or DEFAULT_ACTOR), provider)
    shelf = list_actors()
    others = [load_actor(shelf[number % len(shelf)], provider) for number in range(actors - 1)]
    clip, capture_ms = read_clip(size)
    measured = free_run(played, clip, seconds, others)
    measured["stage_ms"] = {"capture": capture_ms, "convert": convert_ms(clip), **measured["stage_ms"]}
    measured |= live_run(played, clip, seconds, flash, others)
    if "paint_ms" in measured:
        measured["stage_ms"]["paint"] = measured.pop("paint_ms")
    figures = about(played, size, seconds) | {"actors": actors} | measured
    figures["verdict"] = verdict(figures)
    print(table(figures))
    if json_path is not None:
        try:
            json_path.write_text(json.dumps(figures, indent=2) + "\n")
        except OSError as problem:
            raise PuppetError(f"{json_path} cannot be written: {problem.strerror or problem}") from problem
    return 0


def read_clip(size: tuple[int, int]) -> tuple[list[Image], dict[str, float]]:
    """The demo clip's frames in `size` (width, height), black around them where the shapes differ; and what reading
    one from the file takes, ms.
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
    """Turning BGR to RGB for the tracker: a part of "track"."""
    took = []
    for image in clip:
        begun = time.perf_counter()
        pixels.swap_red_blue(image)
        took.append((time.perf_counter() - begun) * 1e3)
    return percentiles(took)


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """{"p50": ..., "p95": ..., "p99": ...}; zeros without values."""
    values = list(values)
    return {name: float(np.percentile(values, q)) if values else 0.0 for name, q in PERCENTILES.items()}


class MemorySource:
    """Frames from memory, forwards and backwards, so that the face never jumps.

    fps: one frame every 1 / fps s, stamped with the moment it came; None: whenever a ticket is released.
    paint_over: called with a picture of its own and the frame's number; may draw into it.
    """

    name, live = "memory", True
    frame_count: int | None = None

    def __init__(self, clip: Sequence[Image], fps: float | None, paint_over: Callable | None = None) -> None:
        self.fps = fps or LIVE_FPS
        self.tickets = threading.Semaphore(IN_FLIGHT)
        self._clip, self._paced, self._paint_over = clip, fps is not None, paint_over
        self._closed = threading.Event()
        self._index, self._zero = 0, 0.0

    def open(self) -> None:
        self._closed.clear()
        self._index, self._zero = 0, time.perf_counter()

    def read(self) -> Frame | None:
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
        self._closed.set()


class Counting:
    """A sink that composes and counts results once `warm` has passed, and lets the source give the next frame."""

    error: PuppetError | None = None

    def __init__(self, taken: Callable[[], None], composing: bool) -> None:
        self.stages, self.latency = StageTimes(KEEP), StageTimes(KEEP)
        self.times: list[float] = []
        self.faces = 0
        self._taken, self._composing = taken, composing
        self.warm = np.inf  # perf_counter seconds

    def write(self, result: Result) -> None:
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
        self._taken()

    def close(self) -> None:
        """Nothing to let go of."""

    @property
    def fps(self) -> float:
        return (len(self.times) - 1) / (self.times[-1] - self.times[0]) if len(self.times) > 1 else 0.0


def free_run(actor: Actor, clip: Sequence[Image], seconds: float, others: Sequence[Actor] = ()) -> dict[str, Any]:
    """fps, stage_ms, faces (share of the frames with one), memory_mb and cpu of as many frames as the machine does."""
    source = MemorySource(clip, fps=None)
    counting = Counting(source.tickets.release, composing=True)
    engine = build_engine(lambda _: source, actor, others=others)
    engine.set_actor(Path(f"{actor.name}.actor"))
    engine.add_sink(counting)
    usage = Usage()
    try:
        engine.start(source.name)
        wait(engine, counting, seconds, usage, "free-running")
    finally:
        engine.stop()
    return {
        "fps": counting.fps,
        "stage_ms": counting.stages.percentiles(),
        "faces": counting.faces / max(1, len(counting.times)),
        "memory_mb": usage.memory_mb,
        "cpu_free": usage.cpu,
    }


def live_run(
    actor: Actor, clip: Sequence[Image], seconds: float, flash: bool, others: Sequence[Actor] = ()
) -> dict[str, Any]:
    """latency_ms, latency_to, drops, cpu; with a display also paint_ms, and flash_ms when asked for."""
    from puppet.commands.doctor import has_display

    if has_display():
        from puppet.commands.window import bench_in_window

        return bench_in_window(actor, clip, seconds, flash, others)
    if flash:
        raise PuppetError("--flash looks for the flash on a screen, and there is no display here")
    source = MemorySource(clip, LIVE_FPS)
    counting = Counting(lambda: None, composing=False)
    engine = build_engine(lambda _: source, actor, others=others)
    engine.set_actor(Path(f"{actor.name}.actor"))
    engine.add_sink(counting)
    usage = Usage()
    try:
        engine.start(source.name)
        wait(engine, counting, seconds, usage, "live")
        drops = engine.status().dropped
    finally:
        engine.stop()
    latency = counting.latency.percentiles().get("latency", percentiles([]))
    return {"latency_ms": latency, "latency_to": "result", "drops": drops, "live_fps": counting.fps, "cpu": usage.cpu}


def wait(engine: Engine, counting: Counting, seconds: float, usage: Usage, label: str) -> None:
    """Let the first result come, the machine warm up, and `seconds` pass. Raises PuppetError when the engine fails."""
    begun = time.perf_counter()
    with progress(total=round(seconds), label=label, unit="s") as bar:
        while not engine.status().results or time.perf_counter() - begun < WARM_UP:
            time.sleep(0.05)
            problem = engine.status().error
            if problem is not None:
                raise PuppetError(problem)
        counting.warm = time.perf_counter()
        usage.begin()
        for _ in range(round(seconds)):
            time.sleep(1)
            usage.look()
            bar.update()
        usage.end()
    if engine.status().error is not None:
        raise PuppetError(str(engine.status().error))


class Usage:
    """What this process takes while it runs. cpu: share of the whole machine, 0 .. 1; memory in MiB, resident."""

    def __init__(self) -> None:
        self.cpu = 0.0
        self.memory_mb: dict[str, float] = {}

    def begin(self) -> None:
        self._wall, self._spent = time.perf_counter(), time.process_time()
        self.memory_mb = {"start": resident_mb(), "end": resident_mb(), "most": resident_mb()}

    def look(self) -> None:
        now = resident_mb()
        self.memory_mb |= {"end": now, "most": max(now, self.memory_mb["most"])}

    def end(self) -> None:
        wall = time.perf_counter() - self._wall
        self.cpu = (time.process_time() - self._spent) / wall / (os.cpu_count() or 1)


def resident_mb() -> float:
    """Resident memory of this process, MiB; where /proc is missing, the most it ever was; 0 where nothing tells."""
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


def about(actor: Actor, size: tuple[int, int], seconds: float) -> dict[str, Any]:
    """What was measured, and on what."""
    versions = {"puppet": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "actor": actor.name,
        "actor_size": actor.card.image_size,
        "provider": actor.providers[0].removesuffix("ExecutionProvider"),
        "provider_notice": actor.notice,
        "source_size": list(size),
        "seconds": seconds,
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "gpu": gpu_model(), "system": platform.platform()},
        "versions": versions,
    }


def cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def gpu_model() -> str | None:
    """NVIDIA's name for the first GPU, or None."""
    try:
        said = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip().splitlines()[0] if said.returncode == 0 and said.stdout.strip() else None


def verdict(figures: Mapping[str, Any]) -> str:
    """One line that names the bottleneck of the free run: the thread that is busiest, and its dearest stage."""
    stages = {name: ms["p50"] for name, ms in figures["stage_ms"].items()}
    threads = {"tracking": TRACKING, "acting": ACTING}
    busy = {name: sum(stages.get(stage, 0.0) for stage in part) for name, part in threads.items()}
    slowest = max(busy, key=lambda name: busy[name])
    stage = max(threads[slowest], key=lambda name: stages.get(name, 0.0))
    share = 100 * figures["cpu_free"]
    return (
        f"{figures['fps']:.0f} frames a second. The {slowest} thread is the bottleneck "
        f"({busy[slowest]:.1f} ms a frame), and in it {stage} ({stages.get(stage, 0.0):.1f} ms); "
        f"{share:.0f} % of the machine's cores were busy"
    )


def table(figures: Mapping[str, Any]) -> str:
    machine, memory = figures["machine"], figures["memory_mb"]
    notice = f" ({figures['provider_notice']})" if figures["provider_notice"] else ""
    rows = [
        f"actor      {figures['actor']}, {figures['actor_size']} px, on {figures['provider']}{notice}"
        + (f"; {figures['actors']} actors at once" if figures["actors"] > 1 else ""),
        f"machine    {machine['cores']} x {machine['cpu']}, GPU: {machine['gpu'] or 'none'}; {machine['system']}",
        "versions   " + ", ".join(f"{name} {version}" for name, version in figures["versions"].items()),
        f"source     {figures['source_size'][0]} x {figures['source_size'][1]}, from memory",
        "",
        f"{'stage, ms':<12}" + "".join(f"{name:>9}" for name in PERCENTILES),
    ]
    for stage, ms in figures["stage_ms"].items():
        rows.append(f"{stage:<12}" + "".join(f"{ms[name]:9.2f}" for name in PERCENTILES))
    latency = "".join(f"{figures['latency_ms'][name]:9.2f}" for name in PERCENTILES)
    rows += [f"{'latency':<12}{latency}   live: from capture to {figures['latency_to']}"]
    if "flash_ms" in figures:
        seen = "".join(f"{figures['flash_ms'][name]:9.2f}" for name in PERCENTILES)
        rows.append(f"{'flash':<12}{seen}   from the flash to its pixels on the screen")
    rows += [
        "",
        f"fps        {figures['fps']:.1f} free-running, composing included; a face in {100 * figures['faces']:.0f} %",
        f"live       {figures['live_fps']:.1f} of {LIVE_FPS:.0f} a second, {figures['drops']} dropped, "
        f"{100 * figures['cpu']:.0f} % of the machine's cores busy",
        f"memory     {memory['start']:.0f} MiB at the start, {memory['end']:.0f} at the end, "
        f"{memory['most']:.0f} at most",
        f"verdict    {figures['verdict']}",
    ]
    return "\n".join(rows)


# --- comparing ---


def run_compare(first: Path, second: Path) -> int:
    """Print the ratios of two JSON files, second / first."""
    print(compare(_read(first), _read(second), first.name, second.name))
    return 0


def compare(first: Mapping[str, Any], second: Mapping[str, Any], name: str, other: str) -> str:
    """Every figure that both have, and second / first. For fps more is better, for everything else less."""
    rows = [f"{'':<22}{one_line(name[-20:]):>22}{one_line(other[-20:]):>22}{'ratio':>8}"]
    one, two = _flat(first), _flat(second)
    for key, value in one.items():
        if key in two:
            ratio = f"{two[key] / value:8.2f}" if value else f"{'-':>8}"
            rows.append(f"{key:<22}{value:22.2f}{two[key]:22.2f}{ratio}")
    for key in ("actor", "actors", "provider", "source_size", "machine"):
        if first.get(key) != second.get(key):
            rows.append(one_line(f"not the same {key}: {first.get(key)} and {second.get(key)}", 1000))
    return "\n".join(rows)


def _flat(figures: Mapping[str, Any]) -> dict[str, float]:
    """Every figure by its name. Raises KeyError, TypeError, AttributeError, ValueError: bench did not write that."""
    flat = {"fps": figures["fps"]}
    for group in ("latency_ms", "flash_ms"):
        flat |= {f"{group} {name}": ms for name, ms in figures.get(group, {}).items()}
    for stage, ms in figures["stage_ms"].items():
        flat[f"{stage} p50"] = ms["p50"]
    flat |= {"drops": figures["drops"], "cpu": figures["cpu"], "memory_mb most": figures["memory_mb"]["most"]}
    for name, value in flat.items():
        if type(value) not in (int, float) or abs(value) > LARGEST or not is_plain(name) or len(name) > LONGEST:
            raise ValueError(name)
    return {name: float(value) for name, value in flat.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        figures = read_json(path, MAX_BYTES)
        _flat(figures)
    except OSError as problem:
        raise PuppetError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise PuppetError(f"{path} is not a file that puppet bench --json wrote") from problem
    return figures
