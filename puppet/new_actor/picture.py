"""Actors from one picture: `puppet photo` makes each in a child process, in a folder of its own.

There it waits until the user keeps it or drops it. Its maker holds a lock on the folder; an actor whose maker has ended
without a decision is kept (`keep_left_over`).
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from puppet.actor import library
from puppet.core.errors import PuppetError, reason
from puppet.new_actor.child import PUPPET, reason_in
from puppet.storage.file_lock import acquire
from puppet.storage.folders import IMPORT_FOLDER, jobs_folder

FOLDER, LOCK = "pictures", "lock"
TIMEOUT = 300.0  # s; it takes ten on two cores


@dataclass(frozen=True)
class PictureRequest:
    """What to make. statement: on consent, or what it is a picture of when `artwork`.

    face: number of the face from left to right, from 1; None: the only one. frame: as `puppet photo --frame` takes it.
    """

    picture: Path
    name: str
    statement: str
    artwork: bool = False
    face: int | None = None
    frame: str = "portrait"
    keep_background: bool = False


@dataclass(frozen=True)
class Draft:
    """An actor file that is neither kept nor dropped yet; lock: open while that is so."""

    actor: Path
    lock: IO[bytes]


def make(request: PictureRequest, folder: Path | None = None, puppet: Sequence[str] = PUPPET) -> Draft:
    """Make the actor of a picture; takes some ten seconds. Raises PuppetError."""
    name = library.checked_name(request.name)
    place = (folder or jobs_folder() / FOLDER) / datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
    try:
        place.mkdir(parents=True)
        lock = acquire(place / LOCK)
    except OSError as problem:
        raise PuppetError(f"{place} cannot be made: {reason(problem)}") from problem
    if lock is None:
        raise PuppetError(f"{place} is used by another process; try again")
    draft = Draft(place / f"{name}.actor", lock)
    try:
        _run([*puppet, *command(request, draft.actor)])
    except BaseException:
        drop(draft)
        raise
    return draft


def command(request: PictureRequest, actor: Path) -> list[str]:
    """The command of puppet that makes the actor."""
    said = f"--{'artwork' if request.artwork else 'consent'}={request.statement.strip()}"
    chosen = [] if request.face is None else [f"--face={request.face}"]
    background = ["--keep-background"] if request.keep_background else []
    facts = [f"--name={actor.stem}", said, f"--frame={request.frame}", *chosen, *background]
    return ["photo", f"--output={actor}", *facts, "--", str(request.picture.resolve())]


def keep(draft: Draft) -> Path:
    """Move the actor to the user's collection; its path there. Raises ActorFileError; then it stays where it is."""
    path = library.admit(draft.actor)
    drop(draft)
    return path


def drop(draft: Draft) -> None:
    """Delete the actor."""
    draft.lock.close()  # before its file is deleted, which Windows refuses otherwise
    shutil.rmtree(draft.actor.parent, ignore_errors=True)


def forget(taken: Path) -> None:
    """Delete a picture that was taken for `make`, with the folder that was made for it."""
    shutil.rmtree(taken.parent, ignore_errors=True)


def keep_left_over(folder: Path | None = None) -> list[Path]:
    """Move to the collection what a window that was ended left undecided; the new paths.

    Raises PuppetError for one that cannot be moved, once all others are.
    """
    kept, places, problems = list[Path](), list[Path](), list[PuppetError]()
    with contextlib.suppress(OSError):
        places = sorted((folder or jobs_folder() / FOLDER).iterdir())
    for place in places:
        lock = None
        with contextlib.suppress(OSError):
            lock = acquire(place / LOCK)
        if lock is None:
            continue
        actors = sorted(place.glob("*.actor"))
        try:
            kept += [library.admit(actor) for actor in actors]
        except PuppetError as problem:
            problems.append(problem)
            lock.close()
        else:
            drop(Draft(place / "none", lock))
    if problems:
        raise problems[0]
    return kept


def _run(command: Sequence[str]) -> None:
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=IMPORT_FOLDER,
            timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as problem:
        raise PuppetError(
            f"The actor was not made within {TIMEOUT / 60:.0f} minutes; try a smaller picture"
        ) from problem
    except OSError as problem:
        raise PuppetError(f"The actor cannot be made: {reason(problem)}") from problem
    if ended.returncode:
        told = reason_in(ended.stdout.decode("utf-8", errors="replace"))
        raise PuppetError(told or f"The actor was not made: the process ended with code {ended.returncode}")
