"""Making an actor from footage: a folder for each, and a child process that works in it and outlives the window.

The folder tells everything, so that the next window finds what goes on: what was asked (job.json), what came of it
(state.json), what the training tools write (data.h5, data.report.txt, data.report.png, run/metrics.jsonl, run/sheets),
and what they say (log.txt). A lock that the child holds tells whether it lives. The training tools themselves (torch,
models, export) are commands, never imported here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from puppet.core.errors import PuppetError, reason
from puppet.core.texts import is_file_name, is_plain, one_line
from puppet.parsing.plain_json import parse_json, read_json, to_json
from puppet.parsing.reading import read_end, read_limited
from puppet.storage.file_lock import is_locked
from puppet.storage.files import write_whole
from puppet.storage.folders import jobs_folder

JOB, STATE, STOP, LOG, LOCK, PID = "job.json", "state.json", "stop", "log.txt", "lock", "pid"
DATA, REPORT, SHEET, RUN = "data.h5", "data.report.txt", "data.report.png", "run"
# A job's states, in order. While it is in one of WORKING, its child lives, or has died.
CHECKING, CHECKED, TRAINING, EXPORTING, DONE, FAILED = "checking", "checked", "training", "exporting", "done", "failed"
WORKING = (CHECKING, TRAINING, EXPORTING)
TOOLS = ("torch", "h5py", "onnx", "safetensors", "scipy")  # what the extra `train` brings
CHILD = ("-m", "puppet.new_actor.child")
STATES = (CHECKING, CHECKED, TRAINING, EXPORTING, DONE, FAILED)
LOG_TAIL = 4000  # bytes
MAX_BYTES, MAX_METRICS_BYTES = 1 << 20, 64 << 20  # of job.json, state.json and the report; of metrics.jsonl
LONGEST_TEXT = 2000  # characters
MOST_MINUTES = 100_000.0


@dataclass(frozen=True)
class Wish:
    """What was asked: job.json. minutes: of training; 0, no consent and no name: not asked yet."""

    footage: tuple[str, ...]
    name: str = ""
    consent: str = ""
    minutes: float = 0.0


@dataclass(frozen=True, eq=False)
class Job:
    """How it stands, at one moment.

    state: "checking", "checked" (it can be trained), "training", "exporting", "done" or "failed" (error says why).
    words: the newest line that the tools said. share: of the work of this state, 0 .. 1, None when unknown.
    losses: (step, loss). sample: the newest sheet of sample pictures. actor: the file, when done.
    """

    folder: Path
    wish: Wish
    state: str
    running: bool
    error: str = ""
    words: str = ""
    share: float | None = None
    seconds_left: float | None = None
    losses: tuple[tuple[int, float], ...] = ()
    sample: Path | None = None
    report: str = ""
    report_picture: Path | None = None
    actor: Path | None = None


def what_is_missing() -> str:
    """What must be installed before an actor can be trained, in words with the command; empty when nothing is."""
    if checkout() is None:
        return (
            "The training tools come with Puppet's source, not with the installed program. Get the source, and in its"
            ' folder run: python -m pip install -c constraints.txt -e ".[train]"'
        )
    missing = [name for name in TOOLS if importlib.util.find_spec(name) is None]
    if missing:
        return (
            f"To train an actor, {', '.join(missing)} must be installed. In {checkout()} run:"
            f' {sys.executable} -m pip install -c constraints.txt -e ".[train]"'
        )
    return ""


def checkout() -> Path | None:
    """The folder of the source, where `python -m models` works; None without it."""
    found = importlib.util.find_spec("models")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    root = Path(places[0]).parent if places else None
    return root if root is not None and (root / "models" / "data" / "prepare.py").exists() else None


def begin(footage: Sequence[Path], folder: Path | None = None) -> Path:
    """Start looking through footage, in a child process; the job's folder. Raises PuppetError."""
    job = (folder or jobs_folder()) / datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
    try:
        job.mkdir(parents=True)
        _write(job / JOB, asdict(Wish(tuple(str(path.resolve()) for path in footage))))
    except OSError as problem:
        raise PuppetError(f"{job} cannot be made: {reason(problem)}") from problem
    _start(job, CHECKING)
    return job


def train(folder: Path, name: str, consent: str, minutes: float) -> None:
    """Start training on footage that was looked through, or go on after a failure. Raises PuppetError."""
    if not consent.strip():
        raise PuppetError("Without the consent of the person shown, no actor is made")
    _refuse_running(folder)
    _write(folder / JOB, asdict(Wish(look(folder).wish.footage, name, consent.strip(), minutes)))
    _start(folder, TRAINING)


def stop(folder: Path) -> None:
    """Ask the child to stop; what was learnt until then becomes an actor. Returns at once. Raises PuppetError."""
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
    """All jobs, oldest first. What is no job is left out."""
    jobs = []
    with contextlib.suppress(OSError):
        for place in sorted((folder or jobs_folder()).iterdir()):
            with contextlib.suppress(PuppetError):
                jobs.append(look(place))
    return jobs


