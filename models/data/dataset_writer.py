"""Second pass over the footage: cut the selected frames, write the data set, and report what it covers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from models.common.stopping import stop_on_signal
from models.data import cleaning, contact_sheet
from models.data.coverage import CoverageReport, make_report
from models.data.dataset import new_file, open_dataset
from models.data.labels import write_listed_facts
from models.data.mattes import Shot, Writer, cutouts
from models.data.outline import Figures, Outline
from models.data.selection import Selection
from models.data.tracking_pass import Footage, Tools, frames_of
from puppet.core.errors import SourceError
from puppet.core.progress import announce, progress
from puppet.core.types import Image
from puppet.face import align


@dataclass(frozen=True)
class Written:
    """What the report tells of the frames that were written. notes: lines; figures: of the mattes, by frame."""

    notes: Sequence[str]
    figures: Figures
    outlines: list[Outline]


def write_dataset(
    part: Path, chosen: Selection, footage: Footage, tools: Tools, alphas: Footage | None = None
) -> Written:
    """Cut the crops and write all fields to the file `part`, which still lacks the report.

    alphas: alpha films of the footage. Raises SourceError, DataError, OSError.
    """
    rows, track, count, size = chosen.rows, chosen.track, len(chosen.rows), chosen.size
    points = [align.transform_points(track.points[row], m) for row, m in zip(rows, chosen.to_crop, strict=True)]
    files: list[str] = []
    with new_file(part, size, chosen.crop, footage.names, count, matte=True) as file:
        file["points"] = np.stack(points)
        file["canonical"] = chosen.posed.canonical
        file["pose"] = chosen.posed.angles
        file["to_crop"] = chosen.to_crop
        file["source"], file["frame"], file["time"] = track.source[rows], track.frame[rows], track.time[rows]
        file["neutral"] = chosen.neutral
        writer = Writer(file, chosen)
        with stop_on_signal() as stopping, progress(total=count, label="cutting", unit="frames") as bar:
            matting = None if alphas is not None else tools.new_matting(chosen.crop, size)
            for cutout in cutouts(chosen, _shots(chosen, footage, tools, alphas), footage.every, matting):
                files.append(cutout.name)
                writer.write(cutout)
                bar.update()
                if stopping():
                    raise stopping.reason()
        figures, outlines = writer.finish(footage.names, alphas is not None)
        return Written(write_listed_facts(file, footage, files, track.source[rows]).notes, figures, outlines)


def _shots(chosen: Selection, footage: Footage, tools: Tools, alphas: Footage | None) -> Iterator[Shot]:
    """The kept frames, in order of `rows`. SourceError when the footage changed meanwhile."""
    for number in range(len(footage.paths)):
        wanted = chosen.track.frame[chosen.rows[chosen.track.source[chosen.rows] == number]]
        images = _picked(footage, number, wanted, tools)
        films = repeat(None) if alphas is None else (film for film, _ in _picked(alphas, number, wanted, tools))
        for (image, name), film in zip(images, films, strict=False):
            yield Shot(image, film, name)


def _picked(footage: Footage, number: int, wanted: NDArray[np.int32], tools: Tools) -> Iterator[tuple[Image, str]]:
    """Some frames' images, uint8 BGR, and their files' names."""
    frames = frames_of(footage, number, tools)
    for index in wanted:
        found = next(((frame.image, name) for frame, name in frames if frame.index == index), None)
        if found is None:
            path = footage.paths[number]
            raise SourceError(f"{path}: frame {index} cannot be read any more; did the file change?", "unreadable")
        yield found


def write_report(
    part: Path, chosen: Selection, footage: Footage, tools: Tools, written: Written
) -> tuple[CoverageReport, Image]:
    """Write the report into the file as JSON: the report and its picture, uint8 BGR.

    Reads the file as training does, so a file that training cannot read is found here.
    """
    announce("reporting")
    report = make_report(
        chosen.posed.canonical,
        chosen.posed.angles,
        chosen.neutral,
        looked_at=len(np.unique(np.stack([chosen.track.source, chosen.track.frame]), axis=1).T),
        dropped=chosen.verdicts.counts(),
        people=list(chosen.people.frames),
        notes=[*chosen.notes, *written.notes],
        outlines=written.outlines,
        sources=footage.names,
    )
    with h5py.File(part, "r+") as file:
        file.attrs["report"] = json.dumps(report.to_json())
    shown = [] if len(chosen.people.frames) < 2 else _portraits(chosen, footage, tools)
    with open_dataset(part) as dataset:
        return report, contact_sheet.contact_sheet(report, dataset, shown, written.figures)


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
