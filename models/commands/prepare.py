"""`puppet prepare`: footage -> data set. The arguments are those of models/data/prepare.py."""

from __future__ import annotations

import argparse

EXAMPLE = "puppet prepare footage.mp4 -o data.h5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Footage, output and cleaning rules."""
    from models.data.prepare import add_prepare_arguments

    add_prepare_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the data set and its report; the exit code. Raises PuppetError."""
    from models.data.prepare import run_prepare

    return run_prepare(args)
