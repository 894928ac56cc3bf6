"""What `puppet bench` says of its figures: the table, the verdict, and two measurements compared."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppet import __version__
from puppet.commands.bench_measure import LIVE_FPS
from puppet.core.errors import PuppetError
from puppet.core.providers import short_name
from puppet.core.texts import is_plain, one_line
from puppet.core.timing import PERCENTILES
from puppet.core.trackers import LABELS
from puppet.parsing.plain_json import read_json

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor

MAX_BYTES, LARGEST, LONGEST = 1 << 20, 1e12, 60  # of a JSON file that is compared; of its figures; of their names
TRACKING, ACTING = ("track",), ("align", "retarget", "encode", "decode", "compose")  # what each thread does, in order
DECODING = ("network", "mesh")  # the parts of "decode"
PACKAGES = ("numpy", "opencv-contrib-python", "mediapipe", "onnxruntime-gpu", "onnxruntime", "PyQt6")


def about(actor: Actor, size: tuple[int, int], seconds: float, tracker: str) -> dict[str, Any]:
    """What was measured and on which machine, as entries of the JSON file. tracker: the library that was used."""
    versions = {"puppet": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "actor": actor.name,
        "actor_size": actor.card.image_size,
        "provider": short_name(actor.providers[0]),
        "provider_notice": actor.notice,
        "tracker": tracker,
        "source_size": list(size),
        "seconds": seconds,
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "gpu": gpu_model(), "system": platform.platform()},
        "versions": versions,
    }


def cpu_model() -> str:
    """The processor's name as the system gives it."""
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
    """One line that names the bottleneck of the free run: the busiest thread, and its slowest stage."""
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
    """All figures of a measurement as lines for people."""
    machine, memory = figures["machine"], figures["memory_mb"]
    notice = f" ({figures['provider_notice']})" if figures["provider_notice"] else ""
    rows = [
        f"actor      {figures['actor']}, {figures['actor_size']} px, {figures['actor_mb']:.1f} MiB, "
        f"on {figures['provider']}{notice}"
        + (f"; {figures['actors']} actors at once" if figures["actors"] > 1 else ""),
        f"tracker    {LABELS[figures['tracker']]}",
        f"machine    {machine['cores']} x {machine['cpu']}, GPU: {machine['gpu'] or 'none'}; {machine['system']}",
        "versions   " + ", ".join(f"{name} {version}" for name, version in figures["versions"].items()),
        f"source     {figures['source_size'][0]} x {figures['source_size'][1]}, from memory",
        "",
        f"{'stage, ms':<12}" + "".join(f"{name:>9}" for name in PERCENTILES),
    ]
    for stage, ms in figures["stage_ms"].items():
        name = f"  {stage}" if stage in DECODING else stage
        rows.append(f"{name:<12}" + "".join(f"{ms[name]:9.2f}" for name in PERCENTILES))
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


def run_compare(first: Path, second: Path) -> int:
    """Print the ratios of two JSON files, second / first."""
    print(compare(_read(first), _read(second), first.name, second.name))
    return 0


def compare(first: Mapping[str, Any], second: Mapping[str, Any], name: str, other: str) -> str:
    """Every figure that both measurements have, and second / first.

    For fps more is better, for everything else less. name, other: how the columns are headed.
    """
    rows = [f"{'':<22}{one_line(name[-20:]):>22}{one_line(other[-20:]):>22}{'ratio':>8}"]
    one, two = _flat(first), _flat(second)
    for key, value in one.items():
        if key in two:
            ratio = f"{two[key] / value:8.2f}" if value else f"{'-':>8}"
            rows.append(f"{key:<22}{value:22.2f}{two[key]:22.2f}{ratio}")
    for key in ("actor", "actors", "provider", "tracker", "source_size", "machine"):
        if first.get(key) != second.get(key):
            rows.append(one_line(f"not the same {key}: {first.get(key)} and {second.get(key)}", 1000))
    return "\n".join(rows)


def _flat(figures: Mapping[str, Any]) -> dict[str, float]:
    """Every figure by its name.

    Raises KeyError, TypeError, AttributeError or ValueError for what bench did not write.
    """
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
    """The figures of a JSON file that `puppet bench` wrote. Raises PuppetError."""
    try:
        figures = read_json(path, MAX_BYTES)
        _flat(figures)
    except OSError as problem:
        raise PuppetError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise PuppetError(f"{path} is not a file that puppet bench --json wrote") from problem
    return figures
