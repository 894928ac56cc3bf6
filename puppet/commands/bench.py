"""`puppet bench`: how fast this machine is, and what limits it. Figures to read and compare, no limits to pass.

Two runs of the real engine on frames that are decoded already. *Free-running*: a new frame whenever one is wanted,
every result composed as for a recording; how many a second? *Live*: 30 frames a second and the window shown; how old is
a frame when it has been painted (bench_window.py)? Without a display: when its result is there.
"""

from __future__ import annotations

import json
from pathlib import Path

from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor, list_actors
from puppet.actor.runtime import load_actor
from puppet.commands.bench_measure import convert_ms, free_run, live_run, read_clip
from puppet.commands.bench_report import about, table, verdict
from puppet.commands.display import has_display
from puppet.core.errors import PuppetError
from puppet.core.trackers import TRACKER
from puppet.face.tracking import tracker_library


def run_bench(
    actor: str | None,
    provider: str,
    size: tuple[int, int],
    seconds: float,
    flash: bool,
    json_path: Path | None,
    actors: int = 1,
    tracker: str = TRACKER.default,
) -> int:
    """Measure, print the table, write the JSON; the exit code.

    size: width and height of the frames, px. seconds: of each run. flash: time a flash in the window, too. actors: so
    many at once, from one face. tracker: one of TRACKER's choices. Raises PuppetError.
    """
    if json_path is not None and not json_path.parent.is_dir():
        raise PuppetError(f"{json_path}: there is no such folder")
    if flash and not has_display():
        raise PuppetError("--flash needs a display, and there is none here")
    file = find_actor(actor or DEFAULT_ACTOR)
    played = load_actor(file, provider)
    installed = list_actors()
    others = [load_actor(installed[number % len(installed)], provider) for number in range(actors - 1)]
    clip, capture_ms = read_clip(size)
    measured = free_run(played, clip, seconds, others, tracker)
    measured["stage_ms"] = {"capture": capture_ms, "convert": convert_ms(clip), **measured["stage_ms"]}
    if has_display():
        from puppet.commands.bench_window import bench_in_window  # Qt is loaded only where there is a display

        measured |= bench_in_window(played, clip, seconds, flash, others, tracker)
    else:
        measured |= live_run(played, clip, seconds, others, tracker)
    if "paint_ms" in measured:
        measured["stage_ms"]["paint"] = measured.pop("paint_ms")
    figures = about(played, size, seconds, tracker_library(tracker)) | {"actors": actors} | measured
    figures["actor_mb"] = file.stat().st_size / 2**20
    figures["verdict"] = verdict(figures)
    print(table(figures))
    if json_path is not None:
        try:
            json_path.write_text(json.dumps(figures, indent=2) + "\n")
        except OSError as problem:
            raise PuppetError(f"{json_path} cannot be written: {problem.strerror or problem}") from problem
    return 0
