"""Locks on files that the system lets go of when their holder dies, however that comes about."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from puppet.core.errors import PuppetError
from puppet.parsing.plain_json import read_json
from puppet.storage.folders import config_folder

TRY_EVERY = 0.01  # s
NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe in its place would be waited for
A_LOOK = 0.3  # s; longer than anybody who only looks has a lock
TAKEN = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # what a lock that is taken gives
LONGEST_NOTE = 1000  # bytes that are read of what a holder says of itself
FAR = 1 << 30  # Windows locks bytes, and nobody can read those: one far behind what the holder says


def hold(path: Path, patience: float = 0.0) -> IO[bytes] | None:
    """Take the lock until the file that is returned is closed; None when somebody has it. Raises OSError, also where
    the disk knows no locks.

    patience: s for which it is tried again: `is_locked` has it for a moment, in every process that looks.
    """
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_WAITING, 0o666), "ab")
    deadline = time.monotonic() + patience
    while True:
        try:
            _lock(file)
        except OSError as problem:
            if problem.errno not in TAKEN:
                file.close()
                raise
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


@contextlib.contextmanager
def held(path: Path, patience: float = A_LOOK) -> Iterator[bool]:
    """Hold a lock whose file says who holds it, and goes with it; False when somebody else has it. Raises OSError.

    The folder is made. The file that a killed holder left is taken over, and goes, too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = hold(path, patience)
    while file is not None and not is_at(path, file):  # its holder has removed it since we opened it
        file.close()
        file = hold(path, patience)
    if file is None:
        yield False
        return
    try:
        file.truncate(0)
        since = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}).encode())
        file.flush()
        yield True
    finally:
        remove_and_close(path, file)


def holder(path: Path) -> str:
    """Who holds a lock of `held`, in words."""
    try:
        said = read_json(path, LONGEST_NOTE)
        return f"process {int(said['pid'])} on {str(said['host'])[:60]!s} since {str(said['since'])[:20]!s}"
    except (OSError, ValueError, KeyError, TypeError):  # it is being written, or gone by now
        return "another process"


def lock_of(path: Path) -> Path:
    """The lock file that stands for an output: among the program's own files, so that none lies beside the output."""
    real = os.path.normcase(os.path.realpath(path))
    return config_folder() / "locks" / f"{hashlib.sha256(os.fsencode(real)).hexdigest()[:24]}.lock"


@contextlib.contextmanager
def only_writer(path: Path, patience: float = A_LOOK) -> Iterator[None]:
    """As the only process that works on the output `path`. Raises PuppetError that says who else does."""
    lock, got = lock_of(path), None
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a home that cannot be written: new files are made exclusively anyway
            got = stack.enter_context(held(lock, patience))
        if got is False:
            raise PuppetError(
                f"{path} is being written by {holder(lock)}; wait until it is done, or choose another name"
            )
        yield


def is_at(path: Path, file: IO[bytes]) -> bool:
    """Whether the open file is the one that has this name now."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def remove_and_close(path: Path, file: IO[bytes]) -> None:
    """Let go of a lock whose file goes with it."""
    if sys.platform == "win32":  # where no open file can be removed
        file.close()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return
    with contextlib.suppress(OSError), file:  # removed before anybody else can have the lock
        if is_at(path, file):
            path.unlink()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
