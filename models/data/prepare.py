"""Footage -> a cleaned, aligned data set (docs/architecture.md, "Data set") and a report of what it covers.

Two passes: track everything (models/data/tracking_pass.py, can be taken up again after a kill), then judge the frames
(models/data/cleaning.py) and cut the crops of those that are kept. The data set appears under its name when it is
whole.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from models.common.stopping import stop_on_signal
from models.data import cleaning, contact_sheet, coverage
from models.data.cleaning import Posed, Track, Verdicts
from models.data.dataset import CENTRE, CROPS, new_file, open_dataset
from models.data.driver_clip import DATASET_SUFFIXES
from models.data.labels import write_known
from models.data.people import People, filmed_together, tell_apart
from models.data.prepare_many import PlainReport, write_streamed
from models.data.tracking_pass import (
    Footage,
    Tools,
    check_footage,
    frames_of,
    is_side_file,
    is_still,
    pictures_folder,
    track,
)
from puppet.core import pixels
from puppet.core.errors import DataError, PuppetError, SourceError, reason
from puppet.core.progress import progress
from puppet.core.types import Face, Floats, Image
from puppet.face import align
from puppet.face.neutral import estimate_neutral
from puppet.storage.file_lock import only_writer
from puppet.storage.files import publish, publish_whole, write_whole
from puppet.storage.unfinished import drop_draft, make_draft, register, unregister

UNSTEADY_SHARE = 0.02  # of a source's frames outside its steady crop: then the report says so
UNSTEADY_SCALE = 1.5  # between the 5th and 95th percentile of the head's size
BEYOND_EDGE = 0.1  # of a crop's side that may lie outside the picture before the report says so


@dataclass(frozen=True)
class Options:
    """size: side of the crops in px. crop: of CROPS, or None (upright for pictures, steady for videos).
    max_yaw in degrees. every, max_frames: as in Footage. many: of many people, one picture at a time, see streamed.
    person: whom to keep where there are several, 1 the one with most frames; 0: not asked for, that one.
    """

    size: int = 256
    crop: str | None = None
    every: int = 1
    max_yaw: float = 50.0
    max_frames: int = 0
    force: bool = False
    many: bool = False
    person: int = 0


def add_prepare_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `python -m models prepare`; `run_prepare` takes what they parse to."""
    parser.add_argument("footage", nargs="+", type=Path, metavar="FOOTAGE", help="video files or folders of pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DATA.h5", help="the data set to write")
    parser.add_argument("--size", type=_whole(16, 2048), default=256, help="side of the crops, px (256)")
    parser.add_argument("--crop", choices=CROPS, help="steady: whole head, one frame per shot (videos); "
                        "upright: tight, follows the face (pictures); "
                        "centre: the middle of each picture as it is, no face is looked for")  # fmt: skip
    parser.add_argument("--every", type=_whole(1, 10_000), default=1, metavar="N", help="look at each N-th frame only")
    parser.add_argument("--max-yaw", type=_degrees, default=50.0, metavar="DEGREES",
                        help="drop heads turned further (50)")  # fmt: skip
    parser.add_argument("--max-frames", type=_whole(0, 10**9), default=0, metavar="N", help="stop after N frames")
    parser.add_argument("--many", action="store_true", help="pictures of many people: each is judged by itself, "
                        "and any number fits into memory (--crop centre implies it)")  # fmt: skip
    parser.add_argument("--person", type=_whole(1, 99), default=0, metavar="N", help="whom to keep where the footage "
                        "shows several people: 1 is the one with most frames (1)")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace DATA.h5 if it exists")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most} is expected, not {text!r}")
        return int(text)

    return parse


