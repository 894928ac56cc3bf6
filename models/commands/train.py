"""`puppet train`: data set -> run folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.common.arguments import positive, seed
from models.networks.config import PRESETS
from puppet.core.errors import PuppetError

EXAMPLE = "puppet train data.h5 -o runs/ada --minutes 60"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Data set, run folder, and what the preset leaves open."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA.h5", help="data set made by `puppet prepare`")
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="RUN_DIR",
        help="new folder; with --resume, one to go on with",
    )
    add(
        "--preset",
        choices=sorted(PRESETS),
        help="what to train (default: puppet-512, -256 or -128, as large as the data set's pictures)",
    )
    add("--steps", type=positive(int), metavar="N", help="end after N optimiser steps")
    add(
        "--minutes",
        type=positive(float),
        metavar="M",
        help="end after M minutes of training, or N steps if both are given and those are done first",
    )
    add("--batch-size", type=positive(int), metavar="N", help="frames a step")
    add("--seed", type=seed, metavar="N", help="start of all random numbers")
    add("--mirror", choices=("auto", "on", "off"), help="show frames of one-sided footage mirrored too "
        "(default: auto, as the data set's report says; the seeds' presets: off)")  # fmt: skip
    add(
        "--threads",
        type=positive(int),
        metavar="N",
        help="CPU threads of each process (default: torch's choice; of several processes, a share of the cores)",
    )
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: the GPU when there is one")
    add("--resume", action="store_true", help="go on with the run in RUN_DIR from its last checkpoint")
    add("--driver", metavar="DATA.h5|VIDEO", help="an unseen face for the sample sheets (default: the demo clip)")


def run(args: argparse.Namespace) -> int:
    """Train, alone or as one process of a team; the exit code. Raises PuppetError."""
    from models.training.distributed import team
    from models.training.run_folder import Overrides
    from models.training.trainer import train

    overrides = Overrides(args.steps, args.minutes, args.batch_size, args.seed, args.mirror)
    if args.resume and args.preset is not None:
        raise PuppetError("--preset cannot be given with --resume: a run keeps the preset that it was started with")
    config = None if args.resume else PRESETS[args.preset or default_preset(args.data)]
    with team() as processes:
        saved = train(args.data, args.output, config, overrides, args.device, args.threads, args.driver, processes)
    if not processes.leads:
        return 0
    folder = f'"{args.output}"' if " " in str(args.output) else args.output
    export = f'puppet export {folder} -o NAME.actor --consent "whose face it is, and that they agreed"'
    print(f"{saved.folder}: step {saved.step}. Make an actor of it with: {export}")
    return 0


def default_preset(data: Path) -> str:
    """The preset of a new run for which none is named: the largest whose pictures the data set fills.

    Raises DataError for a file that is no data set.
    """
    from models.data.dataset import open_dataset

    with open_dataset(data) as dataset:
        side = dataset.size
    sizes = (512, 256, 128)
    return f"puppet-{next((size for size in sizes if side >= size), sizes[-1])}"
