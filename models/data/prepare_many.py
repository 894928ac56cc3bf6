"""Pictures of many people -> a data set; any number of pictures, one at a time in memory.

They are cut in one of two ways. As they are (crop "centre"): the middle square of each, without landmarks, for faces
that are aligned already. By the face ("upright"): FaceMesh looks at each picture on its own. What the cleaning of one
person's footage compares between frames (blur, covered faces, near-duplicates) is not judged here.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np

from models.common.stopping import stop_on_signal
from models.data import cleaning, contact_sheet
from models.data.dataset import CENTRE, LANDMARK_FIELDS, ROWS_AT_ONCE, Crop, new_file, open_dataset
from models.data.labels import write_listed_facts
from models.data.tracking_pass import Footage, Tools, frame_total, frames_of, is_still
from puppet.core import pixels
from puppet.core.errors import DataError
from puppet.core.progress import progress
from puppet.core.rows import evenly_spread
from puppet.core.types import LANDMARKS, AlignedCrop, Face, Floats, Frame, Image
from puppet.face import align
from puppet.face.neutral import estimate_neutral

GROWTH = 4096  # pictures by which the file grows: how many there are is only known at the end
LANDMARK_ROWS = 16  # faces a chunk of the file
NEUTRAL_FACES = 4000  # at most, evenly spread, from which the common neutral face is estimated
UNREADABLE = "cannot be read"


@dataclass(frozen=True)
class PicturesReport:
    """The report of `prepare` on pictures of many people. held_out: by their own partition, None without one."""

    sources: list[str]
    crop: Crop
    looked_at: int
    kept: int
    dropped: dict[str, int]
    held_out: int | None = None
    labels: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dump`."""
        return dataclasses.asdict(self)

    def text(self) -> str:
        """Several lines, for the terminal and DATA.report.txt."""
        lines = [f"Pictures: {', '.join(self.sources)}", f"Kept: {self.kept} of {self.looked_at}, crop: {self.crop}"]
        lines += [f"  {count:6d} dropped: {reason}" for reason, count in self.dropped.items()]
        if self.crop == CENTRE:
            lines.append("No landmarks: the seeds' presets can learn from it, puppet-* cannot")
        if self.held_out is not None:
            lines.append(f"Held out by the pictures' own partition: {self.held_out}")
        if self.labels:
            lines.append(f"Labels: {', '.join(self.labels)}")
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def write_many(
    part: Path, footage: Footage, size: int, crop: Crop, max_yaw: float, tools: Tools
) -> tuple[PicturesReport, Image]:
    """Write the whole data set to the file `part`: its report, and the report's picture, uint8 BGR.

    crop: CENTRE, or "upright" with landmarks. max_yaw in degrees: heads turned further are dropped.

    Raises SourceError, and DataError when no picture is usable.
    """
    total, looked_at, dropped = frame_total(footage, tools), 0, Counter[str]()
    small: dict[str, list] = {"to_crop": [], "source": [], "frame": [], "time": []}
    files: list[str] = []
    with new_file(part, size, crop, footage.names) as file:
        if crop != CENTRE:
            for name in ("points", "canonical"):
                shape = (LANDMARKS, 3)
                file.create_dataset(name, (0, *shape), "f4", maxshape=(None, *shape), chunks=(LANDMARK_ROWS, *shape))
        with stop_on_signal() as stopping, progress(total=total, label="cutting", unit="pictures") as bar:
            for number, frame, name, seen in _pictures(footage, tools, tracked=crop != CENTRE):
                bar.update()
                if stopping():
                    raise stopping.reason()
                looked_at += 1
                if seen is not None and (why := _unusable(seen, frame, max_yaw)):
                    dropped[why] += 1
                    continue
                face = None if seen is None else seen.face
                cut = _cut(frame.image, face, size)
                _put(file, "data", len(files), pixels.swap_red_blue(cut.image))
                if face is not None:
                    _put(file, "points", len(files), align.transform_points(face.points, cut.to_crop))
                for column, value in zip(
                    small.values(), (cut.to_crop, number, frame.index, frame.captured_at), strict=True
                ):
                    column.append(value)
                files.append(name)
        if not files:
            told = ", ".join(f"{reason}: {count}" for reason, count in dropped.items())
            raise DataError(f"{', '.join(footage.names)}: not one of {looked_at} pictures is usable ({told})")
        for (name, values), kind in zip(small.items(), ("f8", "i2", "i4", "f8"), strict=True):
            file[name] = np.array(values, kind)
        for name in {"data", "points", "canonical"} & set(file):
            _field(file, name).resize(len(files), axis=0)
        if crop != CENTRE:
            _write_landmarks(file)
        known = write_listed_facts(file, footage, files, np.array(small["source"]))
        if total is not None and total > looked_at:
            dropped[UNREADABLE] = total - looked_at
        report = PicturesReport(
            sources=footage.names,
            crop=crop,
            looked_at=max(looked_at, total or 0),
            kept=len(files),
            dropped=dict(dropped),
            held_out=None if known.held_out is None else int(known.held_out.sum()),
            labels=list(known.label_names),
            notes=list(known.notes),
        )
        file.attrs["report"] = json.dumps(report.to_json())
    with open_dataset(part) as dataset:
        return report, contact_sheet.picture_grid(dataset)


