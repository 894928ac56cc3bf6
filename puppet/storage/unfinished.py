"""What this process has begun and not finished, so that the next start can clear up after one that was killed.

A process that has anything unfinished keeps a list of it among the program's own files, and holds a lock on the list
for as long as it lives (so does the ffmpeg that writes for it). A list whose lock is free is a dead process's:
`leftovers` reads it. What is on a list is ours, and nothing else: drafts by names that nobody else can have, other
files by what the disk says of them, too, for a name may be somebody else's by now.
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
from pathlib import Path
from typing import IO, Any

from puppet.parsing.plain_json import parse_json
from puppet.parsing.texts import cut_bytes
from puppet.storage.file_lock import hold, is_at, remove_and_close
from puppet.storage.folders import config_folder

DRAFT, TAKE, SOUND = "draft", "take", "sound"  # to be removed; to be finished; to be put into takes
GROWING = (TAKE, SOUND)
LIST, PARTS = ".list", ".parts"  # endings of files in `lists_folder`


@dataclass(frozen=True)
class Entry:
    """mark: see `mark_of`; empty: it has a name that nobody else has. facts: see `leftovers`."""

    path: Path
    kind: str = DRAFT
    mark: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        """Whether the very file still has this name."""
        mark = mark_of(self.path, self.kind)
        return mark is not None and mark == (self.mark or mark)

    def remove(self) -> None:
        """If it is there. Raises OSError."""
        if self.is_there:
            if self.path.is_dir() and not self.path.is_symlink():
                shutil.rmtree(self.path)
            else:
                self.path.unlink(missing_ok=True)


def lists_folder() -> Path:
    return config_folder() / "unfinished"


def mark_of(path: Path, kind: str = DRAFT) -> str | None:
    """What tells a file from another one of its name: its number on the disk, which a new one may get again, and size
    and time of change, unless it is of a kind that grows. None when there is none.
    """
    try:
        stat = path.lstat()
    except OSError:
        return None
    return f"{stat.st_ino}" if kind in GROWING else f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"


class _List:
    """The list of this process; its file is there only while anything is on it. Thread-safe.

    Trouble with the file stops nothing: then a killed process leaves something behind, no more.
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
                self._write({"path": str(entry.path), "kind": entry.kind, "mark": entry.mark, "facts": entry.facts})

    def drop(self, path: Path) -> None:
        with self._lock:
            if self._entries.pop(path, None) is None:
                return
            with contextlib.suppress(OSError):
                if self._entries:
                    self._write({"path": str(path), "kind": ""})
                elif self._file is not None:
                    file, self._file = self._file, None
                    remove_and_close(self._path, file)

    def descriptor(self) -> int | None:
        with self._lock:
            return self._file.fileno() if self._file is not None else None

    def _open(self) -> None:
        folder = lists_folder()
        folder.mkdir(parents=True, exist_ok=True)
        while self._file is None:
            path = folder / f"{os.getpid()}-{secrets.token_hex(4)}{LIST}"
            file = hold(path)
            if file is not None and is_at(path, file):  # else a start that clears up was quicker
                self._path, self._file = path, file

    def _write(self, values: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(values).encode() + b"\n")
            self._file.flush()


_own = _List()


def note(path: Path, kind: str = DRAFT, **facts: Any) -> None:
    """Put a file on the list: it is ours, and not finished. One that is not there yet must get a name that nobody else
    has; one that is may change no more, unless it is of a kind that grows.
    """
    path = path.absolute()
    _own.add(Entry(path, kind, mark_of(path, kind) or "", facts))


def forget(path: Path) -> None:
    """It is finished, or gone."""
    _own.drop(path.absolute())


def lock_descriptor() -> int | None:
    """Of the lock on this process's list, for children that go on writing after its death; None with an empty list."""
    return _own.descriptor()


def draft_name(path: Path) -> Path:
    """A hidden name beside `path` that nobody else has, for what will become `path`."""
    return path.with_name(f".{cut_bytes(path.stem[:60], 120)}.{secrets.token_hex(6)}{path.suffix}")


def make_draft(path: Path, private: bool = False) -> Path:
    """An empty file with a `draft_name`, made exclusively, on the list until it is forgotten; private: nobody else may
    read it. Raises OSError.
    """
    while True:
        draft = draft_name(path)
        note(draft)
        try:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666))
        except FileExistsError:
            forget(draft)
        except OSError:
            forget(draft)
            raise
        else:
            return draft


def drop_draft(draft: Path) -> None:
    """Remove it, if it is still there, and take it off the list. A disk that is gone has nothing to remove."""
    with contextlib.suppress(OSError):
        draft.unlink(missing_ok=True)
    forget(draft)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder among the system's temporary files, gone afterwards. Raises OSError."""
    folder = Path(tempfile.gettempdir()) / f"puppet-{secrets.token_hex(8)}"
    note(folder)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        forget(folder)


def read_list(path: Path) -> list[Entry]:
    """What is on a dead process's list. A torn last line is left out. Raises OSError."""
    entries: dict[str, Entry] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            told = parse_json(line)
            if told["kind"]:
                entries[told["path"]] = Entry(
                    Path(str(told["path"])), str(told["kind"]), str(told["mark"]), dict(told["facts"])
                )
            else:
                entries.pop(told["path"], None)
        except (ValueError, KeyError, TypeError):
            continue
    return list(entries.values())


# --- parts: what an interrupted rendering left to the user, until the whole thing is there ---


def keep_part(part: Path, output: Path) -> None:
    """Remember that `part` is the beginning of `output`. Without that, it is the user's to remove."""
    file = _parts_file(output)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"path": str(part.absolute()), "mark": mark_of(part)}) + "\n")


def drop_parts(output: Path) -> None:
    """Remove the parts of `output` that are still what was kept; it is there as a whole now."""
    file = _parts_file(output)
    with contextlib.suppress(OSError):
        for part in read_parts(file):
            part.remove()
        file.unlink(missing_ok=True)


def read_parts(file: Path) -> list[Entry]:
    """Raises OSError."""
    parts = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else ():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            told = parse_json(line)
            parts.append(Entry(Path(str(told["path"])), mark=str(told["mark"])))
    return parts


def _parts_file(output: Path) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.realpath(output))).hexdigest()[:24]
    return lists_folder() / f"{name}{PARTS}"
