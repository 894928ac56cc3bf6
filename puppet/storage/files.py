"""Files that are there as a whole or not at all, and never in the place of somebody else's."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from puppet.storage.unfinished import drop_draft, forget, make_draft


def write_whole(path: Path, content: str | bytes, private: bool = True) -> None:
    """Replace a file atomically, folders made: after a crash there is the old content or the new. private: nobody else
    may read it. Raises OSError.
    """
    with _written(path, content, private) as draft:
        os.replace(draft, path)


def publish_whole(path: Path, content: str | bytes) -> None:
    """Make a new file of just this name, as a whole, folders made. FileExistsError when the name is taken; raises
    OSError.
    """
    with _written(path, content) as draft:
        publish(draft, path)


def write_new(path: Path, content: str | bytes, before: str = "_") -> Path:
    """Make a new file, as a whole, folders made; where it is: a name that is taken gets a number. Raises OSError."""
    with _written(path, content) as draft:
        return publish_numbered(draft, path, before)


def numbered(path: Path, before: str) -> Iterator[Path]:
    """NAME.mp4, NAME-2.mp4, NAME-3.mp4 ... with `before` before the number."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}{before}{number}{path.suffix}")


def publish(draft: Path, path: Path) -> None:
    """Give a finished file its name, which is its only one afterwards. FileExistsError when the name is taken, even if
    only since this moment; raises OSError.
    """
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
    forget(draft)


def publish_numbered(draft: Path, path: Path, before: str) -> Path:
    """As `publish`, under the first name that nobody has; that name. Raises OSError."""
    for candidate in numbered(path, before):
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
