"""`puppet analyze`: a latent space and a data set -> the HTML report."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.commands.space_arguments import add_seed_argument, add_space_arguments
from models.common.arguments import positive, seed

EXAMPLE = "puppet analyze runs/ada ada.h5 -o report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Space, data set, output and what the report holds."""
    add_space_arguments(parser)
    add = parser.add_argument
    add("data", type=Path, metavar="DATA.h5", help="data set made by `puppet prepare`")
    add("-o", "--output", type=Path, required=True, metavar="REPORT_DIR", help="new folder")
    add("--frames", type=positive(int), default=2000, metavar="N", help="look at so many, evenly spread (2000)")
    add("--against", metavar="OTHER", help="another run or actor, such as an autoencoder of the same data")
    add("--morph", nargs=2, type=seed, action="append", default=[], metavar=("A", "B"),
        help="morph row A of the data set to row B; may be given again (default: random rows)")  # fmt: skip
    add(
        "--labels", type=Path, metavar="FILE", help="list of attributes, as CelebA's list_attr_celeba.txt or a CSV file"
    )
    add("--no-tsne", action="store_true", help="leave t-SNE out")
    add_seed_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the report; the exit code. Raises PuppetError."""
    from models.latent.analysis.report import Options, analyze

    options = Options(
        args.frames, args.seed, not args.no_tsne, tuple((a, b) for a, b in args.morph), args.against, args.labels,
        args.checkpoint, args.device,
    )  # fmt: skip
    print(f"{analyze(args.space, args.data, args.output, options)}: open it in a browser")
    return 0
