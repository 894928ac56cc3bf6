"""The user's collection of actors: listing, adding, renaming and removing them. A removed actor can be restored."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from puppet.actor.card import PICTURE, ActorCard
from puppet.actor.catalogue import BUILT_IN, list_actors, read_preview, shown_name
from puppet.actor.contents import read_contents
from puppet.actor.file import SUFFIX, read_actor, read_card, write_actor
from puppet.actor.trial import try_in_child
from puppet.core.errors import ActorFileError, reason
from puppet.core.texts import FORBIDDEN, is_file_name
from puppet.core.types import Image
from puppet.storage.file_lock import only_writer
from puppet.storage.files import publish_numbered
from puppet.storage.folders import actors_folder
from puppet.storage.unfinished import drop_draft, make_draft

TRASH = ".removed"  # in the user's folder; nothing in it is ever deleted by the program
LONGEST_NAME = 60
PATIENCE = 10.0  # s that another window may take to move an actor
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Entry:
    """An actor of the collection. card, preview: None for a file that cannot be used, `problem` says why."""

    path: Path
    card: ActorCard | None
    preview: Image | None
    problem: str = ""

    @property
    def name(self) -> str:
        """The name that people are shown."""
        return self.path.stem if self.card is None else shown_name(self.path, self.card.name)

    @property
    def built_in(self) -> bool:
        """Whether it came with the program, and can be neither renamed nor removed."""
        return self.path.parent == BUILT_IN


def entries() -> list[Entry]:
    """All actors there are, by name; reads every file, which may take a moment."""
    return [read_entry(path) for path in list_actors()]


def read_entry(path: Path) -> Entry:
    """The entry of one file; one that cannot be used gives an entry with a problem."""
    try:
        return Entry(path, read_card(path), read_preview(path))
    except ActorFileError as problem:
        return Entry(path, None, None, str(problem))


def details(card: ActorCard) -> list[tuple[str, str]]:
    """The facts of an actor's card as (heading, text), for a person to read."""
    training, free = card.training, card.layers and not card.keeps_background
    facts = [
        ("Resolution", f"{card.image_size} × {card.image_size} px"),
        ("Latent numbers", str(card.latent_size)),
        ("Sees", _sees(card)),
        ("Background", "its own, or any other" if free else "a part of its picture"),
        ("Made", card.created),
        ("Made from", "one picture" if card.made_from == PICTURE else "footage"),
    ]
    if isinstance(training.get("frames"), int):
        facts.append(("Footage", f"{training['frames']:,} pictures"))
    if isinstance(training.get("steps"), int):
        minutes = training.get("seconds")
        spent = f" in {minutes / 60:.0f} min" if isinstance(minutes, int | float) else ""
        facts.append(("Training", f"{training['steps']:,} steps{spent}"))
    metrics = training.get("metrics")
    psnr = cast("dict[str, Any]", metrics).get("psnr_tracked") if isinstance(metrics, dict) else None
    if isinstance(psnr, int | float):
        facts.append(("Likeness", f"{psnr:.1f} dB on pictures it never saw"))
    return [*facts, ("Consent", card.consent), ("Licence", card.licence)]


def _sees(card: ActorCard) -> str:
    if card.crop_size is None:
        return "how your face moves, never its pixels"
    return f"your face's pixels; at most {card.latent_size} numbers of them reach the actor's picture"


def admit(file: Path, folder: Path | None = None) -> Path:
    """Check a file as before it plays, in a child process, and copy it into the user's folder; its new path.

    A name that is taken gets a number. Raises ActorFileError, and changes nothing then.
    """
    folder = folder or actors_folder()
    try_in_child(file, read_contents(file).card)
    if file.resolve().parent == folder.resolve():
        return file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = make_draft(folder / f"{file.stem}{SUFFIX}")
        try:
            shutil.copyfile(file, draft)
            with draft.open("rb+") as copy:
                os.fsync(copy.fileno())
            return _publish(draft, folder, file.stem)
        finally:
            drop_draft(draft)
    except OSError as problem:
        raise ActorFileError(f"{file.name} cannot be copied to {folder}: {reason(problem)}") from problem


def renew(file: Path, before: Path) -> Path:
    """`admit` a file in the place of an actor of the user's folder, which is removed; its new path.

    Raises ActorFileError, and the actor of before stays then.
    """
    try_in_child(file, read_contents(file).card)
    if before.exists():
        remove(before)
    return admit(file)


def rename(path: Path, name: str) -> Path:
    """Give an actor of the user's folder another name, in the file too; its new path. Raises ActorFileError."""
    name = checked_name(name)
    _refuse_built_in(path, "renamed")
    new = path.with_name(name + SUFFIX)
    with _alone(path.parent):
        same = new.exists() and new.samefile(path)
        card, members = read_actor(path)
        try:
            write_actor(new, dataclasses.replace(card, name=name), members, replace=same)
        except FileExistsError as problem:
            raise ActorFileError(f"There is an actor called {name} already; choose another name") from problem
        if not same:
            _try(path.unlink, f"{path.name} cannot be removed")
    return new


def remove(path: Path) -> Path:
    """Move an actor of the user's folder to the trash; its path there, for `restore`. Raises ActorFileError."""
    _refuse_built_in(path, "removed")
    trash = path.parent / TRASH
    _try(lambda: trash.mkdir(parents=True, exist_ok=True), f"{path.name} cannot be removed")
    with _alone(path.parent):
        return _try(lambda: _publish(path, trash, path.stem), f"{path.name} cannot be removed")


def restore(removed: Path) -> Path:
    """Bring back what `remove` moved to the trash; its new path. Raises ActorFileError."""
    folder = removed.parent.parent
    with _alone(folder):
        return _try(lambda: _publish(removed, folder, removed.stem), f"{removed.name} cannot be brought back")


def checked_name(name: str) -> str:
    """The name without spaces at its ends, if it can be a file's on every system. Raises ActorFileError otherwise."""
    name = name.strip()
    if len(name) > LONGEST_NAME or not is_file_name(name):
        raise ActorFileError(
            f"An actor's name has 1 to {LONGEST_NAME} characters, without {FORBIDDEN} and without a dot at its ends,"
            " and is none that Windows keeps for itself"
        )
    return name


def _publish(file: Path, folder: Path, stem: str) -> Path:
    """Name a file STEM.actor in `folder`, or STEM 2.actor ..., the first free one; its path. Raises OSError."""
    return publish_numbered(file, folder / f"{stem}{SUFFIX}", " ")


def _alone(folder: Path) -> contextlib.AbstractContextManager[None]:
    """As the only process that moves actors in this folder. Raises PuppetError."""
    return only_writer(folder, PATIENCE)


def _refuse_built_in(path: Path, what: str) -> None:
    if path.parent == BUILT_IN:
        raise ActorFileError(f"{path.stem} came with the program and cannot be {what}")


def _try(action: Callable[[], T], words: str) -> T:
    try:
        return action()
    except OSError as problem:
        raise ActorFileError(f"{words}: {reason(problem)}") from problem