def _degrees(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 180:
        raise argparse.ArgumentTypeError(f"a number of degrees from 0 to 180 is expected, not {text!r}")
    return value


def run_prepare(args: argparse.Namespace) -> int:
    """Prepare, print the report, return the exit code. Raises PuppetError for the command line to print."""
    options = Options(
        args.size, args.crop, args.every, args.max_yaw, args.max_frames, args.force, args.many, args.person
    )
    report = prepare(args.footage, args.output, options)
    print(report.text())
    print(f"\n{args.output}: {report.kept} frames. Report: {report_path(args.output, '.png')}", flush=True)
    return 0


def report_path(output: Path, suffix: str) -> Path:
    """DATA.h5 -> DATA.report.txt, DATA.report.png."""
    return output.with_suffix(f".report{suffix}")


def prepare(
    paths: list[Path], output: Path, options: Options, tools: Tools | None = None
) -> coverage.Report | PlainReport:
    """Write `output` and its report. A killed run leaves either no `output` or a whole one, and can be repeated to
    go on from the frames that were tracked.

    Raises SourceError for unreadable footage, DataError when nothing in it is usable or nothing can be written.
    """
    tools = tools or Tools()
    check_footage(paths)
    if output.resolve() in [path.resolve() for path in paths]:
        raise DataError(f"{output}: is the footage itself; choose another name")
    if output.suffix.lower() not in DATASET_SUFFIXES or output.is_dir():
        raise DataError(f"{output}: a data set is a file whose name ends with .h5; choose such a name")
    for path in (output, report_path(output, ".txt"), report_path(output, ".png")):
        if path.exists() and not options.force:
            raise DataError(f"{path} exists already; choose another name or add --force to replace it")
    if options.many and options.crop == "steady":
        raise DataError("--many takes every picture by itself; a steady crop needs one person's video: leave one out")
    if options.person and (options.many or options.crop == CENTRE):
        raise DataError("--person chooses whom a video shows; pictures of many people are all kept: leave it out")
    with only_writer(output):
        return _prepare(paths, output, options, tools)


def _prepare(paths: list[Path], output: Path, options: Options, tools: Tools) -> coverage.Report | PlainReport:
    footage = Footage(tuple(map(pictures_folder, paths)), options.every, options.max_frames)
    side_file, part = output.with_name(f"{output.name}.tracked"), output
    new_folders = [folder for folder in output.parents if not folder.exists()]  # innermost first
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part = make_draft(output)
        if options.many or options.crop == CENTRE:
            crop = options.crop or "upright"
            report, sheet = write_streamed(part, footage, options.size, crop, options.max_yaw, tools)
        else:
            selection = select(_read_track(footage, side_file, tools), options, footage.names)
            notes = write(part, selection, footage, tools)
            report, sheet = _report(part, selection, footage, tools, notes)
        _flush(part)
        _publish(part, output, report.text() + "\n", contact_sheet.png(sheet), options.force)
    except KeyboardInterrupt:
        if side_file.exists():
            print(f"Stopped; the same command goes on from {side_file}", file=sys.stderr)
        raise
    except (OSError, PuppetError) as error:
        with suppress(OSError):
            _drop(part, output)  # bad footage stays bad, and a full disk needs the room
            if is_side_file(side_file):
                side_file.unlink()
        with suppress(OSError):
            for folder in new_folders:
                folder.rmdir()
        if isinstance(error, PuppetError):
            raise
        why = reason(error)
        raise DataError(f"{output}: cannot be written ({why}); free some space or choose another folder") from error
    finally:
        _drop(part, output)
    side_file.unlink(missing_ok=True)
    return report


def _drop(part: Path, output: Path) -> None:
    if part != output:
        drop_draft(part)


def _flush(part: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _publish(part: Path, output: Path, text: str, sheet: bytes, force: bool) -> None:
    """The report first: as long as the data set has not got its name, a next start takes the report back. Raises
    OSError, DataError for a name that somebody has taken.
    """
    reports = {report_path(output, ".txt"): text.encode(), report_path(output, ".png"): sheet}
    made: list[Path] = []
    try:
        for path, content in reports.items():
            if force:
                write_whole(path, content, private=False)
            else:
                publish_whole(path, content)
                made.append(path)
                register(path)
        publish(part, output, force)
    except FileExistsError as error:
        for path in made:
            path.unlink(missing_ok=True)
        taken = error.filename2 or error.filename or output
        raise DataError(f"{taken} exists already; choose another name or add --force to replace it") from error
    finally:
        for path in made:
            unregister(path)


def _read_track(footage: Footage, side_file: Path, tools: Tools) -> Track:
    records = track(footage, side_file, tools)
    columns = {str(name): records[str(name)] for name in records.dtype.names or ()}
    return Track(**columns, still=tuple(is_still(path) for path in footage.paths))


@dataclass(frozen=True)
class Selection:
    """What will be written: rows of `track`, their poses against `neutral` and their transforms (K, 2, 3)."""

    track: Track
    verdicts: Verdicts
    rows: NDArray[np.intp]
    posed: Posed  # of `rows`
    neutral: Floats
    to_crop: NDArray[np.float64]
    size: int
    crop: str
    notes: list[str]
    people: People
    person: int  # of `people`, who is kept


def select(track: Track, options: Options, names: list[str]) -> Selection:
    """Judge every frame. DataError when no frame shows a usable face."""
    if not (track.faces > 0).any():
        raise DataError(f"no face was found in {', '.join(names)} ({len(track)} frames): is it in view, lit and large?")
    posed = cleaning.pose_all(track.points)
    people = tell_apart(track, posed)
    person = people.chosen(options.person)
    mine = people.of == person
    beside = filmed_together(track, mine)
    verdicts = cleaning.judge_faces(track, posed, options.max_yaw, ~mine, not beside)
    crop = options.crop or ("upright" if any(track.still) else "steady")
    notes: list[str] = []
    if crop == "steady":
        to_crop, outside, notes = _steady(track, posed, verdicts, options.size, names)
        verdicts.drop(outside, cleaning.OUTSIDE)
    else:
        to_crop = _upright(track, posed, options.size)
    if beside:
        verdicts.drop(_strangers_within(track, mine, to_crop, options.size), cleaning.MANY_FACES)
    cleaning.judge_duplicates(verdicts, track, posed)
    rows = verdicts.kept
    if not len(rows):
        reasons = ", ".join(f"{reason}: {n}" for reason, n in verdicts.counts().items() if n)
        raise DataError(f"{', '.join(names)}: not one of {len(track)} frames is usable ({reasons})")
    neutral = estimate_neutral(posed.canonical[rows], posed.angles[rows])
    notes = [people.words(person), *notes] if len(people.frames) > 1 else notes
    for number, name in enumerate(names):
        if not (track.source[rows] == number).any():
            notes.append(f"{name}: no usable frame")
    posed = cleaning.pose_all(track.points[rows], neutral)
    crops = to_crop[rows]
    return Selection(track, verdicts, rows, posed, neutral, crops, options.size, crop, notes, people, person)


def _strangers_within(
    track: Track, mine: NDArray[np.bool_], to_crop: NDArray[np.float64], size: int
) -> NDArray[np.bool_]:
    """Records of the person who is kept whose crop shows another face, or may: not every face was recorded (F,)."""
    within = np.zeros(len(track), bool)
    for row in np.flatnonzero(mine & (track.faces > 1)):
        others = np.flatnonzero((track.source == track.source[row]) & (track.frame == track.frame[row]) & ~mine)
        within[row] = len(others) < track.faces[row] - 1 or any(
            _reaches_into(align.transform_points(track.points[other], to_crop[row]), size) for other in others
        )
    return within


def _reaches_into(points: Floats, size: int) -> bool:
    """Whether a face's points f32 (478, 3), px of a crop, lie in it in part."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return bool((high > -0.5).all() and (low < size - 0.5).all())


def _steady(
    track: Track, posed: Posed, verdicts: Verdicts, size: int, names: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """One transform per source: (F, 2, 3), frames whose face leaves it (F,), and what to say about it."""
    to_crop = np.full((len(track), 2, 3), np.nan)
    outside = np.zeros(len(track), bool)
    notes = []
    for number, name in enumerate(names):
        mine = track.source == number
        usable = verdicts.kept[mine[verdicts.kept]]
        if not len(usable):
            continue
        transform = align.steady_transform([posed.head_pose(i) for i in usable], size)
        to_crop[mine] = transform
        for i in usable:
            flat = align.transform_points(track.points[i], transform)[:, :2]
            outside[i] = flat.min() < -0.5 or flat.max() > size - 0.5
        low, high = np.quantile(posed.scale[usable], [0.05, 0.95])
        if outside[usable].mean() > UNSTEADY_SHARE or high / low > UNSTEADY_SCALE:
            notes.append(f"{name}: camera or head wander too far for one steady crop (face outside it in "
                         f"{outside[usable].mean():.0%} of the frames, {high / low:.1f} times larger at times); "
                         "put the camera on a stand, or use --crop upright")  # fmt: skip
        beyond = _beyond_edge(transform, size, int(track.width[usable[0]]), int(track.height[usable[0]]))
        if beyond > BEYOND_EDGE:
            notes.append(f"{name}: {beyond:.0%} of the crop lies outside the picture, whose edge is repeated there; "
                         "film with more room around the head")  # fmt: skip
    return to_crop, outside, notes


def _beyond_edge(transform: NDArray[np.float64], size: int, width: int, height: int) -> float:
    """Share of a crop's area that lies outside the picture (no rotation in steady crops)."""
    (x0, y0), (x1, y1) = (
        (np.array(corner) - transform[:, 2]) / transform[0, 0] for corner in ((-0.5, -0.5), (size - 0.5,) * 2)
    )
    inside = max(0.0, min(x1, width - 0.5) - max(x0, -0.5)) * max(0.0, min(y1, height - 0.5) - max(y0, -0.5))
    return float(1 - inside / ((x1 - x0) * (y1 - y0)))


def _upright(track: Track, posed: Posed, size: int) -> NDArray[np.float64]:
    """One transform per frame, the one that the live pipeline would use: (F, 2, 3), NaN without a face."""
    to_crop = np.full((len(track), 2, 3), np.nan)
    for i in np.flatnonzero(track.faces > 0):
        to_crop[i] = align.upright_transform(Face(track.points[i], posed.head_pose(i), posed.canonical[i]), size)
    return to_crop


def write(part: Path, chosen: Selection, footage: Footage, tools: Tools) -> Sequence[str]:
    """Cut the crops and write all fields to `part`; what is to be noted. The attribute `report` is still missing."""
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
        return write_known(file, footage, files, track.source[rows]).notes


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


def _report(
    part: Path, chosen: Selection, footage: Footage, tools: Tools, notes: Sequence[str]
) -> tuple[coverage.Report, Image]:
    """The report, which also goes into the file as JSON, and its picture. Reads the file as training would."""
    report = coverage.make_report(
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
    """A picture of everybody who was seen, uint8 BGR, and what to write below it."""
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
