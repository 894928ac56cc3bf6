"""Places in an actor's latent space that the user named, one JSON file for each actor."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from puppet.actor.card import ActorCard
from puppet.actor.file import DECODER
from puppet.core.errors import PuppetError, reason
from puppet.core.texts import cut_bytes, is_plain, is_seen
from puppet.core.types import Floats
from puppet.explore.latent_text import from_text, to_text
from puppet.parsing.plain_json import read_json
from puppet.storage.file_lock import only_writer
from puppet.storage.files import set_aside, write_whole
from puppet.storage.folders import config_folder

MAX_NAME = 60
MAX_BOOKMARKS = 2000  # of an actor
MAX_BYTES = 128 << 20  # of a file: 2,000 latents of 4,096 numbers, to 8 digits
PATIENCE = 2.0  # s that another window may take to write its bookmarks


class Bookmarks:
    """The bookmarks of actors, in one folder.

    A latent means another face to another decoder, so the file's name says which decoder it belongs to.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """None: beside the settings."""
        self._folder = folder or config_folder() / "bookmarks"

    def file(self, card: ActorCard) -> Path:
        """The file of an actor's bookmarks; it need not exist."""
        return self._folder / f"{cut_bytes(card.name, 200)}-{card.sha256[DECODER][:12]}.json"

    def load(self, card: ActorCard) -> dict[str, Floats]:
        """The points f32 (D,) by name, oldest first. Raises PuppetError for a damaged file, which is set aside."""
        path = self.file(card)
        try:
            stored = read_json(path, MAX_BYTES)
            if not isinstance(stored, dict) or not all(isinstance(text, str) for text in stored.values()):
                raise ValueError("not texts by name")
            if len(stored) > MAX_BOOKMARKS:
                raise ValueError(f"more than {MAX_BOOKMARKS} bookmarks")
            return {checked_name(name): from_text(text, card.latent_size) for name, text in stored.items()}
        except FileNotFoundError:
            return {}
        except OSError as problem:
            raise PuppetError(f"The bookmarks in {path} cannot be read: {reason(problem)}") from problem
        except (ValueError, PuppetError) as problem:
            raise PuppetError(f"{self._set_aside(path)} ({str(problem)[:120]})") from problem

    def save(
        self, card: ActorCard, points: Mapping[str, Floats], known: Mapping[str, Floats] = MappingProxyType({})
    ) -> dict[str, Floats]:
        """Write `points` by name; what is in the file afterwards. Raises PuppetError.

        known: what was loaded or saved last. Only the difference to it is written, so that what another window has
        added or deleted since stays so.
        """
        path, theirs, damaged = self.file(card), known, None
        with only_writer(path, PATIENCE):
            try:
                theirs = self.load(card) if path.exists() else known
            except PuppetError as problem:
                damaged = problem
            both = _merged(known, points, theirs)
            self._write(path, both)
        if damaged is not None:  # raised once the points of this window are written
            raise damaged
        return both

    @staticmethod
    def _write(path: Path, points: Mapping[str, Floats]) -> None:
        text = json.dumps({name: to_text(point) for name, point in points.items()}, indent=1, ensure_ascii=False)
        try:
            write_whole(path, text + "\n")
        except OSError as problem:
            raise PuppetError(f"The bookmarks cannot be saved in {path.parent}: {reason(problem)}") from problem

    @staticmethod
    def _set_aside(path: Path) -> str:
        try:
            broken = set_aside(path)
        except OSError as problem:
            return f"The bookmarks in {path} are damaged and cannot be set aside: {reason(problem)}"
        return f"The bookmarks of this actor were damaged: they are set aside as {broken}"


def _merged(known: Mapping[str, Floats], mine: Mapping[str, Floats], theirs: Mapping[str, Floats]) -> dict[str, Floats]:
    """The changes from `known` to `mine`, applied to `theirs`.

    Where both gave one name to different points, mine gets a number.
    """

    def unchanged(name: str, points: Mapping[str, Floats]) -> bool:
        return name in known and name in points and np.array_equal(known[name], points[name])

    both = {name: point for name, point in theirs.items() if name in mine or not unchanged(name, theirs)}
    for name, point in mine.items():
        if unchanged(name, mine):
            continue  # as they left it
        if name in theirs and not unchanged(name, theirs) and not np.array_equal(theirs[name], point):
            name = next(other for other in _others(name) if other not in both and other not in mine)
        both[name] = point
    return both


def _others(name: str) -> Iterator[str]:
    for number in itertools.count(2):
        ending = f" {number}"
        yield f"{name[: MAX_NAME - len(ending)]}{ending}"


def checked_name(name: str) -> str:
    """A bookmark's name without spaces at its ends. Raises PuppetError for one that cannot be shown."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not is_plain(name) or not is_seen(name):
        raise PuppetError(f"A bookmark's name has 1 to {MAX_NAME} characters")
    return name
