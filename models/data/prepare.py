"""Footage -> a cleaned, aligned data set (docs/architecture.md, "Data set") and a report of what it covers.

Two passes. The first tracks everything and can be resumed after a kill (tracking_pass.py). Then the frames are judged
(cleaning.py, selection.py), and the second pass cuts the crops of those that are kept (dataset_writer.py). The data set
gets its name when it is complete (publishing.py). Pictures of many people take one pass instead (prepare_many.py).
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.common.arguments import degrees, whole_number
from models.common.sheets import encode_png
from models.common.types import DATASET_SUFFIXES
from models.data import dataset_writer, publishing
from models.data.alpha_films import check_alphas
from models.data.cleaning import Track
from models.data.coverage import CoverageReport
from models.data.dataset import CENTRE, CROPS, Crop
from models.data.prepare_many import PicturesReport, write_many
from models.data.publishing import report_path
from models.data.selection import SMALL, select
from models.data.tracking_pass import (
    Footage,
    Tools,
    check_footage,
    is_side_file,
    is_still,
    pictures_folder,
    track_footage,
)
from puppet.core.errors import DataError, PuppetError, reason
from puppet.storage.file_lock import only_writer
from puppet.storage.unfinished import drop_draft, make_draft


@dataclass(frozen=True)
class Options:
    """What `prepare` is asked for.

    size: side of the crops, px; None: what the footage resolves, of many people's 256. crop: None means upright for
    pictures, steady for videos. max_yaw in degrees: heads turned further are dropped. every, max_frames: as in
    `Footage`. force: replace files that exist. many: pictures of many people, one at a time (`prepare_many`). person:
    whom to keep where the footage shows several, 1 the one with most frames; 0: not asked for, that one. alpha: films
    that show the person white on black, one for each file of the footage; without them outlines are looked for in the
    pictures.
    """

    size: int | None = None
    crop: Crop | None = None
    every: int = 1
    max_yaw: float = 50.0
    max_frames: int = 0
    force: bool = False
    many: bool = False
    person: int = 0
    alpha: tuple[Path, ...] = ()


def add_prepare_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `puppet prepare`; `run_prepare` takes what they parse to."""
    parser.add_argument("footage", nargs="+", type=Path, metavar="FOOTAGE", help="video files or folders of pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DATA.h5", help="the data set to write")
    parser.add_argument("--size", type=whole_number(16, 2048), help="side of the crops, px (default: 512, or 256 where "
                        "the footage shows the head smaller)")  # fmt: skip
    parser.add_argument("--crop", choices=CROPS, help="steady: whole head, one frame per shot (videos); "
                        "upright: tight, follows the face (pictures); "
                        "centre: the middle of each picture as it is, no face is looked for")  # fmt: skip
    parser.add_argument(
        "--every", type=whole_number(1, 10_000), default=1, metavar="N", help="look at each N-th frame only"
    )
    parser.add_argument("--max-yaw", type=degrees, default=50.0, metavar="DEGREES",
                        help="drop heads turned further (50)")  # fmt: skip
    parser.add_argument("--max-frames", type=whole_number(0, 10**9), default=0, metavar="N", help="stop after N frames")
    parser.add_argument("--many", action="store_true", help="pictures of many people: each is judged by itself, "
                        "and any number fits into memory (--crop centre implies it)")  # fmt: skip
    parser.add_argument("--person", type=whole_number(1, 99), default=0, metavar="N", help="whom to keep where the "
                        "footage shows several people: 1 is the one with most frames (1)")  # fmt: skip
    parser.add_argument("--alpha", nargs="+", type=Path, default=[], metavar="FILM", help="films that show the person "
                        "white on black, one for each FOOTAGE in their order, frame by frame the same (otherwise the "
                        "outline is looked for in the pictures)")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace DATA.h5 if it exists")


def run_prepare(args: argparse.Namespace) -> int:
    """Prepare, print the report, return the exit code. Raises PuppetError for the command line to print."""
    options = Options(
        args.size,
        args.crop,
        args.every,
        args.max_yaw,
        args.max_frames,
        args.force,
        args.many,
        args.person,
        tuple(args.alpha),
    )
    report = prepare(args.footage, args.output, options)
    print(report.text())
    print(f"\n{args.output}: {report.kept} frames. Report: {report_path(args.output, '.png')}", flush=True)
    return 0


def prepare(
    paths: list[Path], output: Path, options: Options, tools: Tools | None = None
) -> CoverageReport | PicturesReport:
    """Make a data set of footage: write `output` and its report.

    A killed run leaves either no `output` or a whole one, and can be repeated: it goes on from the frames that were
    tracked. Raises SourceError for unreadable footage, DataError when no frame of it is usable or nothing can be
    written.
    """
    tools = tools or Tools()
    check_footage(paths)
    if output.resolve() in [path.resolve() for path in (*paths, *options.alpha)]:
        raise DataError(f"{output}: is the footage itself; choose another name")
    if output.suffix.lower() not in DATASET_SUFFIXES or output.is_dir():
        raise DataError(f"{output}: a data set is a file whose name ends with .h5; choose such a name")
    if not options.force:
        publishing.check_free(output)
    if options.many and options.crop == "steady":
        raise DataError("--many takes every picture by itself; a steady crop needs one person's video: leave one out")
    if options.person and (options.many or options.crop == CENTRE):
        raise DataError("--person chooses whom a video shows; pictures of many people are all kept: leave it out")
    if options.alpha and (options.many or options.crop == CENTRE):
        raise DataError(
            "--alpha tells one person from the background; pictures of many people have no mattes: leave it out"
        )
    with only_writer(output):
        return _prepare(paths, output, options, tools)


def _prepare(paths: list[Path], output: Path, options: Options, tools: Tools) -> CoverageReport | PicturesReport:
    footage = Footage(tuple(map(pictures_folder, paths)), options.every, options.max_frames)
    alphas = check_alphas(options.alpha, footage, tools) if options.alpha else None
    side_file, part = output.with_name(f"{output.name}.tracked"), output
    new_folders = [folder for folder in output.parents if not folder.exists()]  # innermost first
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part = make_draft(output)
        if options.many or options.crop == CENTRE:
            crop = options.crop or "upright"
            report, sheet = write_many(part, footage, options.size or SMALL, crop, options.max_yaw, tools)
        else:
            track = _track(footage, side_file, tools)
            chosen = select(track, footage.names, options.size, options.crop, options.max_yaw, options.person)
            written = dataset_writer.write_dataset(part, chosen, footage, tools, alphas)
            report, sheet = dataset_writer.write_report(part, chosen, footage, tools, written)
        publishing.flush(part)
        publishing.publish_dataset(part, output, report.text() + "\n", encode_png(sheet), options.force)
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


def _track(footage: Footage, side_file: Path, tools: Tools) -> Track:
    records = track_footage(footage, side_file, tools)
    columns = {str(name): records[str(name)] for name in records.dtype.names or ()}
    return Track(**columns, still=tuple(is_still(path) for path in footage.paths))
