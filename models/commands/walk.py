"""`puppet walk`: a latent space -> a video of a random walk."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.commands.space_arguments import add_data_argument, add_seed_argument, add_space_arguments
from models.common.arguments import positive

EXAMPLE = "puppet walk runs/ada -o walk.mp4 --seconds 20"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Space, output, length and frame rate."""
    add_space_arguments(parser)
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="OUT.mp4", help="new video")
    add("--seconds", type=positive(float), default=20.0, metavar="N", help="length (default: 20)")
    add("--fps", type=positive(float), default=25.0, metavar="N", help="pictures per second (25)")
    add_data_argument(parser, "the footage that tells which dimensions are useful, and how wide")
    add_seed_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the video; the exit code. Raises PuppetError."""
    from models.common.picture_writers import check_free
    from models.latent import walks
    from models.latent.encoding import latents_of
    from models.latent.open_space import open_space

    walks.check_film_name(args.output)
    check_free(args.output)
    space = open_space(args.space, args.checkpoint, args.device)
    pictures = max(1, round(args.seconds * args.fps))
    points = walks.random_walk(latents_of(space, args.data), pictures, args.seed)
    count = walks.write_film(space, points, args.output, args.fps)
    print(f"{args.output}: {count} pictures")
    return 0
