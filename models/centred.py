"""Pictures as they are -> a data set without landmarks: the middle square of each, one after the other.

For faces that somebody aligned already (CelebA), or that FaceMesh does not see. Nothing is judged, nothing dropped but
what cannot be read, and one picture at a time is in memory.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models import contact_sheet
from models.dataset import CENTRE, new_file, open_dataset
from models.footage import Footage, Tools, frame_total, frames_of
from models.labels import write_known
from models.stopping import stop_on_signal
from puppet import align, pixels
from puppet.errors import SourceError
from puppet.frames import Frame, Image
from puppet.progress import progress

GROWTH = 4096  # pictures by which the file grows: how many there are is only known at the end


@dataclass(frozen=True)
class PlainReport:
    """What `prepare` tells of pictures that it did not track. held_out: by their own partition, None without one."""

    sources: list[str]
    looked_at: int
    kept: int
    held_out: int | None = None
    labels: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dump`."""
        return dataclasses.asdict(self)

    def text(self) -> str:
        """Several lines, for the terminal and DATA.report.txt."""
        lines = [f"Pictures: {', '.join(self.sources)}", f"Kept: {self.kept} of {self.looked_at}, the middle of each"]
        if self.looked_at > self.kept:
            lines.append(f"  {self.looked_at - self.kept:6d} dropped: cannot be read")
        lines += ["No landmarks: the seeds' presets can learn from it, puppet-* cannot"]
        if self.held_out is not None:
            lines.append(f"Held out by the pictures' own partition: {self.held_out}")
        if self.labels:
            lines.append(f"Labels: {', '.join(self.labels)}")
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def write_centred(part: Path, footage: Footage, size: int, tools: Tools) -> tuple[PlainReport, Image]:
    """Write the data set to `part`, flushed by closing it, and what there is to tell. Raises SourceError."""
    total = frame_total(footage, tools)
    rows: dict[str, list] = {"to_crop": [], "source": [], "frame": [], "time": []}
    files: list[str] = []
    with new_file(part, size, CENTRE, footage.names) as file:
        crops: Any = file["data"]
        with stop_on_signal() as stopping, progress(total=total, label="cutting", unit="pictures") as bar:
            for row, (number, frame, name) in enumerate(_pictures(footage, tools)):
                crop = align.cut_centre(frame.image, size)
                if row == len(crops):
                    crops.resize(row + GROWTH, axis=0)
                crops[row] = pixels.swap_red_blue(crop.image)
                for column, value in zip(
                    rows.values(), (crop.to_crop, number, frame.index, frame.captured_at), strict=True
                ):
                    column.append(value)
                files.append(name)
                bar.update()
                if stopping():
                    raise KeyboardInterrupt
        kept = len(files)
        if not kept:
            raise SourceError(f"{', '.join(footage.names)}: not one picture can be read", "empty")
        crops.resize(kept, axis=0)
        for (name, values), kind in zip(rows.items(), (np.float64, np.int16, np.int32, np.float64), strict=True):
            file[name] = np.array(values, kind)
        known = write_known(file, footage, files, np.array(rows["source"]))
        held_out = None if known.held_out is None else int(known.held_out.sum())
        looked_at = max(kept, total or 0)
        report = PlainReport(footage.names, looked_at, kept, held_out, list(known.label_names), list(known.notes))
        file.attrs["report"] = json.dumps(report.to_json())
    with open_dataset(part) as dataset:
        return report, contact_sheet.picture_grid(dataset)


def _pictures(footage: Footage, tools: Tools) -> Iterator[tuple[int, Frame, str]]:
    """Every picture that is to be looked at: number of its source, frame, file name ("" for a video's)."""
    everything = (
        (number, frame, name)
        for number in range(len(footage.paths))
        for frame, name in frames_of(footage, number, tools)
    )
    return itertools.islice(everything, footage.max_frames or None)
