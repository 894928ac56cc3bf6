"""Second pass over the footage: cut the selected frames, write the data set, and report what it covers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from models.common.stopping import stop_on_signal
from models.data import cleaning, contact_sheet
from models.data.coverage import CoverageReport, make_report
from models.data.dataset import new_file, open_dataset
from models.data.labels import write_listed_facts
from models.data.selection import Selection
from models.data.tracking_pass import Footage, Tools, frames_of
from puppet.core import pixels
from puppet.core.errors import SourceError
from puppet.core.progress import progress
from puppet.core.types import Image
from puppet.face import align


def write_dataset(part: Path, chosen: Selection, footage: Footage, tools: Tools) -> Sequence[str]:
    """Cut the crops and write all fields to the file `part`: notes for the report, which the file still lacks.

    Raises SourceError, OSError.
    """
    rows, track, count, size = chosen.rows, chosen.track, len(chosen.rows), chosen.size
    points = [align.transform_points(track.points[row], m) for row, m in zip(rows, chosen.to_crop, strict=True)]
    files: list[str] = []
    with new_file(part, size, chosen.crop, footage.names, count) as file:
        crops: Any = file["data"]
        file["points"] = np.stack(points)
        file["canonical"] = chosen.posed.canonical
        file["pose"] = chosen.posed.angles
        file["to_crop"] = chosen.to_crop
        file["source"], file["frame"], file["time"] = track.source[rows], track.frame[rows], track.time[rows]
        file["neutral"] = chosen.neutral
        with stop_on_signal() as stopping, progress(total=count, label="cutting", unit="frames") as bar:
            for row, (image, name) in enumerate(_images(chosen, footage, tools)):
                files.append(name)
                crops[row] = pixels.swap_red_blue(align.cut(image, chosen.to_crop[row], size).image)
                bar.update()
                if stopping():
                    raise stopping.reason()
        return write_listed_facts(file, footage, files, track.source[rows]).notes


def _images(chosen: Selection, footage: Footage, tools: Tools) -> Iterator[tuple[Image, str]]:
    """The kept frames' images, uint8 BGR, and their files' names, in order of `rows`.

    SourceError when the footage changed meanwhile.
    """
    for number, path in enumerate(footage.paths):
        wanted = chosen.track.frame[chosen.rows[chosen.track.source[chosen.rows] == number]]
        frames = frames_of(footage, number, tools)
        for index in wanted:
            found = next(((frame.image, name) for frame, name in frames if frame.index == index), None)
            if found is None:
                raise SourceError(f"{path}: frame {index} cannot be read any more; did the file change?", "unreadable")
            yield found


def write_report(
    part: Path, chosen: Selection, footage: Footage, tools: Tools, notes: Sequence[str]
) -> tuple[CoverageReport, Image]:
    """Write the report into the file as JSON: the report and its picture, uint8 BGR.

    Reads the file as training does, so a file that training cannot read is found here.
    """
    report = make_report(
        chosen.posed.canonical,
        chosen.posed.angles,
        chosen.neutral,
        looked_at=len(np.unique(np.stack([chosen.track.source, chosen.track.frame]), axis=1).T),
        dropped=chosen.verdicts.counts(),
        people=list(chosen.people.frames),
        notes=[*chosen.notes, *notes],
        sources=footage.names,
    )
    with h5py.File(part, "r+") as file:
        file.attrs["report"] = json.dumps(report.to_json())
    shown = [] if len(chosen.people.frames) < 2 else _portraits(chosen, footage, tools)
    with open_dataset(part) as dataset:
        return report, contact_sheet.contact_sheet(report, dataset, shown)


def _portraits(chosen: Selection, footage: Footage, tools: Tools) -> list[tuple[str, Image]]:
    """A picture of every person in the footage, uint8 BGR, and its caption."""
    track, people, shown = chosen.track, chosen.people, []
    angles = cleaning.pose_all(track.points).angles
    for person, count in enumerate(people.frames):
        rows = np.flatnonzero(people.of == person)
        row = rows[np.abs(angles[rows] - np.median(angles[rows], 0)).sum(1).argmin()]
        frames = frames_of(footage, int(track.source[row]), tools, int(track.frame[row]))
        frame = next(frames, None)
        if frame is not None:
            points = track.points[row][:, :2]
            kept = ", kept" if person == chosen.person else ""
            shown.append((f"person {person + 1}: {count} frames{kept}", contact_sheet.portrait(frame[0].image, points)))
    return shown