def look(folder: Path) -> Job:
    """How a job stands. Raises PuppetError when the folder is none."""
    try:
        wish = _wish(read_json(folder / JOB, MAX_BYTES))
        state, error, actor = _told(read_json(folder / STATE, MAX_BYTES))
    except (OSError, ValueError) as problem:
        raise PuppetError(f"{folder}: holds no actor in the making ({problem})") from problem
    running = is_locked(folder / LOCK)
    if state in WORKING and not running:
        state, error = FAILED, "It was interrupted: the computer or the process was ended. It can go on"
    words = last_words(folder / LOG)
    rows = training_rows(folder / RUN / "metrics.jsonl")
    share = share_in(words) if state == CHECKING else None
    left = None
    if state == TRAINING and rows and wish.minutes:
        spent = float(rows[-1].get("seconds", 0.0))
        share = min(1.0, spent / (60 * wish.minutes))
        left = max(0.0, 60 * wish.minutes - spent)
    losses = tuple((int(row["step"]), float(row["loss"])) for row in rows if row.get("kind") == "train")
    sheets = sorted((folder / RUN / "sheets").glob("step-*.png"))
    report, picture = folder / REPORT, folder / SHEET
    return Job(
        folder, wish, state, running, error, words, share, left, losses,
        sheets[-1] if sheets else None,
        _text(report),
        picture if picture.exists() else None,
        actor,
    )  # fmt: skip


def training_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics.jsonl that say a step, a kind and, of training, a loss; a torn last line is left out."""
    rows = []
    with contextlib.suppress(OSError):
        for line in read_limited(path, MAX_METRICS_BYTES).splitlines():
            with contextlib.suppress(ValueError):
                row = parse_json(line)
                if isinstance(row, dict) and _is_row(row):
                    rows.append(row)
    return rows


def last_words(path: Path) -> str:
    """The newest line of a log that says anything, as one line that can be shown."""
    try:
        lines = read_end(path, LOG_TAIL).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return one_line(next((line.strip() for line in reversed(lines) if line.strip()), ""), LOG_TAIL)


def share_in(words: str) -> float | None:
    """ "tracking: 120/600 frames (20 %), ..." -> 0.2"""
    before, found, _ = words.partition(" %)")
    number = before.rpartition("(")[2]
    return int(number) / 100 if found and number.isdecimal() else None


def _wish(stored: Any) -> Wish:
    """Raises ValueError for what `begin` and `train` did not write: it becomes arguments of commands."""
    if not isinstance(stored, dict) or not isinstance(stored.get("footage"), list):
        raise ValueError(f"{JOB} is no job")
    footage, minutes = tuple(stored["footage"]), stored.get("minutes", 0.0)
    if not all(isinstance(file, str) and os.path.isabs(file) and "\0" not in file for file in footage):
        raise ValueError(f"{JOB} names footage that cannot be")
    texts = [stored.get(name, "") for name in ("name", "consent")]
    if not all(isinstance(text, str) and len(text) <= LONGEST_TEXT and is_plain(text, lines=True) for text in texts):
        raise ValueError(f"{JOB} holds texts that cannot be shown")
    if texts[0] and not is_file_name(texts[0]):
        raise ValueError(f"{JOB} holds a name that cannot be a file's")
    if type(minutes) not in (int, float) or not 0 <= minutes <= MOST_MINUTES:
        raise ValueError(f"{JOB} holds minutes that cannot be")
    return Wish(footage, *texts, minutes=float(minutes))


def _told(stored: Any) -> tuple[str, str, Path | None]:
    """State, error and actor file of state.json. Raises ValueError."""
    if not isinstance(stored, dict) or stored.get("state") not in STATES:
        raise ValueError(f"{STATE} tells no state")
    error, actor = stored.get("error", ""), stored.get("actor", "")
    if not isinstance(error, str) or not isinstance(actor, str) or "\0" in actor:
        raise ValueError(f"{STATE} tells no state")
    return stored["state"], one_line(error, LONGEST_TEXT), Path(actor) if actor else None


def _is_row(row: dict[str, Any]) -> bool:
    """Whether the figures of a row of metrics.jsonl are ones. Finite they are: `parse_json` lets nothing else through.

    seconds: since the start of training.
    """
    figures = [row.get("step"), row.get("seconds", 0.0), *([row.get("loss")] if row.get("kind") == "train" else [])]
    return isinstance(row.get("kind"), str) and all(type(figure) in (int, float) for figure in figures)


def _text(path: Path) -> str:
    """A report as lines that can be shown; empty when there is none."""
    try:
        lines = read_limited(path, MAX_BYTES).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(one_line(line, LOG_TAIL) for line in lines)


def tell(folder: Path, state: str, error: str = "", actor: Path | None = None) -> None:
    """Write how a job stands; for `begin`, `train` and the child."""
    _write(folder / STATE, {"state": state, "error": error, "actor": str(actor) if actor else ""})


def _start(folder: Path, state: str) -> None:
    """The child in a session of its own: neither the window's end nor its Ctrl-C reaches it."""
    _refuse_running(folder)
    tell(folder, state)
    (folder / STOP).unlink(missing_ok=True)
    apart: dict[str, Any] = (
        {"creationflags": 0x00000008 | 0x00000200}  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    command = [sys.executable, *CHILD, str(folder), state]
    try:
        with (folder / LOG).open("ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=checkout(), **apart)
        _wait_for_lock(folder, child)
    except OSError as problem:
        tell(folder, FAILED, f"The work could not be started: {reason(problem)}")
        raise PuppetError(f"The work in {folder} could not be started: {reason(problem)}") from problem


def _refuse_running(folder: Path) -> None:
    if is_locked(folder / LOCK):
        raise PuppetError("It is being worked on already")


def _wait_for_lock(folder: Path, child: subprocess.Popen) -> None:
    """From now on `look` tells the truth. The child is nobody's to wait for afterwards: it may outlive us."""
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
