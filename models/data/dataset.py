"""The data set file (docs/architecture.md, "Data set"): validated when it is opened, then read row by row."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import h5py
import numpy as np
from numpy.typing import NDArray

from models.data.hdf5 import open_hdf5
from puppet.core.errors import DataError
from puppet.core.texts import checked, is_plain, one_line
from puppet.core.types import LANDMARKS, Floats, Image
from puppet.face.landmarks import OUTER_EYES, STABLE
from puppet.parsing.plain_json import parse_json

FORMAT = "puppet-dataset"
VERSION = 1
Crop = Literal["steady", "upright", "centre"]
CROPS: tuple[Crop, ...] = get_args(Crop)
CENTRE = "centre"  # of pictures that were not tracked, without landmarks
GAP = 0.2  # s around a held-out block that belong to neither side: neighbouring frames are nearly the same picture
MIN_BLOCK = 5  # frames; shorter held-out blocks are all gap
ROWS_AT_ONCE = 2048  # landmarks read at once, 12 MB
LARGEST = 1e9  # numbers of any use are far below: px, degrees, frames and seconds
FURTHEST = 100.0  # outer-eye distances of a canonical face, crop sides of one in a crop
LEAST_FACE, LEAST_IN_CROP = 0.1, 0.001  # how wide and high a face is: outer-eye distances, crop sides
LEAST_EYES, MOST_EYES = 0.2, 5.0  # outer-eye distance of the neutral; close to 1
MOST_DEGREES = 360.0
LEAST_ZOOM, MOST_ZOOM = 1e-4, 1e4  # of a crop
MAX_SIDE, MOST_LABELS = 4096, 1024  # px of a picture; labels of each
LONGEST_NAME = 500  # characters of a footage's, picture's or label's name

Field = tuple[str, tuple[int | str, ...]]  # dtype and shape
PICTURE_FIELDS: dict[str, Field] = {
    "data": ("uint8", ("N", "S", "S", 3)),
    "to_crop": ("float64", ("N", 2, 3)),
    "source": ("int16", ("N",)),
    "frame": ("int32", ("N",)),
    "time": ("float64", ("N",)),
}
LANDMARK_FIELDS: dict[str, Field] = {  # all there, or none of them
    "points": ("float32", ("N", LANDMARKS, 3)),
    "canonical": ("float32", ("N", LANDMARKS, 3)),
    "pose": ("float32", ("N", 3)),
    "neutral": ("float32", (LANDMARKS, 3)),
}
OPTIONAL_FIELDS: dict[str, Field] = {
    "matte": ("uint8", ("N", "S", "S")),
    "held_out": ("bool", ("N",)),
    "labels": ("int8", ("N", "K")),
    "file": ("object", ("N",)),
}
ATTRIBUTES = ("format", "version", "crop", "sources", "report")
LARGE = ("data", "matte", "points", "canonical")  # never read as a whole when a data set is opened


@dataclass(frozen=True)
class Dataset:
    """N frames, of one person or of many. Pictures and landmarks stay in the file; a context manager that closes it.

    to_crop f64 (N, 2, 3); source i16 (N,) into `sources`; frame i32 (N,); time f64 (N,) s; crop: how the
    pictures were cut.
    marked bool (N,): rows that the pictures' own partition holds out, None without one. files: names by row, "" for a
    video's frame; empty when unknown. labels i8 (N, K) of `label_names`: 1 yes, 0 no, -1 not known.
    """

    path: Path
    file: h5py.File
    size: int
    crop: Crop
    sources: tuple[str, ...]
    report: dict[str, Any]
    to_crop: NDArray[np.float64]
    source: NDArray[np.int16]
    frame: NDArray[np.int32]
    time: NDArray[np.float64]
    marked: NDArray[np.bool_] | None = None
    files: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    labels: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def has_landmarks(self) -> bool:
        """Whether faces were tracked; without landmarks only networks that see pixels alone can train on it."""
        return self.crop != CENTRE

    @property
    def has_matte(self) -> bool:
        """Whether every picture has a matte; data sets of earlier versions and of many people have none."""
        return "matte" in self.file

    @cached_property
    def points(self) -> Floats:
        """Landmarks f32 (N, 478, 3) in px of the crops, z on x's scale.

        Raises DataError where there are none, as do `canonical`, `pose` and `neutral`.
        """
        return self._landmarks("points")

    @cached_property
    def canonical(self) -> Floats:
        """Canonical landmarks f32 (N, 478, 3), against `neutral`."""
        return self._landmarks("canonical")

    @cached_property
    def pose(self) -> Floats:
        """Yaw, pitch and roll f32 (N, 3) in degrees."""
        return self._landmarks("pose")

    @cached_property
    def neutral(self) -> Floats:
        """The person's face at rest, canonical landmarks f32 (478, 3)."""
        return self._landmarks("neutral")

    def points_of(self, row: int) -> Floats:
        """One row of `points`, f32 (478, 3), without reading the others."""
        return self._landmarks("points", row)

    def in_parts(self, name: str) -> Iterator[Floats]:
        """A field with landmarks, ROWS_AT_ONCE rows at a time. DataError where there are none."""
        for start in range(0, len(self), ROWS_AT_ONCE):
            yield self._landmarks(name, slice(start, start + ROWS_AT_ONCE))

    def _landmarks(self, name: str, rows: int | slice = slice(None)) -> Floats:
        if not self.has_landmarks:
            raise DataError(
                f"{self.path}: has no landmarks, for it was prepared with --crop {CENTRE}; "
                "what needs a face's landmarks needs a data set with --crop upright or steady"
            )
        field: Any = self.file[name]
        return field[rows]

    def split(self, held_out: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows to train on and rows held out: as the footage's own partition says, otherwise by `split_blocks`."""
        if self.marked is not None:
            return np.flatnonzero(~self.marked), np.flatnonzero(self.marked)
        return split_blocks(len(self), self.time, held_out)

    def image(self, row: int) -> Image:
        """One crop, uint8 (S, S, 3) RGB."""
        return self.images(np.array([row]))[0]

    def images(self, rows: NDArray[np.integer] | None = None) -> Image:
        """Crops uint8 (B, S, S, 3) RGB of `rows` in any order, repeats allowed; all of them when None.

        DataError when the file is damaged.
        """
        return self._pictures("data", rows)

    def mattes(self, rows: NDArray[np.integer] | None = None) -> NDArray[np.uint8]:
        """The pictures' mattes uint8 (B, S, S), 0 background to 255 person; rows as for `images`.

        DataError when there are none, or the file is damaged.
        """
        if not self.has_matte:
            raise DataError(f"{self.path}: has no mattes, for an earlier version made it; prepare it again")
        return self._pictures("matte", rows)

    def _pictures(self, name: str, rows: NDArray[np.integer] | None) -> NDArray[np.uint8]:
        rows = np.arange(len(self)) if rows is None else np.asarray(rows)
        field: Any = self.file[name]
        out = np.empty((len(rows), *field.shape[1:]), np.uint8)
        try:
            for place in np.argsort(rows, kind="stable"):  # in the file's order
                out[place] = field[rows[place]]
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


def new_file(
    path: Path, size: int, crop: Crop, sources: Sequence[str], count: int = 0, matte: bool = False
) -> h5py.File:
    """Make a data set file to be filled: `data` for `count` pictures, which may be resized, and the attributes.

    size: side of the crops, px. matte: with the field `matte`. The attribute `report` and the other fields are missing.
    """
    file = h5py.File(path, "w", libver="earliest")
    names = json.dumps([one_line(name, LONGEST_NAME) for name in sources])
    for name, shape in (("data", (size, size, 3)), ("matte", (size, size)))[: 1 + matte]:
        file.create_dataset(
            name,
            (count, *shape),
            np.uint8,
            maxshape=(None, *shape),
            chunks=(1, *shape),
            compression="gzip",
            compression_opts=1,
        )
    file.attrs.update({"format": FORMAT, "version": VERSION, "crop": crop, "sources": names})
    return file


def open_dataset(path: Path) -> Dataset:
    """Open and check a data set. Raises DataError for a missing, truncated or foreign file."""
    if not os.path.exists(path):
        raise DataError(f"{path}: no such data set; make one with `puppet prepare`")
    file = open_hdf5(path)
    try:
        return _checked(path, file)
    except DataError:
        file.close()
        raise
    except Exception as error:  # what h5py raises for damaged bytes is no closed list
        file.close()
        raise DataError(f"{path}: damaged data set ({one_line(str(error))}); prepare it again") from error


def _checked(path: Path, file: h5py.File) -> Dataset:
    attributes: dict[str, Any] = {name: file.attrs[name] for name in ATTRIBUTES if name in file.attrs}
    if attributes.get("format") != FORMAT:
        raise DataError(f"{path}: an HDF5 file, but not a data set of `puppet prepare`")
    version = attributes.get("version", 0)
    if not isinstance(version, np.integer | int) or version != VERSION:
        told = one_line(str(version), 20)
        raise DataError(f"{path}: data set version {told}, this program reads {VERSION}; prepare it again")
    if attributes.get("crop") not in CROPS:
        raise DataError(f"{path}: unknown kind of crop {one_line(repr(attributes.get('crop')), 40)}")
    landmarks = attributes["crop"] != CENTRE
    required = PICTURE_FIELDS | (LANDMARK_FIELDS if landmarks else {})
    _check_fields(path, file, required | {name: field for name, field in OPTIONAL_FIELDS.items() if name in file})
    for name in required:
        if name != "data" and not all((np.abs(part) <= LARGEST).all() for part in _parts(file[name])):  # NaN is not
            raise DataError(
                f"{path}: field {name} holds values that are not numbers of ordinary size; prepare it again"
            )
    small: dict[str, Any] = {n: file[n][:] for n in PICTURE_FIELDS if n != "data"}  # pyright: ignore[reportIndexIssue]
    zoom = np.sqrt(np.abs(np.linalg.det(small["to_crop"][:, :, :2])))
    if zoom.min() < LEAST_ZOOM or zoom.max() > MOST_ZOOM:
        raise DataError(f"{path}: field to_crop holds what no crop is; prepare it again")
    if landmarks:
        _check_faces(path, file)
    sources = _names(attributes["sources"])
    if small["source"].min() < 0 or small["source"].max() >= len(sources):
        raise DataError(f"{path}: a frame names a source that is not listed")
    size = file["data"].shape[1]  # pyright: ignore[reportAttributeAccessIssue]
    report = parse_json(_json_text(attributes.get("report", "{}")), finite=False)
    if not isinstance(report, dict) or not isinstance(report.get("one_sided", ""), str):
        raise DataError(f"{path}: its report is none; prepare it again")
    if not is_plain(report.get("one_sided", "")):
        raise DataError(f"{path}: its report cannot be shown; prepare it again")
    dataset = Dataset(path, file, size, attributes["crop"], sources, report, **small, **_extras(path, file))
    last = np.array([len(dataset) - 1])
    dataset.images(last)
    if dataset.has_matte:
        dataset.mattes(last)
    return dataset


def _check_faces(path: Path, file: Any) -> None:
    """Raises DataError for numbers that no face has: what is computed from them would be none."""
    side, neutral = file["data"].shape[1], file["neutral"][:]
    right, left = neutral[list(OUTER_EYES)]
    is_face = {
        "neutral": _is_face(neutral[None]) and LEAST_EYES <= np.linalg.norm(left - right) <= MOST_EYES,
        "canonical": all(_is_face(part) for part in _parts(file["canonical"])),
        "points": all(_is_seen(part / side) for part in _parts(file["points"])),
        "pose": all((np.abs(part) <= MOST_DEGREES).all() for part in _parts(file["pose"])),
    }
    for name, good in is_face.items():
        if not good:
            raise DataError(f"{path}: field {name} holds numbers that no face has; prepare it again")


def _is_face(points: Floats) -> bool:
    """Whether canonical landmarks (N, 478, 3) may be faces."""
    sides = np.ptp(points[:, STABLE, :2], axis=1)
    return bool((np.abs(points) <= FURTHEST).all() and (sides >= LEAST_FACE).all())


def _is_seen(points: Floats) -> bool:
    """Whether landmarks (N, 478, 3) in crop sides may be those of faces, turned in any way."""
    sides = np.sort(np.ptp(points[:, STABLE], axis=1), axis=1)
    return bool((np.abs(points) <= FURTHEST).all() and (sides[:, 1:] >= LEAST_IN_CROP).all())


def _parts(field: Any) -> Iterator[NDArray]:
    for start in range(0, len(field), ROWS_AT_ONCE):
        yield field[start : start + ROWS_AT_ONCE]


def _extras(path: Path, file: Any) -> dict[str, Any]:
    """The optional fields that there are, by their names in `Dataset`."""
    found: dict[str, Any] = {}
    if "held_out" in file:
        found["marked"] = file["held_out"][:].view(np.uint8) != 0  # a byte of a truth value may be any
    if "file" in file:
        found["files"] = tuple(file["file"].asstr()[:])
        if not all(is_plain(name) and len(name) <= LONGEST_NAME for name in found["files"]):
            raise DataError(f"{path}: a name of a picture cannot be shown; prepare it again")
    if "labels" in file:
        found |= {"labels": file["labels"][:], "label_names": _names(file.attrs["label_names"])}
        if len(found["label_names"]) != found["labels"].shape[1]:
            raise DataError(f"{path}: the names of the labels are not as many as the labels; prepare it again")
        if not np.isin(found["labels"], (-1, 0, 1)).all():
            raise DataError(f"{path}: a label is none of 1, 0 and -1; prepare it again")
    return found


def _names(value: Any) -> tuple[str, ...]:
    """A JSON list of names that can be shown. Raises ValueError."""
    names = parse_json(_json_text(value))
    if not isinstance(names, list):
        raise ValueError("no list of names")
    return tuple(checked(name, LONGEST_NAME) for name in names)


def _json_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("an attribute is no text")
    return value


def _check_fields(path: Path, file: h5py.File, fields: Mapping[str, Field]) -> None:
    lengths: dict[str, int] = {}
    for name, (dtype, shape) in fields.items():
        field = file.get(name)
        if not isinstance(field, h5py.Dataset):
            raise DataError(f"{path}: the field {name} is missing; prepare it again")
        expected = tuple(
            lengths.setdefault(n, have) if isinstance(n, str) else n
            for n, have in zip(shape, field.shape, strict=False)
        )
        if lengths.get("S", 1) > MAX_SIDE or lengths.get("K", 1) > MOST_LABELS:
            raise DataError(f"{path}: the field {name} is {field.shape}, which is too large")
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
