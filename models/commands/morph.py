"""`puppet morph`: two points of a latent space -> pictures from one to the other."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.commands.space_arguments import add_data_argument, add_seed_argument, add_space_arguments
from models.common.arguments import positive

EXAMPLE = "puppet morph runs/ada 12 900 -o morph.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Space, the two ends, output, and which ways."""
    add_space_arguments(parser)
    add = parser.add_argument
    place = "a row number of the data set, a picture file, or random"
    add("a", metavar="A", help=f"where to begin: {place}")
    add("b", metavar="B", help="where to end: likewise")
    add("-o", "--output", type=Path, required=True, metavar="OUT",
        help="new .png: strips, linear above spherical; new .mp4, .h5, folder: linear left of spherical")  # fmt: skip
    add("--steps", type=positive(int), default=12, metavar="N", help="pictures from A to B (default: 12)")
    add("--path", choices=("linear", "spherical", "both"), default="both", help="how to go (default: both)")
    add("--fps", type=positive(float), default=12.0, metavar="N", help="of a video (12)")
    add_data_argument(parser, "the data set that rows belong to, or whose person a picture shows")
    add_seed_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the pictures; the exit code. Raises PuppetError."""
    from models.common.picture_writers import check_free
    from models.latent import walks
    from models.latent.open_space import open_space
    from puppet.core.errors import DataError

    check_free(args.output)
    if args.steps < 2:
        raise DataError("--steps: a morph has at least 2 pictures, its two ends")
    space = open_space(args.space, args.checkpoint, args.device)
    ends = [walks.point_of(space, text, args.data, args.seed + i) for i, text in enumerate((args.a, args.b))]
    count = walks.write_morph(space, ends, walks.Paths(args.path), args.steps, args.output, args.fps)
    print(f"{args.output}: {count} pictures")
    return 0
