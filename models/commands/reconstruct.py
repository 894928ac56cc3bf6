"""`puppet reconstruct`: a driver's video or data set -> pictures of the actor."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.commands.space_arguments import add_space_arguments

EXAMPLE = "puppet reconstruct runs/ada friend.mp4 -o friend-as-ada.mp4 --compare"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Space, driver and output."""
    add = parser.add_argument
    add_space_arguments(parser)
    add("input", metavar="INPUT", help="video, image folder or DATA.h5 of the person who drives")
    add("-o", "--output", type=Path, required=True, metavar="OUT",
        help="new .mp4 file, new .h5 file, or new folder for PNG files")  # fmt: skip
    add("--compare", action="store_true", help="the driver to the left of the actor")


def run(args: argparse.Namespace) -> int:
    """Write the pictures; the exit code. Raises PuppetError."""
    from models.latent.reconstruct import reconstruct

    count = reconstruct(args.space, args.input, args.output, args.compare, args.device, args.checkpoint)
    print(f"{args.output}: {count} pictures")
    return 0
