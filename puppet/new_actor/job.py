"""The jobs that make actors from footage: a folder for each, and a child process that outlives the window.

The folder holds everything, so that the next window finds a running job: the request (job.json), the state
(state.json), what the training tools write (data.h5, data.report.txt, data.report.png, run/quality.jsonl and
run/sample.png), and what they print (log.txt). The child holds a lock while it lives. The training tools are commands
of `training_code`, never imported here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from puppet.core.errors import PuppetError, reason
from puppet.core.texts import is_file_name, is_plain, one_line
from puppet.new_actor import training_code
from puppet.new_actor.steps import Step, steps_of
from puppet.parsing.plain_json import parse_json, read_json, to_json
from puppet.parsing.reading import read_end, read_limited
from puppet.storage.file_lock import is_locked
from puppet.storage.files import write_whole
from puppet.storage.folders import IMPORT_FOLDER, jobs_folder

JOB, STATE, STOP, LOG, LOCK, PID = "job.json", "state.json", "stop", "log.txt", "lock", "pid"
DATA, REPORT, SHEET, RUN = "data.h5", "data.report.txt", "data.report.png", "run"
QUALITY, SAMPLE = "quality.jsonl", "sample.png"  # in the run's folder
QUALITY_FIGURES, MOST = ("seconds", "likeness", "sharpness"), 1e9
CHILD = ("-m", "puppet.new_actor.child")
LOG_TAIL = 1 << 16  # bytes; exporters print a lot between two steps
LONGEST_LINE = 4000  # characters
MAX_BYTES, MAX_QUALITY_BYTES = 1 << 20, 16 << 20  # of job.json, state.json and the report; of quality.jsonl
MAX_TEXT = 2000  # characters
MAX_MINUTES = 100_000.0

_starting: set[Path] = set()  # folders of jobs whose child was started here and does not hold its lock yet


class JobState(str, Enum):
    """The states of a job, in order. The values are stored in state.json."""

    CHECKING = "checking"  # the footage
    CHECKED = "checked"  # it can be trained
    TRAINING = "training"
    EXPORTING = "exporting"
    DONE = "done"
    FAILED = "failed"

    def __str__(self) -> str:
        return self.value


WORKING = {JobState.CHECKING: "prepare", JobState.TRAINING: "train", JobState.EXPORTING: "export"}  # puppet's commands


@dataclass(frozen=True)
class JobRequest:
    """What the user asked for, as in job.json.

    footage, alpha: absolute paths of videos, and of their alpha films if there are any. minutes: of training. Name,
    consent and minutes are empty until training was asked for.
    """

    footage: tuple[str, ...]
    name: str = ""
    consent: str = ""
    minutes: float = 0.0
    alpha: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quality:
    """How near the sample pictures are to the true ones, after so many seconds of training.

    likeness: 1 for the same pictures; sharpness: 1 for pictures as sharp as those.
    """

    seconds: float
    likeness: float
    sharpness: float


@dataclass(frozen=True, eq=False)
class Job:
    """A job at one moment.

    running: the child lives. error: why it failed. steps: of the work of this state. stopping: it has been asked to
    stop. quality: of what was learnt. sample: the newest sheet of sample pictures. report: on the footage. actor: the
    file, when done; afterwards the one that further training replaces.
    """

    folder: Path
    request: JobRequest
    state: JobState
    running: bool
    error: str = ""
    steps: tuple[Step, ...] = ()
    stopping: bool = False
    quality: tuple[Quality, ...] = ()
    sample: Path | None = None
    report: str = ""
    report_picture: Path | None = None
    actor: Path | None = None


def what_is_missing() -> str:
    """What must be installed before an actor can be made, with the command; empty when nothing is missing."""
    return training_code.what_is_missing()


def begin(footage: Sequence[Path], alpha: Sequence[Path] = (), folder: Path | None = None) -> Path:
    """Start checking footage in a child process; the job's folder. Raises PuppetError.

    alpha: films that show the person white on black, one for each piece of footage, or none.
    """
    if alpha and len(alpha) != len(footage):
        raise PuppetError(f"{len(footage)} videos need as many alpha films, not {len(alpha)}; choose one for each")
    job = (folder or jobs_folder()) / datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
    try:
        job.mkdir(parents=True)
        _write(job / JOB, asdict(JobRequest(_absolute(footage), alpha=_absolute(alpha))))
    except OSError as problem:
        raise PuppetError(f"{job} cannot be made: {reason(problem)}") from problem
    _start(job, JobState.CHECKING)
    return job


def train(folder: Path, name: str, consent: str, minutes: float) -> None:
    """Start training on footage that was checked, or continue after a failure. Raises PuppetError."""
    if not consent.strip():
        raise PuppetError("Without the consent of the person shown, no actor is made")
    _refuse_running(folder)
    _write(folder / JOB, asdict(replace(read_job(folder).request, name=name, consent=consent.strip(), minutes=minutes)))
    _start(folder, JobState.TRAINING)


def train_on(folder: Path, minutes: float) -> None:
    """Train an actor that is done for so many minutes more; it replaces the one of before. Raises PuppetError."""
    _refuse_running(folder)
    request = read_job(folder).request
    _write(folder / JOB, asdict(replace(request, minutes=min(request.minutes + minutes, MAX_MINUTES))))
    _start(folder, JobState.TRAINING)


def stop(folder: Path) -> None:
    """Ask the child to stop; what was learnt by then becomes an actor. Returns at once. Raises PuppetError."""
    try:
        (folder / STOP).touch()
    except OSError as problem:
        raise PuppetError(f"{folder}: cannot be written ({reason(problem)})") from problem


def discard(folder: Path) -> None:
    """Delete a job that does not run, with its data set; the footage stays where it is. Raises PuppetError."""
    if is_locked(folder / LOCK):
        raise PuppetError("It is still being worked on; stop it first")
    shutil.rmtree(folder, ignore_errors=True)


def find_jobs(folder: Path | None = None) -> list[Job]:
    """All jobs, oldest first; folders that hold none are left out."""
    jobs: list[Job] = []
    with contextlib.suppress(OSError):
        for place in sorted((folder or jobs_folder()).iterdir()):
            with contextlib.suppress(PuppetError):
                jobs.append(read_job(place))
    return jobs


def read_job(folder: Path) -> Job:
    """A job as it is now. Raises PuppetError when the folder holds none."""
    try:
        request = _parse_request(read_json(folder / JOB, MAX_BYTES))
        state, error, actor = _parse_state(read_json(folder / STATE, MAX_BYTES))
    except (OSError, ValueError) as problem:
        raise PuppetError(f"{folder}: holds no actor in the making ({problem})") from problem
    running = folder in _starting or is_locked(folder / LOCK)
    if state in WORKING and not running:
        state, error = JobState.FAILED, "It was interrupted: the computer or the process was ended. It can go on"
    steps = steps_of(WORKING[state], last_lines(folder / LOG)) if state in WORKING else ()
    report, picture, sample = folder / REPORT, folder / SHEET, folder / RUN / SAMPLE
    return Job(
        folder, request, state, running, error, steps, running and (folder / STOP).exists(),
        quality_rows(folder / RUN / QUALITY),
        sample if sample.exists() else None,
        _text(report),
        picture if picture.exists() else None,
        actor,
    )  # fmt: skip


def quality_rows(path: Path) -> tuple[Quality, ...]:
    """The rows of a quality.jsonl; a torn last line and what is no row are left out."""
    rows: list[Quality] = []
    with contextlib.suppress(OSError):
        for line in read_limited(path, MAX_QUALITY_BYTES).splitlines():
            with contextlib.suppress(ValueError):
                row: Any = parse_json(line)
                figures: list[Any] = [row.get(one) for one in QUALITY_FIGURES] if isinstance(row, dict) else [None]
                if all(type(figure) in (int, float) and 0 <= figure < MOST for figure in figures):
                    rows.append(Quality(*map(float, figures)))
    return tuple(rows)


def last_lines(path: Path) -> list[str]:
    """The newest lines of a log, as text that can be shown; none without a log."""
    try:
        lines = read_end(path, LOG_TAIL).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [one_line(line.strip(), LONGEST_LINE) for line in lines if line.strip()]


def _parse_request(stored: Any) -> JobRequest:
    """The request of job.json. Raises ValueError for anything else than `begin` and `train` write.

    Its texts become arguments of commands.
    """
    if not isinstance(stored, dict) or not isinstance(stored.get("footage"), list):
        raise ValueError(f"{JOB} is no job")
    footage, minutes, alpha = tuple(stored["footage"]), stored.get("minutes", 0.0), stored.get("alpha", [])
    files = (*footage, *alpha) if isinstance(alpha, list) else (None,)
    if not all(isinstance(file, str) and os.path.isabs(file) and "\0" not in file for file in files):
        raise ValueError(f"{JOB} names footage that cannot be")
    texts = [stored.get(name, "") for name in ("name", "consent")]
    if not all(isinstance(text, str) and len(text) <= MAX_TEXT and is_plain(text, lines=True) for text in texts):
        raise ValueError(f"{JOB} holds texts that cannot be shown")
    if texts[0] and not is_file_name(texts[0]):
        raise ValueError(f"{JOB} holds a name that cannot be a file's")
    if type(minutes) not in (int, float) or not 0 <= minutes <= MAX_MINUTES:
        raise ValueError(f"{JOB} holds minutes that cannot be")
    return JobRequest(footage, *texts, minutes=float(minutes), alpha=tuple(alpha))


def _parse_state(stored: Any) -> tuple[JobState, str, Path | None]:
    """State, error and actor file of state.json. Raises ValueError."""
    if not isinstance(stored, dict) or stored.get("state") not in [state.value for state in JobState]:
        raise ValueError(f"{STATE} holds no state")
    error, actor = stored.get("error", ""), stored.get("actor", "")
    if not isinstance(error, str) or not isinstance(actor, str) or "\0" in actor:
        raise ValueError(f"{STATE} holds no state")
    return JobState(stored["state"]), one_line(error, MAX_TEXT), Path(actor) if actor else None


def _text(path: Path) -> str:
    """A report as lines that can be shown; empty when there is none."""
    try:
        lines = read_limited(path, MAX_BYTES).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(one_line(line, LONGEST_LINE) for line in lines)


def _absolute(files: Sequence[Path]) -> tuple[str, ...]:
    return tuple(str(path.resolve()) for path in files)


def write_state(folder: Path, state: JobState, error: str = "", actor: Path | None = None) -> None:
    """Write the state of a job; for `begin`, `train` and the child. Raises PuppetError.

    actor: None leaves the one that it has had.
    """
    if actor is None:
        with contextlib.suppress(OSError, ValueError):
            *_, actor = _parse_state(read_json(folder / STATE, MAX_BYTES))
    _write(folder / STATE, {"state": state.value, "error": error, "actor": str(actor) if actor else ""})


def _start(folder: Path, state: JobState) -> None:
    """Start the child in a session of its own: neither the window's end nor its Ctrl-C reaches it."""
    _refuse_running(folder)
    apart: dict[str, Any] = (
        {"creationflags": 0x00000008 | 0x00000200}  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    command = [sys.executable, *CHILD, str(folder), state.value]
    _starting.add(folder)  # it takes seconds on a busy machine, and is no interruption
    try:
        write_state(folder, state)
        (folder / STOP).unlink(missing_ok=True)
        with (folder / LOG).open("ab") as log:
            child: subprocess.Popen[Any] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=IMPORT_FOLDER, **apart
            )
        _wait_for_lock(folder, child)
    except OSError as problem:
        write_state(folder, JobState.FAILED, f"The work could not be started: {reason(problem)}")
        raise PuppetError(f"The work in {folder} could not be started: {reason(problem)}") from problem
    finally:
        _starting.discard(folder)


def _refuse_running(folder: Path) -> None:
    if is_locked(folder / LOCK):
        raise PuppetError("It is being worked on already")


def _wait_for_lock(folder: Path, child: subprocess.Popen[Any]) -> None:
    """Wait until the child holds its lock, so that `read_job` finds it running.

    Nobody waits for the child afterwards: it may outlive this process.
    """
    while not is_locked(folder / LOCK):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.02)
            break  # it has come and gone
    child.returncode = 0 if child.returncode is None else child.returncode  # silences the warning of Popen's end


def _write(path: Path, values: dict[str, Any]) -> None:
    try:
        write_whole(path, to_json(values, indent=1) + "\n")
    except OSError as problem:
        raise PuppetError(f"{path} cannot be written: {reason(problem)}") from problem
