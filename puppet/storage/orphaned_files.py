"""Files that lose their name while they are written: their folder was removed or renamed, or its disk unplugged."""

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
    """Find or copy the content of an open file that is no longer at `path`; where it is now.

    That is the place it was moved to (Linux), or a copy in the folder for videos, the home folder or the system's
    temporary folder. None when nothing can be read. called: the name it gets there, with a number where that is taken,
    if `path` is a draft's.
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
    for folder in _rescue_folders():
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


def _rescue_folders() -> Iterator[Path]:
    yield videos_folder()
    with contextlib.suppress(RuntimeError):  # a user without a home
        yield Path.home()
    yield Path(tempfile.gettempdir())
