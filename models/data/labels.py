"""Labels of single pictures: from CelebA's lists, from a CSV file, or measured from landmarks.

A list names a picture (or a frame) a line and says of every attribute whether it is there: 1 or yes, -1, 0 or no;
empty: not known. Read are CelebA's own list_attr_celeba.txt (a line with the number, a line of names), its .csv edition
and any CSV file whose first column names the picture, or the frame's number in a video.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from numpy.typing import NDArray

from models.data.coverage import OPEN_MOUTH, RAISED_BROWS, SHUT_EYES, SMILE, TURNED, traits
from puppet.core.errors import DataError, reason
from puppet.core.texts import checked, one_line
from puppet.core.types import Floats
from puppet.parsing.reading import read_limited

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.tracking_pass import Footage

UNKNOWN = -1
MAX_BYTES, MOST_ROWS, MOST_LABELS = 128 << 20, 2_000_000, 256  # of a list; CelebA's has 26 MB, 202,599 and 40
LONGEST_NAME, LONGEST_FILE = 80, 500  # characters of an attribute's and of a picture's name
VALUES = {"1": 1, "yes": 1, "true": 1, "-1": 0, "0": 0, "no": 0, "false": 0, "": UNKNOWN}
ATTRIBUTES, PARTITION = "list_attr_celeba", "list_eval_partition"
NEAR = (
    ".",
    "Anno",
    "Eval",
    "..",
    "../Anno",
    "../Eval",
    "../..",
    "../../Anno",
    "../../Eval",
)  # where CelebA's lists lie
SUFFIXES = (".txt", ".csv")
TRAINED_ON = 0  # CelebA's partition: 0 training, 1 validation, 2 test

MEASURED = {  # name -> of which figures, for landmarks of one person or of many
    "smile": lambda t, _: t["smile"] > SMILE,
    "mouth open": lambda t, _: t["mouth"] > OPEN_MOUTH,
    "eyes closed": lambda t, _: t["eyes"] < SHUT_EYES,
    "brows up": lambda t, _: t["brow"] > RAISED_BROWS,
    "head left": lambda _, yaw: yaw < -TURNED,
    "head right": lambda _, yaw: yaw > TURNED,
}


@dataclass(frozen=True, eq=False)
class Labels:
    """K labels of R rows. values i8 (R, K): 1 yes, 0 no, -1 not known."""

    names: tuple[str, ...]
    values: NDArray[np.int8]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Bool (R,): rows of which every label is known."""
        return (self.values != UNKNOWN).all(1)

    def beside(self, other: Labels) -> Labels:
        """These labels and others of the same rows; of two with one name the other's."""
        mine = [i for i, name in enumerate(self.names) if name not in other.names]
        names = (*(self.names[i] for i in mine), *other.names)
        return Labels(names, np.concatenate([self.values[:, mine], other.values], 1))


@dataclass(frozen=True, eq=False)
class LabelList:
    """The content of a list: values i8 (L, K) of the pictures or frames that `row_of` names."""

    path: Path
    names: tuple[str, ...]
    row_of: Mapping[str, int]
    values: NDArray[np.int8]

    def of(self, keys: Iterable[Sequence[str]]) -> Labels:
        """Labels of rows that go by any of several keys; not known where the list names none of them.

        DataError when it names none of the rows at all.
        """
        found = [next((self.row_of[key] for key in row if key in self.row_of), -1) for row in keys]
        if found and max(found) < 0:
            raise DataError(
                f"{self.path}: names none of the pictures; the first column must hold their file names, or a "
                f"video's frame numbers (it begins with {next(iter(self.row_of))[:80]!r})"
            )
        values = np.concatenate([self.values, np.full((1, len(self.names)), UNKNOWN, np.int8)])
        return Labels(self.names, values[found])


