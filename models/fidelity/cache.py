"""Results on disk: JSON files, each with the hashes of everything that its value depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import puppet
from models.fidelity.judge import EvaluationError
from puppet.core.errors import reason
from puppet.parsing.plain_json import read_json
from puppet.storage.files import write_whole

MAX_BYTES = 64 << 20  # of one JSON file
PACKAGE = Path(puppet.__file__).resolve().parent
TRAINING_CODE = Path(__file__).resolve().parents[2]  # holds models and export: in the package where it is installed


class ResultCache:
    """Looks results up and keeps new ones. force: results of earlier commands do not count."""

    def __init__(self, force: bool) -> None:
        self._force = force
        self._made: set[Path] = set()

    def get(self, file: Path, key: Mapping[str, str], make: Callable[[], Any], *needed: Path) -> Any:
        """The value kept in `file` for this key, or that of `make`, which is then kept.

        needed: files that belong to the result; without one of them it is made again. Raises EvaluationError.
        """
        value = self.look_up(file, key)
        if value is None or not all(path.is_file() for path in needed):
            self.forget(file)
            value = make()
            write_text(file, json.dumps({"key": dict(key), "value": value}))
        return value

    def look_up(self, file: Path, key: Mapping[str, str]) -> Any:
        """The value kept in `file` for this key, or None."""
        if self._force and file not in self._made:
            return None
        try:
            kept = read_json(file, MAX_BYTES)
        except (OSError, ValueError):
            return None
        return kept.get("value") if isinstance(kept, dict) and kept.get("key") == dict(key) else None

    def forget(self, file: Path) -> None:
        """Remove a result that is about to be made again; what is then written counts, with `force` too."""
        file.unlink(missing_ok=True)
        self._made.add(file)


def digest(file: Path) -> str:
    """SHA-256 of a file as it is now."""
    stat = file.stat()
    return _digest(file, stat.st_mtime_ns, stat.st_size)


@lru_cache
def _digest(file: Path, _changed: int, _size: int) -> str:
    made = hashlib.sha256()
    with file.open("rb") as content:
        while part := content.read(1 << 20):
            made.update(part)
    return made.hexdigest()


@lru_cache
def program_digest(*rooms: str) -> str:
    """SHA-256 of all Python files of packages of this project: a changed program may draw other pictures.

    rooms: top packages, such as "puppet"; files of all folders below count. The same in a checkout and in an installed
    program, where puppet's folder holds the others.
    """
    made = hashlib.sha256()
    for room in rooms:
        top = PACKAGE if room == "puppet" else TRAINING_CODE / room
        for file in sorted(top.rglob("*.py")):
            if top in TRAINING_CODE.parents and TRAINING_CODE in file.parents:
                continue
            name = f"{room}/{file.relative_to(top).as_posix()}"
            made.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return made.hexdigest()


def make_folder(folder: Path) -> None:
    """Make a folder with its parents. EvaluationError when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"{folder}: cannot be made ({reason(error)}); choose another folder") from error


def write_text(file: Path, text: str) -> None:
    """Replace a file as a whole. EvaluationError when it cannot be written."""
    try:
        write_whole(file, text, private=False)
    except OSError as error:
        raise EvaluationError(f"{file}: cannot be written ({reason(error)}); choose another folder") from error
