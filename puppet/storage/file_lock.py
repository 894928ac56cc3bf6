"""Locks on files, which the system releases when the process that holds them ends, however it ends."""

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
NONBLOCKING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # opening a pipe would wait
LOOK_TIMEOUT = 0.3  # s; `is_locked` holds a lock for less
HELD_ERRORS = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # of a lock that somebody else holds
LONGEST_OWNER = 1000  # bytes that are read of what a file says about its owner
LOCKED_BYTE = 1 << 30  # Windows locks bytes, which nobody can read then: one far behind the owner's facts


def acquire(path: Path, timeout: float = 0.0) -> IO[bytes] | None:
    """Lock a file, made if need be, until the returned file is closed; None when somebody else holds the lock.

    timeout: s to try again; every process that asks `is_locked` holds the lock for a moment. Raises OSError, also on
    disks that have no locks.
    """
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NONBLOCKING, 0o666), "ab")
    deadline = time.monotonic() + timeout
    while True:
        try:
            _lock(file)
        except OSError as problem:
            if problem.errno not in HELD_ERRORS:
                file.close()
                raise
            if time.monotonic() >= deadline:
                file.close()
                return None
            time.sleep(TRY_EVERY)
        else:
            return file


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock."""
    if not path.exists():
        return False
    with contextlib.suppress(OSError):
        file = acquire(path)
        if file is not None:
            file.close()
            return False
    return True


@contextlib.contextmanager
def locked(path: Path, timeout: float = LOOK_TIMEOUT) -> Iterator[bool]:
    """Hold a lock within the block; False when somebody else holds it. Raises OSError.

    The file, its folder made, tells the owner, and is removed with the lock; one that a killed process left is taken
    over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = acquire(path, timeout)
    while file is not None and not is_at(path, file):  # its owner has removed it since it was opened
        file.close()
        file = acquire(path, timeout)
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
        release(path, file)


def owner(path: Path) -> str:
    """Who holds a lock of `locked`, in words: process, host and time."""
    try:
        said = read_json(path, LONGEST_OWNER)
        return f"process {int(said['pid'])} on {str(said['host'])[:60]!s} since {str(said['since'])[:20]!s}"
    except (OSError, ValueError, KeyError, TypeError):  # it is being written, or gone by now
        return "another process"


def lock_of(path: Path) -> Path:
    """The lock file for an output, in the configuration folder, so that none lies beside the output."""
    real = os.path.normcase(os.path.realpath(path))
    return config_folder() / "locks" / f"{hashlib.sha256(os.fsencode(real)).hexdigest()[:24]}.lock"


@contextlib.contextmanager
def only_writer(path: Path, timeout: float = LOOK_TIMEOUT) -> Iterator[None]:
    """Be the only process that writes the output `path`. Raises PuppetError, which says who else does."""
    lock, got = lock_of(path), None
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a home that cannot be written; new files are made exclusively anyway
            got = stack.enter_context(locked(lock, timeout))
        if got is False:
            raise PuppetError(
                f"{path} is being written by {owner(lock)}; wait until it is done, or choose another name"
            )
        yield


def is_at(path: Path, file: IO[bytes]) -> bool:
    """Whether the open file is the one that has this name now."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def release(path: Path, file: IO[bytes]) -> None:
    """Remove the file of a lock and release the lock."""
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
        file.seek(LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
