"""The user's collection of actors: what there is, letting one in, renaming, removing without losing."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from puppet.actor import BUILT_IN, list_actors, load_actor, read_preview, user_folder
from puppet.actor_card import SUFFIX, ActorCard, read_actor, read_card, write_actor
from puppet.errors import ActorFileError, reason
from puppet.frames import Image
from puppet.texts import FORBIDDEN, is_file_name

TRASH = ".removed"  # in the user's folder; nothing in it is ever deleted by the program
LONGEST_NAME = 60


@dataclass(frozen=True, eq=False)
class Entry:
    """An actor of the collection. card, preview: None for a file that cannot be used, `problem` says why."""

    path: Path
    card: ActorCard | None
    preview: Image | None
    problem: str = ""

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def built_in(self) -> bool:
        """It came with the program, and can be neither renamed nor removed."""
        return self.path.parent == BUILT_IN


def entries() -> list[Entry]:
    """All actors there are, by name; may take a moment."""
    return [read_entry(path) for path in list_actors()]


def read_entry(path: Path) -> Entry:
    """Never raises for a bad file."""
    try:
        return Entry(path, read_card(path), read_preview(path))
    except ActorFileError as problem:
        return Entry(path, None, None, str(problem))


def details(card: ActorCard) -> list[tuple[str, str]]:
    """What an actor's card tells, as (what, words), for a person to read."""
    training = card.training
    told = [
        ("Resolution", f"{card.image_size} × {card.image_size} px"),
        ("Latent numbers", str(card.latent_size)),
        ("Sees", _sees(card)),
        ("Made", card.created),
    ]
    if isinstance(training.get("frames"), int):
        told.append(("Footage", f"{training['frames']:,} pictures"))
    if isinstance(training.get("steps"), int):
        minutes = training.get("seconds")
        spent = f" in {minutes / 60:.0f} min" if isinstance(minutes, int | float) else ""
        told.append(("Training", f"{training['steps']:,} steps{spent}"))
    metrics = training.get("metrics")
    if isinstance(metrics, dict) and isinstance(metrics.get("psnr_tracked"), int | float):
        told.append(("Likeness", f"{metrics['psnr_tracked']:.1f} dB on pictures it never saw"))
    return [*told, ("Consent", card.consent), ("Licence", card.licence)]


def _sees(card: ActorCard) -> str:
    if card.crop_size is None:
        return "how your face moves, never its pixels"
    return f"your face's pixels; at most {card.latent_size} numbers of them reach the actor's picture"


def admit(file: Path, folder: Path | None = None) -> Path:
    """Check a file as it is checked before it plays, and copy it into the user's folder; where it lies now.

    A name that is taken gets a number. Raises ActorFileError, and changes nothing then.
    """
    folder = folder or user_folder()
    load_actor(file, "cpu")
    if file.resolve().parent == folder.resolve():
        return file
    path = _free(folder, file.stem)
    partial = path.with_name(f".{path.name}.partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, partial)
        os.replace(partial, path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise ActorFileError(f"{file.name} cannot be copied to {folder}: {reason(problem)}") from problem
    return path


def rename(path: Path, name: str) -> Path:
    """Give an actor of the user's folder another name, in the file too; where it lies now. Raises ActorFileError."""
    name = checked_name(name)
    _refuse_built_in(path, "renamed")
    new = path.with_name(name + SUFFIX)
    if new.exists() and not (new.samefile(path)):
        raise ActorFileError(f"There is an actor called {name} already; choose another name")
    card, members = read_actor(path)
    write_actor(new, dataclasses.replace(card, name=name), members)
    if not new.samefile(path):
        _act(path.unlink, f"{path.name} cannot be removed")
    return new


def remove(path: Path) -> Path:
    """Put an actor of the user's folder aside; where it lies now, for `restore`. Raises ActorFileError."""
    _refuse_built_in(path, "removed")
    trash = path.parent / TRASH
    _act(lambda: trash.mkdir(parents=True, exist_ok=True), f"{path.name} cannot be removed")
    aside = _free(trash, path.stem)
    _act(lambda: os.replace(path, aside), f"{path.name} cannot be removed")
    return aside


def restore(aside: Path) -> Path:
    """Bring back what `remove` put aside; where it lies now. Raises ActorFileError."""
    path = _free(aside.parent.parent, aside.stem)
    _act(lambda: os.replace(aside, path), f"{aside.name} cannot be brought back")
    return path


def checked_name(name: str) -> str:
    """A name that can be a file's on every system. Raises ActorFileError."""
    name = name.strip()
    if len(name) > LONGEST_NAME or not is_file_name(name):
        raise ActorFileError(
            f"An actor's name has 1 to {LONGEST_NAME} characters, without {FORBIDDEN} and without a dot at its ends,"
            " and is none that Windows keeps for itself"
        )
    return name


def _free(folder: Path, stem: str) -> Path:
    """NAME.actor, NAME 2.actor ...: the first that is not taken."""
    number = 1
    while (path := folder / f"{stem}{f' {number}' if number > 1 else ''}{SUFFIX}").exists():
        number += 1
    return path


def _refuse_built_in(path: Path, what: str) -> None:
    if path.parent == BUILT_IN:
        raise ActorFileError(f"{path.stem} came with the program and cannot be {what}")


def _act(action: Callable[[], object], words: str) -> None:
    try:
        action()
    except OSError as problem:
        raise ActorFileError(f"{words}: {reason(problem)}") from problem
