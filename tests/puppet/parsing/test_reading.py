"""Files are read within a limit; pipes, devices and folders are refused at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hostile_inputs import needs_pipes

from puppet.parsing.reading import read_end, read_limited
from puppet.storage.file_lock import acquire, is_locked


@needs_pipes
def test_pipes_devices_and_folders_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, Path("a\0b"), tmp_path / "\ud800"):
        for read in (read_limited, read_end):
            with pytest.raises(OSError):  # noqa: PT011 - the system's own words
                read(path, 100)
    assert not is_locked(tmp_path / "nothing")
    with pytest.raises(OSError):  # noqa: PT011
        acquire(tmp_path / "pipe")


def test_files_are_read_within_their_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_limited(path, 10) == b"0123456789"
    assert read_end(path, 3) == b"789"
    with pytest.raises(OSError, match="larger than 9 bytes"):
        read_limited(path, 9)
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole; nothing of it is read
    with pytest.raises(OSError, match="larger than"):
        read_limited(path, 1 << 20)
