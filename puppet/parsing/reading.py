"""Files from outside: read up to a limit, and never from a pipe or a device."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def read_limited(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes. Raises OSError, also for a larger one, and as `open_regular`."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes")
        return file.read(size)  # as it is now; what is being written to it grows


def read_end(path: Path, most: int) -> bytes:
    """The last `most` bytes of a file of any length. Raises OSError as `open_regular` does."""
    with open_regular(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most))
        return file.read(most)


def open_regular(path: Path) -> BinaryIO:
    """Open an ordinary file for reading. Raises OSError for a pipe (without waiting for it), a device and a folder."""
    try:
        handle = os.open(path, _OPEN)
    except ValueError as error:  # a NUL, or what this system's file names cannot hold
        raise OSError(errno.EINVAL, "no file can have that name") from error
    kind = os.fstat(handle).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    raise OSError(errno.EINVAL, "it is no ordinary file")
