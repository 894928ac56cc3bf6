"""`python -m models sample | morph | walk | analyze`: arguments and work. Heavy imports happen inside the work."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.common.arguments import positive, seed

SPACE_HELP = "run folder of `python -m models train`, an .actor file, or the name of an installed actor"

SAMPLE_EXAMPLE = "python -m models sample runs/ada -o samples.png"
MORPH_EXAMPLE = "python -m models morph runs/ada 12 900 -o morph.png"
WALK_EXAMPLE = "python -m models walk runs/ada -o walk.mp4 --seconds 20"

ANALYZE_EXAMPLE = "python -m models analyze runs/ada ada.h5 -o report"


def add_space(parser: argparse.ArgumentParser) -> None:
    """What every command that looks into a latent space asks for."""
    parser.add_argument("space", metavar="RUN_OR_ACTOR", help=SPACE_HELP)
    parser.add_argument(
        "--checkpoint", choices=("best", "last"), default="best", help="which checkpoint of a run (default: best)"
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="of a run; default: the GPU when there is one"
    )


def _add_data(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--data", type=Path, metavar="DATA.h5", help=f"{what} (default: the run's own)")


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of what is drawn at random (default: 0)")


def add_sample(parser: argparse.ArgumentParser) -> None:
    add_space(parser)
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="OUT",
        help="new .png: a sheet; new folder or .h5: each picture alone; new .mp4: a walk through samples")  # fmt: skip
    add("--count", type=positive(int), default=64, metavar="N", help="pictures of a sheet or folder (default: 64)")
    add("--segments", type=positive(int), default=30, metavar="N", help="of the walk, each a straight line (30)")
    add("--steps", type=positive(int), default=11, metavar="N", help="pictures of each segment (11)")
    add("--fps", type=positive(float), default=25.0, metavar="N", help="of the walk (25)")
    add("--as-footage", action="store_true", help="draw as the footage spreads, not from N(0, 1)")
    _add_data(parser, "the footage for --as-footage")
    _add_seed(parser)


def run_sample(args: argparse.Namespace) -> int:
    from models.common.picture_writers import check_free, is_video
    from models.latent import walks
    from models.latent.space import latents_of, open_space

    check_free(args.output)
    space = open_space(args.space, args.checkpoint, args.device)
    footage = latents_of(space, args.data) if args.as_footage else None
    if is_video(args.output):
        corners = walks.draw_points(space, args.segments + 1, args.seed, footage)
        count = walks.write_film(space, walks.through(corners, args.steps), args.output, args.fps)
    else:
        points = walks.draw_points(space, args.count, args.seed, footage)
        count = walks.write_samples(space, points, args.output)
    print(f"{args.output}: {count} pictures")
    return 0


def add_morph(parser: argparse.ArgumentParser) -> None:
    add_space(parser)
    add = parser.add_argument
    place = "a row number of the data set, a picture file, or random"
    add("a", metavar="A", help=f"where to begin: {place}")
    add("b", metavar="B", help="where to end: likewise")
    add("-o", "--output", type=Path, required=True, metavar="OUT",
        help="new .png: strips, linear above spherical; new .mp4, .h5, folder: linear left of spherical")  # fmt: skip
    add("--steps", type=positive(int), default=12, metavar="N", help="pictures from A to B (default: 12)")
    add("--path", choices=("linear", "spherical", "both"), default="both", help="how to go (default: both)")
    add("--fps", type=positive(float), default=12.0, metavar="N", help="of a video (12)")
    _add_data(parser, "the data set that rows belong to, or whose person a picture shows")
    _add_seed(parser)


def run_morph(args: argparse.Namespace) -> int:
    from models.common.picture_writers import check_free
    from models.latent import walks
    from models.latent.space import open_space
    from puppet.core.errors import DataError

    check_free(args.output)
    if args.steps < 2:
        raise DataError("--steps: a morph has at least 2 pictures, its two ends")
    space = open_space(args.space, args.checkpoint, args.device)
    places = [walks.place_of(space, text, args.data, args.seed + i) for i, text in enumerate((args.a, args.b))]
    count = walks.write_morph(space, places, walks.Paths(args.path), args.steps, args.output, args.fps)
    print(f"{args.output}: {count} pictures")
    return 0


def add_walk(parser: argparse.ArgumentParser) -> None:
    add_space(parser)
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="OUT.mp4", help="new video")
    add("--seconds", type=positive(float), default=20.0, metavar="N", help="length (default: 20)")
    add("--fps", type=positive(float), default=25.0, metavar="N", help="pictures per second (25)")
    _add_data(parser, "the footage that tells which dimensions are useful, and how wide")
    _add_seed(parser)


def run_walk(args: argparse.Namespace) -> int:
    from models.common.picture_writers import check_free
    from models.latent import walks
    from models.latent.space import latents_of, open_space

    walks.check_film_name(args.output)
    check_free(args.output)
    space = open_space(args.space, args.checkpoint, args.device)
    pictures = max(1, round(args.seconds * args.fps))
    points = walks.random_walk(latents_of(space, args.data), pictures, args.seed)
    count = walks.write_film(space, points, args.output, args.fps)
    print(f"{args.output}: {count} pictures")
    return 0


def add_analyze(parser: argparse.ArgumentParser) -> None:
    add_space(parser)
    add = parser.add_argument
    add("data", type=Path, metavar="DATA.h5", help="data set made by `python -m models prepare`")
    add("-o", "--output", type=Path, required=True, metavar="REPORT_DIR", help="new folder")
    add("--frames", type=positive(int), default=2000, metavar="N", help="look at so many, evenly spread (2000)")
    add("--against", metavar="OTHER", help="another run or actor, such as an autoencoder of the same data")
    add("--morph", nargs=2, type=seed, action="append", default=[], metavar=("A", "B"),
        help="morph row A of the data set to row B; may be given again (default: random rows)")  # fmt: skip
    add(
        "--labels", type=Path, metavar="FILE", help="list of attributes, as CelebA's list_attr_celeba.txt or a CSV file"
    )
    add("--no-tsne", action="store_true", help="leave t-SNE out")
    _add_seed(parser)


def run_analyze(args: argparse.Namespace) -> int:
    from models.latent.analysis.report import Options, analyze

    options = Options(
        args.frames, args.seed, not args.no_tsne, tuple((a, b) for a, b in args.morph), args.against, args.labels,
        args.checkpoint, args.device,
    )  # fmt: skip
    print(f"{analyze(args.space, args.data, args.output, options)}: open it in a browser")
    return 0
