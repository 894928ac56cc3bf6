"""Files that lose their name while they grow: their folder was removed, renamed, or its disk unplugged."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from puppet.storage.file_lock import is_at
from puppet.storage.files import publish_numbered
from puppet.storage.folders import videos_folder
from puppet.storage.unfinished import drop_draft, make_draft


def rescue(file: IO[bytes], path: Path, called: str = "") -> Path | None:
    """Where the content of an open file is that was made at `path` and is not there any more: where it was moved to,
    or a copy in the user's folder for videos, home, or among the temporary files. None when nothing can be read.

    called: the name it gets there, or that with a number, where `path` is a draft's.
    """
    called = called or path.name
    with contextlib.suppress(OSError):
        moved = Path(os.readlink(f"/proc/self/fd/{file.fileno()}"))  # Linux knows the new name
        if is_at(moved, file):
            if moved.name != path.name or moved.name == called:
                return moved
            with contextlib.suppress(OSError):
                return publish_numbered(moved, moved.with_name(called), "_")
            return moved
    for folder in _havens():
        with contextlib.suppress(OSError, RuntimeError):
            folder.mkdir(parents=True, exist_ok=True)
            draft = make_draft(folder / called)
            try:
                with draft.open("wb") as copy:
                    file.seek(0)
                    shutil.copyfileobj(file, copy, 1 << 20)
                    copy.flush()
                    os.fsync(copy.fileno())
                return publish_numbered(draft, folder / called, "_")
            finally:
                drop_draft(draft)
    return None


def _havens() -> Iterator[Path]:
    yield videos_folder()
    with contextlib.suppress(RuntimeError):  # a user without a home
        yield Path.home()
    yield Path(tempfile.gettempdir())
