"""Arguments that the commands on a latent space share."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.common.arguments import seed

SPACE_HELP = "run folder of `puppet train`, an .actor file, or the name of an installed actor"


def add_space_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run or actor, and of a run which checkpoint and device."""
    parser.add_argument("space", metavar="RUN_OR_ACTOR", help=SPACE_HELP)
    parser.add_argument(
        "--checkpoint", choices=("best", "last"), default="best", help="which checkpoint of a run (default: best)"
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="of a run; default: the GPU when there is one"
    )


def add_data_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """The option --data; what: what the data set is used for, in its help."""
    parser.add_argument("--data", type=Path, metavar="DATA.h5", help=f"{what} (default: the run's own)")


def add_seed_argument(parser: argparse.ArgumentParser) -> None:
    """The option --seed, 0 by default."""
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of what is drawn at random (default: 0)")
