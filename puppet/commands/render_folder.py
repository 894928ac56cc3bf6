"""`puppet render` for a folder of videos: one by one or several at once; an interrupted run can be resumed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from puppet.core.errors import PuppetError, RecordingError, SourceError, reason
from puppet.core.file_types import VIDEO_SUFFIXES
from puppet.core.progress import progress
from puppet.core.texts import one_line
from puppet.output.recording_sink import layout_path
from puppet.output.settings import OutputSettings
from puppet.process.log import explained
from puppet.sources.files import claimed_frames
from puppet.storage.file_lock import is_locked, lock_of, owner
from puppet.storage.files import missing_folders, remove_empty
from puppet.storage.folders import IMPORT_FOLDER

CORES_PER_JOB = 4  # tracking, acting and encoding keep about so many busy
LOOK_EVERY = 0.2  # s between looks at the processes
UNKNOWN_FRAMES = 300  # a file that does not say how long it is


@dataclass(frozen=True)
class Job:
    """One video and the file that is made of it. frames: as the video claims."""

    video: Path
    output: Path
    frames: int


def videos_in(folder: Path) -> list[Path]:
    """The videos that lie in a folder, by name; none for a folder of pictures. Raises SourceError."""
    try:
        inside = list(folder.iterdir()) if folder.is_dir() else []
    except OSError as problem:
        raise SourceError(f"{folder}: {reason(problem)}", "unreadable") from problem
    return sorted(p for p in inside if p.suffix.lower() in VIDEO_SUFFIXES and not p.name.startswith("."))


def default_jobs() -> int:
    """How many videos are rendered at once when nothing is asked for."""
    return max(1, (os.cpu_count() or 1) // CORES_PER_JOB)


def plan(
    videos: Sequence[Path], folder: Path, outputs: OutputSettings, resume: bool, force: bool
) -> tuple[list[Job], int]:
    """The videos to render into `folder`, and how many are finished already (with `resume`).

    Raises RecordingError when a file is there already and neither `resume` nor `force` was asked for, or is one of the
    videos themselves, or is being written by another process.
    """
    stems = [video.stem for video in videos]
    jobs, finished = [], 0
    for video in videos:
        name = video.stem if stems.count(video.stem) == 1 else video.name
        output = folder / f"{name}{outputs.suffix}"
        made = [layout_path(output, layout, outputs.layouts) for layout in outputs.layouts]
        own = next((path for path in made if path.exists() and any(_same(path, one) for one in videos)), None)
        if own is not None:
            raise RecordingError(f"{own} is one of the videos that are to be read; choose another folder to write to")
        if is_locked(lock := lock_of(output)):
            raise RecordingError(f"{output} is being written by {owner(lock)}; wait until it is done")
        if resume and all(path.exists() for path in made):
            finished += 1
            continue
        there = next((path for path in made if path.exists()), None)
        if there is not None and not (resume or force):
            raise RecordingError(
                f"{there} exists already and is not overwritten; add --resume to go on, --force to begin again, "
                "or choose another folder"
            )
        jobs.append(Job(video, output, claimed_frames(video) or UNKNOWN_FRAMES))
    return jobs, finished


def render_folder(
    videos: Sequence[Path],
    folder: Path,
    outputs: OutputSettings,
    render_one: RenderOne,
    options: Sequence[str],
    jobs: int,
    resume: bool = False,
    force: bool = False,
) -> None:
    """Render every video into `folder`. A video that fails is reported, and the others go on.

    jobs: how many at once. render_one: renders in this process, for one job: video, file, whether to replace the file
    -> a line for the user. options: of `puppet render`, for the processes of several jobs. Ctrl-C keeps what was made
    of the videos in work, as playable NAME.part files. Raises PuppetError.
    """
    todo, finished = plan(videos, folder, outputs, resume, force)
    new_folders = missing_folders(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        remove_empty(new_folders)
        raise RecordingError(f"Cannot write to {folder}: {reason(problem)}; choose another folder") from problem
    if finished:
        print(f"{finished} of {len(videos)} are finished already", file=sys.stderr)
    failed: list[str] = []
    replace = resume or force
    again = [*options, "--force"] if replace else options
    done = _one_by_one(todo, render_one, replace) if jobs == 1 else _several(todo, again, jobs)
    try:
        with contextlib.closing(done):
            for job, line, problem in done:
                if problem is not None:
                    failed.append(job.video.name)
                    print(f"puppet: {one_line(str(problem), None)}", file=sys.stderr, flush=True)
                    continue
                print(one_line(line, None), flush=True)
    finally:
        remove_empty(new_folders)
    if failed:
        raise PuppetError(f"{len(failed)} of {len(todo)} videos could not be rendered: {', '.join(failed)}")


RenderOne = Callable[[Path, Path, bool], str]
Done = tuple[Job, str, str | None]  # the job, a line for the user, or why it failed


def _one_by_one(jobs: Sequence[Job], render_one: RenderOne, replace: bool) -> Generator[Done, None, None]:
    """In this process, one after the other."""
    began, frames, total = time.monotonic(), 0, sum(job.frames for job in jobs)
    for number, job in enumerate(jobs, 1):
        left = ""
        if frames:
            minutes = (time.monotonic() - began) / frames * (total - frames) / 60
            left = f", about {minutes:.0f} min left for all" if minutes >= 1 else ", less than a minute left for all"
        print(f"[{number}/{len(jobs)}] {one_line(job.video.name)}{left}", file=sys.stderr, flush=True)
        try:
            yield job, render_one(job.video, job.output, replace), None
        except Exception as problem:  # whatever is wrong with one, the others go on
            yield job, "", str(explained(problem, f"Rendering {job.video.name}"))
        frames += job.frames


def _several(jobs: Sequence[Job], options: Sequence[str], at_once: int) -> Generator[Done, None, None]:
    """Each in a process of its own, `at_once` of them at a time."""
    waiting = list(jobs)
    running: list[tuple[Job, subprocess.Popen[str]]] = []
    with progress(total=sum(job.frames for job in jobs), label="rendering", unit="frames") as bar:
        bar.update(0)
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    job = waiting.pop(0)
                    running.append((job, _start(job, options)))
                over = [(job, process) for job, process in running if process.poll() is not None]
                if not over:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        running[0][1].wait(LOOK_EVERY)
                for job, process in over:
                    running.remove((job, process))
                    output, errors = process.communicate()
                    bar.update(job.frames)
                    lines = [line for line in errors.splitlines() if line.startswith("puppet: ")]
                    why = lines[-1].removeprefix("puppet: ") if lines else f"{job.video.name}: ended unexpectedly"
                    yield job, output.strip(), None if process.returncode == 0 else why
        finally:  # after Ctrl-C each makes a playable file of what it has
            for _, process in running:
                with contextlib.suppress(OSError):
                    process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
            for _, process in running:
                process.communicate()


def _start(job: Job, options: Sequence[str]) -> subprocess.Popen[str]:
    """A process that renders one video."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "puppet", "render", str(job.video.absolute())),
            *("-o", str(job.output.absolute()), *options),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # so that Ctrl-C comes once, from here
        cwd=IMPORT_FOLDER,
    )


def _same(a: Path, b: Path) -> bool:
    return b.exists() and a.samefile(b)
