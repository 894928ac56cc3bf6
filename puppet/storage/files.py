"""Files that are there as a whole or not at all, and never in the place of somebody else's.

Everything is written to a draft first: a hidden file beside the target, see `unfinished`. A finished draft gets its
name in one step, so that after a crash there is the old file or the new one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from puppet.storage.names import numbered
from puppet.storage.unfinished import drop_draft, make_draft, unregister


def write_whole(path: Path, content: str | bytes, private: bool = True) -> None:
    """Replace a file atomically, or make it; its folders are made.

    private: nobody but the owner may read it. Text is written as UTF-8. Raises OSError.
    """
    with _written(path, content, private) as draft:
        publish(draft, path, replace=True)


def publish_whole(path: Path, content: str | bytes) -> None:
    """Make a new file of just this name, as a whole; its folders are made.

    Raises FileExistsError when the name is taken, OSError.
    """
    with _written(path, content) as draft:
        publish(draft, path)


def write_new(path: Path, content: str | bytes, separator: str = "_") -> Path:
    """Make a new file as a whole and give its path: NAME, or NAME_2, NAME_3 ... where that is taken.

    Its folders are made. Raises OSError.
    """
    with _written(path, content) as draft:
        return publish_numbered(draft, path, separator)


@contextlib.contextmanager
def whole_file(path: Path, replace: bool = True, private: bool = False) -> Iterator[IO[bytes]]:
    """A file to write, which becomes `path` when the block ends well, and is gone when it does not.

    replace: over an existing file. Raises FileExistsError without it, OSError.
    """
    draft = make_draft(path, private)
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        publish(draft, path, replace)
    finally:
        drop_draft(draft)


def publish(draft: Path, path: Path, replace: bool = False) -> None:
    """Give a finished file its name, which is its only one afterwards.

    replace: over an existing file. Raises FileExistsError without it when the name is taken, even if only since this
    moment; OSError.
    """
    if replace:
        os.replace(draft, path)
    else:
        _rename_exclusively(draft, path)
    unregister(draft)


def publish_numbered(draft: Path, path: Path, separator: str) -> Path:
    """As `publish`, under the first name of NAME, NAME-2, NAME-3 ... that nobody has; that name. Raises OSError."""
    for candidate in numbered(path, separator):
        with contextlib.suppress(FileExistsError):
            publish(draft, candidate)
            return candidate
    raise AssertionError  # the names never end


def missing_folders(folder: Path) -> list[Path]:
    """What has to be made for `folder` to be there, innermost first."""
    return [one for one in (folder, *folder.parents) if not one.exists()]


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, innermost first, up to one in which something is."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def set_aside(path: Path) -> Path:
    """Give a file that cannot be used the name NAME.broken, or NAME.broken-2 ...: that name. Raises OSError."""
    for number in itertools.count(1):
        broken = path.with_name(f"{path.name}.broken{f'-{number}' if number > 1 else ''}")
        with contextlib.suppress(FileExistsError):
            publish(path, broken)
            return broken
    raise AssertionError  # the names never end


def _rename_exclusively(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without links (FAT): the name is made ours first
        with path.open("xb"):
            pass
        try:
            os.replace(draft, path)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    else:
        try:
            draft.unlink()
        except OSError:  # as when another process has just moved it elsewhere: then that name is the one that counts
            path.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def _written(path: Path, content: str | bytes, private: bool = False) -> Iterator[Path]:
    """A draft of `path` that has reached the disk; gone afterwards, under that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = make_draft(path, private)
    try:
        with draft.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        drop_draft(draft)
