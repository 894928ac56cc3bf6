"""Calibrated neutrals on disk: one file for each user and camera, used again after a restart."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppet.core.errors import PuppetError, reason
from puppet.core.texts import LONGEST_USER, is_plain, is_user_name
from puppet.core.types import LANDMARKS, HeadPose
from puppet.face.neutral import Neutral
from puppet.parsing.arrays import read_arrays
from puppet.storage.files import set_aside, write_whole
from puppet.storage.folders import config_folder

SMALLEST, LARGEST = 1e-3, 1e6  # px; every number of a face in a picture is far below
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredNeutral:
    """A neutral, and the picture that it belongs to."""

    neutral: Neutral  # its pose in px of a picture of `size`
    size: tuple[int, int]  # width, height of the camera's picture, px
    made: str  # ISO date

    def for_size(self, width: int, height: int) -> Neutral:
        """The neutral for a picture of another size: as if the camera's picture had been scaled to its new width."""
        factor = width / self.size[0]
        middle, new = np.array([*self.size, 0]) / 2, np.array([width, height, 0]) / 2
        pose = self.neutral.pose
        moved = HeadPose(pose.rotation, pose.scale * factor, (pose.translation - middle) * factor + new)
        return Neutral(self.neutral.landmarks, moved)


class NeutralStore:
    """Reads and writes the neutrals in one folder; None: the one beside the settings."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or config_folder() / "neutrals"

    def file(self, user: str, camera: str) -> Path:
        """The file for a user and a camera; it need not exist."""
        digest = hashlib.sha256(f"{user}\0{camera}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return self._folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', f'{user} {camera}')[:60]}-{digest}.npz"

    def load(self, user: str, camera: str) -> StoredNeutral | None:
        """The stored neutral; None when there is none, or it is damaged."""
        try:
            return _checked(read_arrays(self.file(user, camera), MAX_BYTES))
        except (OSError, ValueError):
            return None

    def save(self, user: str, camera: str, neutral: Neutral, size: tuple[int, int]) -> None:
        """Write a neutral for a picture of `size`, (width, height) px.

        Raises PuppetError when the file cannot be written. A damaged file in its place is kept under another name.
        """
        path, content = self.file(user, camera), io.BytesIO()
        np.savez(
            content,
            landmarks=neutral.landmarks.astype(np.float32),
            rotation=neutral.pose.rotation,
            scale=np.float64(neutral.pose.scale),
            translation=neutral.pose.translation,
            size=np.array(size, np.int64),
            made=np.array(datetime.now().date().isoformat()),
        )
        try:
            if path.exists() and self.load(user, camera) is None:
                set_aside(path)
            write_whole(path, content.getvalue())
        except OSError as problem:
            raise PuppetError(f"The calibration cannot be kept in {path.parent}: {reason(problem)}") from problem

    def forget(self, user: str, camera: str) -> None:
        """Remove the file; one that cannot be removed stays, and is used again at the next start."""
        with contextlib.suppress(OSError):
            self.file(user, camera).unlink()


def checked_user(name: str) -> str:
    """A user's name without spaces at its ends. Raises PuppetError for one that is empty or too long."""
    name = name.strip()
    if not is_user_name(name):
        raise PuppetError(f"A name has 1 to {LONGEST_USER} characters")
    return name


def _checked(stored: dict[str, NDArray[Any]]) -> StoredNeutral:
    """The neutral in a file's arrays. Raises ValueError for a file that was edited or damaged."""
    shapes = {"landmarks": (LANDMARKS, 3), "rotation": (3, 3), "scale": (), "translation": (3,), "size": (2,)}
    for name, shape in shapes.items():
        array = stored.get(name)
        if array is None or array.shape != shape or array.dtype.kind not in "fi" or not (np.abs(array) < LARGEST).all():
            raise ValueError(name)
    rotation, scale = stored["rotation"].astype(np.float64), float(stored["scale"])
    size, made = tuple(int(side) for side in stored["size"]), str(stored.get("made", ""))
    if not scale > SMALLEST or min(size) < 1 or not is_plain(made):
        raise ValueError("size")
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
        raise ValueError("rotation")
    pose = HeadPose(rotation, scale, stored["translation"].astype(np.float64))
    return StoredNeutral(Neutral(stored["landmarks"].astype(np.float32), pose), (size[0], size[1]), made)
