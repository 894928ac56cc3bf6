"""What was measured before: JSON files, each with the hashes of all that its content depends on."""

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

MAX_BYTES = 64 << 20
PACKAGE = Path(puppet.__file__).resolve().parent


class Known:
    """Looks results up, and keeps new ones. force: only those made since count."""

    def __init__(self, force: bool) -> None:
        self._force = force
        self._made: set[Path] = set()

    def get(self, file: Path, key: Mapping[str, str], make: Callable[[], Any], *needed: Path) -> Any:
        """What `file` holds for this key, if all `needed` files are there, else what `make` gives, which is kept."""
        value = self.look_up(file, key)
        if value is None or not all(path.is_file() for path in needed):
            self.expect(file)
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

    def expect(self, file: Path) -> None:
        """The file is about to be made anew."""
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
    """SHA-256 of the source of packages of this project: another program may draw other pictures."""
    made = hashlib.sha256()
    for room in rooms:
        for file in sorted((PACKAGE.parent / room).rglob("*.py")):
            name = file.relative_to(PACKAGE.parent).as_posix()
            made.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return made.hexdigest()


def make_folder(folder: Path) -> None:
    """EvaluationError when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"{folder}: cannot be made ({reason(error)}); choose another folder") from error


def write_text(file: Path, text: str) -> None:
    """Whole or not at all. EvaluationError when it cannot be written."""
    try:
        write_whole(file, text, private=False)
    except OSError as error:
        raise EvaluationError(f"{file}: cannot be written ({reason(error)}); choose another folder") from error
