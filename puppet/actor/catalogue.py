"""Which actors there are: the built-in ones and those in the user's folder, found by name or by file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from puppet.actor.contents import decode_preview
from puppet.actor.file import PREVIEW, SUFFIX, read_card, read_member
from puppet.core.errors import ActorFileError, PictureError
from puppet.core.types import Image
from puppet.storage.folders import ASSETS, actors_folder

DEFAULT_ACTOR = "marble"
BUILT_IN = ASSETS / "actors"


def list_actors() -> list[Path]:
    """Built-in actors and those in the user's folder, by name; a user's actor replaces a built-in of the same name."""
    found: dict[str, Path] = {}
    for folder in (BUILT_IN, actors_folder()):
        with contextlib.suppress(OSError):
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                if path.is_file() and not path.name.startswith("."):
                    found[path.stem.casefold()] = path
    return [found[name] for name in sorted(found)]


def find_actor(name_or_path: str = DEFAULT_ACTOR) -> Path:
    """An actor by name (upper and lower case alike) or by file. Raises ActorFileError with the names there are."""
    path = Path(os.path.expanduser(name_or_path))
    if path.suffix == SUFFIX or len(path.parts) > 1 or os.path.isfile(path):  # pathlib's own raise for some names
        if not os.path.isfile(path):
            what = "a folder, not an actor file" if os.path.isdir(path) else "no such actor file"
            raise ActorFileError(f"{path}: {what}")
        return path
    actors = list_actors()
    for actor in actors:
        if actor.stem.casefold() == name_or_path.casefold():
            return actor
    names = ", ".join(actor.stem for actor in actors) or "none"
    raise ActorFileError(f"no actor is called {name_or_path!r}; there are: {names}. Put more into {actors_folder()}")


def shown_name(path: Path, name: str) -> str:
    """What people are shown as the name of an actor file; no two of `list_actors` have the same.

    name: in the file's card. It counts where it differs from the file's by capitals alone: Ada, not ada.
    """
    return name if name.casefold() == path.stem.casefold() else path.stem


def name_of(path: Path) -> str:
    """`shown_name` of a file, whose card is read; of one that is damaged, the file's own name."""
    try:
        return shown_name(path, read_card(path).name)
    except ActorFileError:
        return path.stem


def read_preview(path: Path) -> Image:
    """The actor's preview, uint8 (H, W, 3) BGR, without loading the networks. Raises ActorFileError."""
    try:
        return decode_preview(read_member(path, PREVIEW))
    except PictureError as problem:
        raise ActorFileError(f"{path.name}: {problem}") from problem
