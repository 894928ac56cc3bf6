"""`puppet sample`: points of a latent space drawn at random -> pictures, or a video."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.commands.space_arguments import add_data_argument, add_seed_argument, add_space_arguments
from models.common.arguments import positive

EXAMPLE = "puppet sample runs/ada -o samples.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Space, output, how many pictures, and how they are drawn."""
    add_space_arguments(parser)
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="OUT",
        help="new .png: a sheet; new folder or .h5: each picture alone; new .mp4: a walk through samples")  # fmt: skip
    add("--count", type=positive(int), default=64, metavar="N", help="pictures of a sheet or folder (default: 64)")
    add("--segments", type=positive(int), default=30, metavar="N", help="of the walk, each a straight line (30)")
    add("--steps", type=positive(int), default=11, metavar="N", help="pictures of each segment (11)")
    add("--fps", type=positive(float), default=25.0, metavar="N", help="of the walk (25)")
    add("--as-footage", action="store_true", help="draw as the footage spreads, not from N(0, 1)")
    add_data_argument(parser, "the footage for --as-footage")
    add_seed_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the pictures; the exit code. Raises PuppetError."""
    from models.common.picture_writers import check_free, is_video
    from models.latent import walks
    from models.latent.encoding import latents_of
    from models.latent.open_space import open_space

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