def read_labels(path: Path) -> LabelList:
    """Read a list of labels. DataError names the entry that cannot be read."""
    rows = _table(path)
    header = next(rows, None)
    if header is None or len(header) < 2:
        raise DataError(f"{path}: no list of labels: a first line with the names of the attributes is expected")
    names, row_of, values = _label_names(path, header[1:]), {}, bytearray()  # a byte a label: 200,000 x 40 of them
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            raise DataError(f"{path}: more than {MOST_ROWS:,} entries")
        if len(row) != len(header):
            raise DataError(f"{path}: the entry {row[0][:80]!r} has {len(row) - 1} labels, {len(names)} are expected")
        try:
            values += bytes(VALUES[value.strip().lower()] & 255 for value in row[1:])
        except KeyError as error:
            held = str(error)[:60]
            raise DataError(
                f"{path}: the entry {row[0][:80]!r} holds {held}; 1, 0, -1, yes or no is expected"
            ) from None
        row_of[row[0]] = number
    if not row_of:
        raise DataError(f"{path}: a list of labels without an entry")
    return LabelList(path, names, row_of, np.frombuffer(values, np.int8).reshape(-1, len(names)))


def _label_names(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    if len(names) > MOST_LABELS:
        raise DataError(f"{path}: {len(names)} attributes, at most {MOST_LABELS} are allowed")
    if len(set(names)) != len(names):
        raise DataError(f"{path}: names an attribute twice")
    try:
        return tuple(checked(name, LONGEST_NAME) for name in names)
    except ValueError as error:
        raise DataError(f"{path}: the name of an attribute {error}") from error


def read_partition(path: Path) -> dict[str, bool]:
    """CelebA's list_eval_partition, .txt or .csv: file name -> whether it is held out (validation and test)."""
    parts = {}
    for row in _table(path, headed=False):
        if len(row) == 2 and row[1] in ("0", "1", "2"):
            parts[row[0]] = int(row[1]) != TRAINED_ON
        elif parts:  # the first line may be a header
            raise DataError(f"{path}: the entry {row[0][:80]!r} has no part 0, 1 or 2")
    if not parts:
        raise DataError(f"{path}: no list of a partition: lines of a file name and 0, 1 or 2 are expected")
    return parts


def find_list(folder: Path, name: str) -> Path | None:
    """CelebA's list of that name beside a folder of pictures, in it, or where CelebA itself puts it."""
    for place in NEAR:
        for suffix in SUFFIXES:
            if (path := (folder.absolute() / place / f"{name}{suffix}")).is_file():
                return path.resolve()
    return None


def measured_labels(canonical: Floats, neutral: Floats, yaw: Floats) -> Labels:
    """Labels measured from landmarks: canonical f32 (N, 478, 3) beside the person's neutral (478, 3), yaw (N,) degrees.

    Left and right are the picture's.
    """
    figures = traits(canonical, neutral)
    return Labels(tuple(MEASURED), np.stack([shown(figures, yaw) for shown in MEASURED.values()], 1).astype(np.int8))


def dataset_labels(dataset: Dataset, path: Path | None = None) -> Labels:
    """All labels of a data set's frames: from landmarks, from the lists it was prepared with, and from the list `path`.

    Of labels with one name the last of these counts. DataError when nothing is known, or the file does not fit.
    """
    known = [_measured(dataset)] if dataset.has_landmarks else []
    if dataset.labels is not None:
        known.append(Labels(dataset.label_names, dataset.labels))
    if path is not None:
        known.append(read_labels(path).of(row_keys(dataset)))
    if not known:
        raise DataError(f"{dataset.path}: nothing is known of its pictures; give a list of labels with --labels")
    together = known[0]
    for more in known[1:]:
        together = together.beside(more)
    return together


@dataclass(frozen=True, eq=False)
class ListedFacts:
    """What CelebA's lists beside the pictures say.

    held_out: bool (N,), None without a partition. notes: lines for the report on what does not fit.
    """

    held_out: NDArray[np.bool_] | None
    label_names: tuple[str, ...]
    notes: tuple[str, ...]


def write_listed_facts(file: h5py.File, footage: Footage, files: Sequence[str], source: NDArray) -> ListedFacts:
    """Write the names of the pictures and what CelebA's lists say of them into a data set; nothing for videos.

    files: names by row, "" for a video's frame; source (N,): numbers of `footage.paths`. DataError for a list that
    cannot be read.
    """
    if not any(files):
        return ListedFacts(None, (), ())
    file.create_dataset("file", data=[one_line(name, LONGEST_FILE) for name in files], dtype=h5py.string_dtype())
    folders = [path if path.is_dir() else path.parent for path in footage.paths]
    notes: list[str] = []
    held_out = None
    for number in np.unique(source):
        path = find_list(folders[number], PARTITION)
        rows = np.flatnonzero(source == number)
        parts = {} if path is None else read_partition(path)
        listed = [row for row in rows.tolist() if files[row] in parts]
        if path is not None and len(listed) < len(rows):
            notes.append(f"{path.name} does not name {len(rows) - len(listed)} pictures; they are trained on")
        if listed:
            held_out = np.zeros(len(files), bool) if held_out is None else held_out
            held_out[listed] = [parts[str(files[row])] for row in listed]
    if held_out is not None and held_out.any() and not held_out.all():
        file["held_out"] = held_out
    elif held_out is not None:
        notes.append("the partition puts all pictures on one side; a tenth is held out instead")
        held_out = None
    names = _write_labels(file, find_list(folders[int(source[0])], ATTRIBUTES), files, notes)
    return ListedFacts(held_out, names, tuple(notes))


def _write_labels(file: h5py.File, path: Path | None, files: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """Names of the labels that were kept."""
    if path is None:
        return ()
    listed = read_labels(path)
    if not any(name in listed.row_of for name in files):
        notes.append(f"{path.name} names none of the pictures")
        return ()
    labels = listed.of((name,) for name in files)
    if unknown := int((~labels.known).sum()):
        notes.append(f"{path.name} does not say everything of {unknown} pictures")
    file["labels"], file.attrs["label_names"] = labels.values, json.dumps(labels.names)
    return labels.names


def row_keys(dataset: Dataset) -> list[tuple[str, ...]]:
    """The names that a list may use for each row: its file name, or SOURCE:FRAME and, of a single video, FRAME."""
    files = dataset.files or ("",) * len(dataset)
    alone = len(dataset.sources) == 1
    keys = []
    for file, source, frame in zip(files, dataset.source, dataset.frame, strict=True):
        by_number = (f"{dataset.sources[source]}:{frame}", *((str(frame),) if alone else ()))
        keys.append((file,) if file else by_number)
    return keys


def _measured(dataset: Dataset) -> Labels:
    """In parts: landmarks of many frames do not fit into memory."""
    yaw, start, parts = dataset.pose[:, 0], 0, []
    for canonical in dataset.in_parts("canonical"):
        parts.append(measured_labels(canonical, dataset.neutral, yaw[start : start + len(canonical)]).values)
        start += len(canonical)
    return Labels(tuple(MEASURED), np.concatenate(parts))


def _table(path: Path, headed: bool = True) -> Iterator[list[str]]:
    """Lines as fields; CelebA's own files have spaces between them, and no name above the first column."""
    try:
        content = read_limited(path, MAX_BYTES)
        with io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                yield from (row for row in csv.reader(file) if row)
                return
            lines = (line.split() for line in file if line.strip())
            for number, fields in enumerate(lines):
                if headed and number == 0 and len(fields) == 1 and fields[0].isdecimal():
                    yield ["", *next(lines, [])]
                else:
                    yield fields
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = reason(error) if isinstance(error, OSError) else "not a text of that kind"
        raise DataError(f"{path}: the list cannot be read ({why})") from error
