"""A data set small enough to make in a test, with a planted person.

Frame i has a mouth opening OPEN[i] (0 .. 0.3 eye distances) and a yaw TURN[i] in degrees. Its picture shows both: a
grey background, a red square whose side grows with the opening and that moves to the right with the yaw.
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

from puppet.core.types import LANDMARKS, Floats, HeadPose
from puppet.face import align
from puppet.face.landmarks import STABLE

LOWER_LIP = 14
MIDDLE = 31.5


def neutral_face() -> Floats:
    """Canonical landmarks f32 (478, 3): the stable points where an average face has them, the others in between."""
    points = np.random.default_rng(0).normal(0, 0.2, (LANDMARKS, 3))
    points[STABLE] = align.STABLE_REFERENCE
    points[13] = points[LOWER_LIP] = (0.0, 0.6, -0.3)
    return points.astype(np.float32)


def openings(n: int) -> Floats:
    return (0.15 - 0.15 * np.cos(np.arange(n) * 0.7)).astype(np.float32)


def turns(n: int) -> Floats:
    return (20 * np.sin(np.arange(n) * 0.4)).astype(np.float32)


def planted_picture(opening: float, turn: float, size: int) -> np.ndarray:
    """uint8 (size, size, 3) RGB."""
    picture = np.full((size, size, 3), 128, np.uint8)
    half = round(size * (0.08 + opening))
    x = round(size / 2 + turn * size / 128)
    picture[size // 2 - half : size // 2 + half, max(0, x - half) : x + half] = (220, 30, 30)
    return picture


def planted_fields(n: int, size: int, crop: str = "upright") -> dict[str, np.ndarray]:
    """The fields of a valid data set of n frames at 30 per second, by name."""
    neutral, opening, turn = neutral_face(), openings(n), turns(n)
    canonical = np.repeat(neutral[None], n, 0)
    canonical[:, LOWER_LIP, 1] += opening
    scale = align.TIGHT_EYES * size if crop == "upright" else align.STEADY_EYES * size
    centre = np.array([(size - 1) / 2, (size - 1) / 2 - 0.2 * scale, 0.0])
    pose = np.column_stack([turn, np.zeros(n), np.zeros(n)]).astype(np.float32)
    points = [
        align.place(c, HeadPose(align.rotation_of(a), scale, centre)) for c, a in zip(canonical, pose, strict=True)
    ]
    return {
        "data": np.stack([planted_picture(o, t, size) for o, t in zip(opening, turn, strict=True)]),
        "points": np.stack(points).astype(np.float32),
        "canonical": canonical,
        "pose": pose,
        "neutral": neutral,
        "to_crop": np.repeat(np.eye(2, 3)[None], n, 0),
        "source": np.zeros(n, np.int16),
        "frame": np.arange(n, dtype=np.int32),
        "time": np.arange(n) / 30.0,
    }


def write_dataset(path: Path, n: int = 24, size: int = 64, crop: str = "upright", matte: bool = False) -> Path:
    """Write a valid data set of n frames at 30 per second; matte: with mattes, where the red square is a person."""
    fields = planted_fields(n, size, crop)
    with h5py.File(path, "w") as file:
        if matte:
            person = np.where(fields["data"][..., 0] > 200, 255, 0).astype(np.uint8)
            file.create_dataset("matte", data=person, chunks=(1, size, size), compression="gzip")
        file.create_dataset("data", data=fields.pop("data"), chunks=(1, size, size, 3), compression="gzip")
        for name, values in fields.items():
            file[name] = values
        file.attrs.update(
            format="puppet-dataset", version=1, crop=crop, sources=json.dumps(["planted.mp4"]), report="{}"
        )
    return path
