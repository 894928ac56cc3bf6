"""New files for pictures that the user saves."""

from __future__ import annotations

from pathlib import Path

from puppet.core.errors import RecordingError, reason
from puppet.storage import files


def save_new(path: Path, data: bytes) -> Path:
    """Save a new file, as `files.write_new` does; its path, which has a number where the name is taken.

    Raises RecordingError.
    """
    try:
        return files.write_new(path, data)
    except OSError as problem:
        raise RecordingError(f"Cannot save {path}: {reason(problem)}; choose another folder") from problem
