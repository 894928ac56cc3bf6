"""Free disk space, and how long a recording fits into it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from puppet.core.errors import RecordingError, reason

LOW_BYTES = 1 << 30
LOW_SECONDS = 300.0


@dataclass(frozen=True)
class DiskSpace:
    """Free bytes, None when the disk cannot be asked; and seconds of recording that fit, None when not known yet."""

    free: int | None
    seconds: float | None = None

    @property
    def low(self) -> bool:
        """Whether the user should be warned."""
        few = self.free is not None and self.free < LOW_BYTES
        return few or (self.seconds is not None and self.seconds < LOW_SECONDS)

    def __str__(self) -> str:
        if self.free is None:
            return "Disk space unknown"
        text = f"{self.free / 1e9:.0f} GB free" if self.free >= 10e9 else f"{self.free / 1e9:.1f} GB free"
        if self.seconds is not None:
            minutes = self.seconds / 60
            text += f", enough for {minutes / 60:.0f} h" if minutes >= 120 else f", enough for {minutes:.0f} min"
        return text


def refuse_unwritable(folder: Path) -> None:
    """Raise RecordingError where no file can be made in a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as problem:
        raise RecordingError(f"Cannot write to {folder}: {reason(problem)}; choose another folder") from problem


def disk_space(folder: Path, bytes_per_second: float | None = None) -> DiskSpace:
    """Space on the disk that `folder` is on, or will be. bytes_per_second: of the take that is running."""
    place = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return DiskSpace(None)
    return DiskSpace(free, free / bytes_per_second if bytes_per_second else None)
