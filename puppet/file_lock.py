"""A lock on a file that the system lets go of when its holder dies, however that comes about."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import IO

TRY_EVERY = 0.01  # s
NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe in its place would be waited for


def hold(path: Path, patience: float = 0.0) -> IO[bytes] | None:
    """Take the lock until the file that is returned is closed; None when somebody has it. Raises OSError.

    patience: s for which it is tried again: `is_locked` has it for a moment, in every process that looks.
    """
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_WAITING, 0o666), "ab")
    deadline = time.monotonic() + patience
    while True:
        try:
            _lock(file)
        except OSError:
            if time.monotonic() >= deadline:
                file.close()
                return None
            time.sleep(TRY_EVERY)
        else:
            return file


def is_locked(path: Path) -> bool:
    """Whether somebody holds it."""
    if not path.exists():
        return False
    with contextlib.suppress(OSError):
        file = hold(path)
        if file is not None:
            file.close()
            return False
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
