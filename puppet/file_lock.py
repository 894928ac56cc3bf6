"""A lock on a file that the system lets go of when its holder dies, however that comes about."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import IO


def hold(path: Path) -> IO[bytes] | None:
    """Take the lock until the file that is returned is closed; None when somebody has it. Raises OSError."""
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        return None
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
