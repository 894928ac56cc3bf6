"""A list of the files that this process has begun and not finished: the next start clears up after a killed one.

The list is a file in the configuration folder, there only while anything is on it. Its process holds a lock on it for
as long as it lives, and so does an ffmpeg that writes for it. A list whose lock is free is a dead process's, and
`output/crash_recovery.py` reads it. Only what is on a list is removed: drafts have random names that nobody else uses;
other files are compared with what the disk said of them, for another file may have the name by now.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO, Any

from puppet.core.texts import cut_bytes
from puppet.parsing.plain_json import parse_json
from puppet.storage.file_lock import acquire, is_at, release
from puppet.storage.folders import config_folder

LIST, PARTS = ".list", ".parts"  # endings of files in `lists_folder`


class Kind(str, Enum):
    """What the next start does with an unfinished file. The values are in the lists of older versions, too."""

    DRAFT = "draft"  # removes it
    RECORDING = "take"  # makes a plain video of it
    SOUND = "sound"  # puts it into its recordings

    @property
    def grows(self) -> bool:
        """Whether another process writes to it, so that its size and time change."""
        return self is not Kind.DRAFT


@dataclass(frozen=True)
class Entry:
    """An unfinished file.

    identity: see `identity_of`; empty for a file whose name nobody else uses. facts: what the recording's metadata
    says, or the recordings ("takes") that a sound belongs to.
    """

    path: Path
    kind: Kind = Kind.DRAFT
    identity: str = ""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_there(self) -> bool:
        """Whether the very file still has this name."""
        identity = identity_of(self.path, self.kind)
        return identity is not None and identity == (self.identity or identity)

    def remove(self) -> None:
        """Remove the file or folder, if it is there. Raises OSError."""
        if self.is_there:
            if self.path.is_dir() and not self.path.is_symlink():
                shutil.rmtree(self.path)
            else:
                self.path.unlink(missing_ok=True)


def lists_folder() -> Path:
    """The folder of all processes' lists."""
    return config_folder() / "unfinished"


def identity_of(path: Path, kind: Kind = Kind.DRAFT) -> str | None:
    """What tells a file from another one of its name; None when there is no file.

    Its inode number, which a new file may get again, and, unless it grows, size and time of change.
    """
    try:
        stat = path.lstat()
    except OSError:
        return None
    return f"{stat.st_ino}" if kind.grows else f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"


class _List:
    """The list of this process. Thread-safe.

    Errors of its file are ignored: all that follows is that a killed process leaves something behind.
    """

    def __init__(self) -> None:
        self._entries: dict[Path, Entry] = {}
        self._file: IO[bytes] | None = None
        self._path = Path()
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries[entry.path] = entry
            with contextlib.suppress(OSError):
                if self._file is None:
                    self._open()
                kind, mark = entry.kind.value, entry.identity
                self._write({"path": str(entry.path), "kind": kind, "mark": mark, "facts": entry.facts})

    def drop(self, path: Path) -> None:
        with self._lock:
            if self._entries.pop(path, None) is None:
                return
            with contextlib.suppress(OSError):
                if self._entries:
                    self._write({"path": str(path), "kind": ""})
                elif self._file is not None:
                    file, self._file = self._file, None
                    release(self._path, file)

    def descriptor(self) -> int | None:
        with self._lock:
            return self._file.fileno() if self._file is not None else None

    def _open(self) -> None:
        folder = lists_folder()
        folder.mkdir(parents=True, exist_ok=True)
        while self._file is None:
            path = folder / f"{os.getpid()}-{secrets.token_hex(4)}{LIST}"
            file = acquire(path)
            if file is not None and is_at(path, file):  # else a starting process has just removed it
                self._path, self._file = path, file

    def _write(self, values: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(values).encode() + b"\n")
            self._file.flush()


_own = _List()


def register(path: Path, kind: Kind = Kind.DRAFT, **facts: Any) -> None:
    """Put a file on the list.

    One that does not exist yet must have a name that nobody else uses; one that does must not change any more, unless
    its kind grows.
    """
    path = path.absolute()
    _own.add(Entry(path, kind, identity_of(path, kind) or "", facts))


def unregister(path: Path) -> None:
    """Take a file off the list: it is finished, or gone."""
    _own.drop(path.absolute())


def lock_descriptor() -> int | None:
    """File descriptor of the lock on this process's list, for children that write on after its death.

    None while the list is empty.
    """
    return _own.descriptor()


def draft_name(path: Path) -> Path:
    """A hidden name beside `path` that nobody else has, for what will become `path`."""
    return path.with_name(f".{cut_bytes(path.stem[:60], 120)}.{secrets.token_hex(6)}{path.suffix}")


def make_draft(path: Path, private: bool = False) -> Path:
    """Make an empty file with a `draft_name`, on the list until it is published or dropped.

    private: nobody but the owner may read it. Raises OSError.
    """
    while True:
        draft = draft_name(path)
        register(draft)
        try:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666))
        except FileExistsError:
            unregister(draft)
        except OSError:
            unregister(draft)
            raise
        else:
            return draft


def drop_draft(draft: Path) -> None:
    """Remove a draft, if it is still there, and take it off the list. A disk that is gone has nothing to remove."""
    with contextlib.suppress(OSError):
        draft.unlink(missing_ok=True)
    unregister(draft)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A private folder among the system's temporary files, removed afterwards. Raises OSError."""
    folder = Path(tempfile.gettempdir()) / f"puppet-{secrets.token_hex(8)}"
    register(folder)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        unregister(folder)


def read_list(path: Path) -> list[Entry]:
    """What is on a dead process's list; lines that cannot be read are left out. Raises OSError."""
    entries: dict[str, Entry] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            told = parse_json(line)
            if told["kind"]:
                path, kind = Path(str(told["path"])), Kind(told["kind"])
                entries[told["path"]] = Entry(path, kind, str(told["mark"]), dict(told["facts"]))
            else:
                entries.pop(told["path"], None)
        except (ValueError, KeyError, TypeError):
            continue
    return list(entries.values())


# --- parts: NAME.part files, which an interrupted rendering leaves until the whole video is there ---


def keep_part(part: Path, output: Path) -> None:
    """Remember that `part` is the beginning of `output`; where that fails, the user has to remove it."""
    file = _parts_file(output)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"path": str(part.absolute()), "mark": identity_of(part)}) + "\n")


def drop_parts(output: Path) -> None:
    """Remove the parts of `output`, which is there as a whole now, unless they were changed since."""
    file = _parts_file(output)
    with contextlib.suppress(OSError):
        for part in read_parts(file):
            part.remove()
        file.unlink(missing_ok=True)


def read_parts(file: Path) -> list[Entry]:
    """The parts that a file of `lists_folder` names; lines that cannot be read are left out. Raises OSError."""
    parts: list[Entry] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else ():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            told = parse_json(line)
            parts.append(Entry(Path(str(told["path"])), identity=str(told["mark"])))
    return parts


def _parts_file(output: Path) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.realpath(output))).hexdigest()[:24]
    return lists_folder() / f"{name}{PARTS}"