@dataclass(frozen=True)
class _Seen:
    """What FaceMesh sees in one picture."""

    face: Face | None
    faces: int


def _pictures(footage: Footage, tools: Tools, tracked: bool) -> Iterator[tuple[int, Frame, str, _Seen | None]]:
    """Every picture: number of its source, frame, file name ("" for a video's), and the faces in it.

    The last is None when no faces are looked for.
    """
    return itertools.islice(_everything(footage, tools, tracked), footage.max_frames or None)


def _everything(footage: Footage, tools: Tools, tracked: bool) -> Iterator[tuple[int, Frame, str, _Seen | None]]:
    for number, path in enumerate(footage.paths):
        if not tracked:
            yield from ((number, frame, name, None) for frame, name in frames_of(footage, number, tools))
            continue
        with closing(tools.new_tracker(is_still(path))) as tracker:
            for frame, name in frames_of(footage, number, tools):
                face = tracker.track(frame)
                yield number, frame, name, _Seen(face, tracker.faces_seen)


def _unusable(seen: _Seen, frame: Frame, max_yaw: float) -> str:
    """The reason (of models/data/cleaning.py) why a single picture is dropped, or ""."""
    if seen.face is None or seen.faces < 1:
        return cleaning.NO_FACE
    if seen.faces > 1:
        return cleaning.MANY_FACES
    height, width = frame.image.shape[:2]
    sides = np.array([width]), np.array([height])
    if cleaning.beyond_edge(seen.face.points[None], *sides, np.array([seen.face.pose.scale]))[0]:
        return cleaning.CUT_OFF
    return cleaning.TURNED if cleaning.turned(align.angles_of(seen.face.pose.rotation)[None], max_yaw)[0] else ""


def _cut(image: Image, face: Face | None, size: int) -> AlignedCrop:
    if face is None:
        return align.cut_centre(image, size)
    return align.cut(image, align.upright_transform(face, size), size)


def _field(file: h5py.File, name: str) -> Any:
    return file[name]


def _put(file: h5py.File, name: str, row: int, value: Any) -> None:
    """Write one row of a field, which grows by GROWTH rows when it is full."""
    values = _field(file, name)
    if row == len(values):
        values.resize(row + GROWTH, axis=0)
    values[row] = value


def _write_landmarks(file: h5py.File) -> None:
    """Write the remaining landmark fields in parts: the common neutral face, and every face against it."""
    count = len(_field(file, "points"))
    some = evenly_spread(count, NEUTRAL_FACES)
    posed = cleaning.pose_all(np.stack([_in_frame(file, row, row + 1)[0] for row in some]))
    neutral = estimate_neutral(posed.canonical, posed.angles)
    file["neutral"] = neutral.astype(LANDMARK_FIELDS["neutral"][0])
    angles = []
    for start in range(0, count, ROWS_AT_ONCE):
        posed = cleaning.pose_all(_in_frame(file, start, start + ROWS_AT_ONCE), neutral)
        _field(file, "canonical")[start : start + ROWS_AT_ONCE] = posed.canonical
        angles.append(posed.angles)
    file["pose"] = np.concatenate(angles)


def _in_frame(file: h5py.File, start: int, end: int) -> Floats:
    """Landmarks f32 (n, 478, 3) in px of the pictures, where heads still have their roll."""
    points, to_crop = _field(file, "points")[start:end], _field(file, "to_crop")[start:end]
    back = [cv2.invertAffineTransform(transform) for transform in to_crop]
    return np.stack([align.transform_points(p, b) for p, b in zip(points, back, strict=True)])
