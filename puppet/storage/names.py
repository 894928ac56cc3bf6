"""Names for new files: dated, and with a number where a name is taken."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from puppet.core.errors import NameTakenError
from puppet.core.texts import cut_bytes

MOST_NAME_BYTES = 120  # of an actor's name in a file's; nearly every file system takes 255 in all

T = TypeVar("T")


def numbered(path: Path, separator: str) -> Iterator[Path]:
    """NAME.mp4, NAME-2.mp4, NAME-3.mp4 ... without end, with `separator` before the number."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}{separator}{number}{path.suffix}")


def free_name(path: Path) -> Path:
    """The first of NAME, NAME-2, NAME-3 ... that no file has now; another program may take it the next moment."""
    return next(candidate for candidate in numbered(path, "-") if not os.path.lexists(candidate))


def with_free_name(path: Path, make: Callable[[Path], T]) -> T:
    """What `make` gives for `path`, or for NAME_2, NAME_3 ... while it raises NameTakenError."""
    for candidate in numbered(path, "_"):
        with contextlib.suppress(NameTakenError):
            return make(candidate)
    raise AssertionError  # the names never end


def new_recording_path(folder: Path, actor: str, suffix: str = ".mp4") -> Path:
    """The path of a recording made now: 2026-01-31_17-05-59_marble.mp4 in `folder`, local time and the actor's name.

    The name may be taken: see `with_free_name`.
    """
    name = re.sub(r"[^\w-]+", "-", actor).strip("-_")[:60]
    name = cut_bytes(name, MOST_NAME_BYTES) or "actor"
    return folder / f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{name}{suffix}"
