"""The reading side of a data set (docs/architecture.md, "Data set"): validated once, then frames at random."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from puppet.errors import DataError
from puppet.frames import LANDMARKS, Floats, Image

FORMAT = "puppet-dataset"
VERSION = 1
CROPS = ("steady", "upright")
GAP = 0.2  # s around a held-out block that belong to neither side: neighbouring frames are nearly the same picture
MIN_BLOCK = 5  # frames; shorter held-out blocks are all gap

FIELDS: dict[str, tuple[str, tuple[int | str, ...]]] = {  # name -> dtype and shape
    "data": ("uint8", ("N", "S", "S", 3)),
    "points": ("float32", ("N", LANDMARKS, 3)),
    "canonical": ("float32", ("N", LANDMARKS, 3)),
    "pose": ("float32", ("N", 3)),
    "to_crop": ("float64", ("N", 2, 3)),
    "source": ("int16", ("N",)),
    "frame": ("int32", ("N",)),
    "time": ("float64", ("N",)),
    "neutral": ("float32", (LANDMARKS, 3)),
}


@dataclass(frozen=True)
class Dataset:
    """N frames of one person. Everything but the pictures is in memory; a context manager that closes the file.

    points f32 (N, 478, 3) crop px; canonical f32 (N, 478, 3); pose f32 (N, 3) degrees; to_crop f64 (N, 2, 3);
    source i16 (N,) into `sources`; frame i32 (N,); time f64 (N,) s; neutral f32 (478, 3); crop "steady" or "upright".
    """

    path: Path
    file: h5py.File
    size: int
    crop: str
    sources: tuple[str, ...]
    report: dict[str, Any]
    points: Floats
    canonical: Floats
    pose: Floats
    to_crop: NDArray[np.float64]
    source: NDArray[np.int16]
    frame: NDArray[np.int32]
    time: NDArray[np.float64]
    neutral: Floats

    def __len__(self) -> int:
        return len(self.points)

    def image(self, row: int) -> Image:
        """One crop, uint8 (S, S, 3) RGB."""
        return self.images(np.array([row]))[0]

    def images(self, rows: NDArray[np.integer] | None = None) -> Image:
        """Crops uint8 (B, S, S, 3) RGB of `rows` in any order, repeats allowed; all of them when None.

        DataError when the file is damaged.
        """
        rows = np.arange(len(self)) if rows is None else np.asarray(rows)
        out = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        try:
            crops: Any = self.file["data"]
            for place in np.argsort(rows, kind="stable"):  # in the file's order
                out[place] = crops[rows[place]]
        except (OSError, RuntimeError) as error:
            raise DataError(f"{self.path}: damaged picture data ({error}); prepare it again") from error
        return out

    def close(self) -> None:
        """Close the file; idempotent."""
        self.file.close()

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_dataset(path: Path) -> Dataset:
    """Open and check a data set. Raises DataError for a missing, truncated or foreign file."""
    if not path.is_file():
        raise DataError(f"{path}: no such data set; make one with `python -m models prepare`")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(f"{path}: not a readable HDF5 file, perhaps cut short ({error}); prepare it again") from error
    try:
        return _checked(path, file)
    except DataError:
        file.close()
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        file.close()
        raise DataError(f"{path}: damaged data set ({error}); prepare it again") from error


def _checked(path: Path, file: h5py.File) -> Dataset:
    attributes: dict[str, Any] = dict(file.attrs)
    if attributes.get("format") != FORMAT:
        raise DataError(f"{path}: an HDF5 file, but not a data set of `python -m models prepare`")
    if int(attributes.get("version", 0)) != VERSION:
        raise DataError(
            f"{path}: data set version {attributes.get('version')}, this program reads {VERSION}; prepare it again"
        )
    if attributes.get("crop") not in CROPS:
        raise DataError(f"{path}: unknown kind of crop {attributes.get('crop')!r}")
    _check_fields(path, file)
    small: dict[str, Any] = {name: file[name][:] for name in FIELDS if name != "data"}  # pyright: ignore[reportIndexIssue]
    for name, values in small.items():
        if not np.isfinite(values).all():
            raise DataError(f"{path}: field {name} holds values that are not numbers; prepare it again")
    sources = tuple(json.loads(attributes["sources"]))
    if small["source"].min() < 0 or small["source"].max() >= len(sources):
        raise DataError(f"{path}: a frame names a source that is not listed")
    size = file["data"].shape[1]  # pyright: ignore[reportAttributeAccessIssue]
    report = json.loads(attributes.get("report", "{}"))
    dataset = Dataset(path, file, size, attributes["crop"], sources, report, **small)
    dataset.image(len(dataset) - 1)
    return dataset


def _check_fields(path: Path, file: h5py.File) -> None:
    lengths: dict[str, int] = {}
    for name, (dtype, shape) in FIELDS.items():
        field = file.get(name)
        if not isinstance(field, h5py.Dataset):
            raise DataError(f"{path}: the field {name} is missing; prepare it again")
        expected = tuple(
            lengths.setdefault(n, have) if isinstance(n, str) else n
            for n, have in zip(shape, field.shape, strict=False)
        )
        if field.dtype != dtype or field.shape != expected or len(field.shape) != len(shape):
            raise DataError(f"{path}: the field {name} is {field.dtype} {field.shape}, expected {dtype} {expected}")
    if lengths["N"] < 1:
        raise DataError(f"{path}: holds no frames")


def split_blocks(
    n: int, time: NDArray[np.floating], held_out: float = 0.1, blocks: int = 10
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to train on and rows held out, ascending, for n frames at `time` (n,) s (starts over with each source).

    The held-out rows are contiguous blocks, evenly spread, together about `held_out` of n (at least one row when
    n > 1). Rows within GAP seconds of a held-out block are in neither part.
    """
    time = np.asarray(time, np.float64)
    if len(time) != n:
        raise ValueError(f"{len(time)} times for {n} frames")
    if n < 2 or held_out <= 0:
        return np.arange(n), np.arange(0)
    share = min(max(1, round(n * held_out)), n - 1)
    blocks = max(1, min(blocks, share // MIN_BLOCK))
    is_held_out, near = np.zeros(n, bool), np.zeros(n, bool)
    shot = np.cumsum(np.diff(time, prepend=time[0]) < 0)
    for block in range(blocks):
        middle = (block + 0.5) * n / blocks
        length = share * (block + 1) // blocks - share * block // blocks
        start = min(max(0, round(middle - length / 2)), n - length)
        is_held_out[start : start + length] = True
        for edge in (start, start + length - 1):
            near |= (shot == shot[edge]) & (np.abs(time - time[edge]) <= GAP)
    train = np.flatnonzero(~is_held_out & ~near)
    if not len(train):
        train = np.flatnonzero(~is_held_out)
    return train, np.flatnonzero(is_held_out)
