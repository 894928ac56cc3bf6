"""`puppet evaluate`: actor files, clips and a judge -> the fidelity table."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = (
    "puppet evaluate --actor marble footage=marble.mp4 run=runs/marble "
    "--clips talk.mp4 smile.mp4 --judge transfer_score.py -o fidelity"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Actors, clips, judge and output folder."""
    add = parser.add_argument
    add(
        "--actor",
        nargs="+",
        action="append",
        required=True,
        metavar=("ACTOR", "KEY=FILE"),
        help="a built-in actor's name or an .actor file, and what is known of it: footage=VIDEO of the real actor, "
        "run=RUN_DIR it was trained in, data=DATA.h5 if that was moved, name=NAME in the table; may be given again",
    )
    add("--clips", nargs="+", type=Path, required=True, metavar="VIDEO", help="the people who drive")
    add("--judge", type=Path, required=True, metavar="SCRIPT.py", help="what scores (docs/fidelity.md)")
    add("-o", "--output", type=Path, required=True, metavar="OUT_DIR", help="for tables, videos and sheets")
    add("--force", action="store_true", help="measure again what OUT_DIR knows already")


def run(args: argparse.Namespace) -> int:
    """Measure, write the tables, print the table of goals; the exit code. Raises PuppetError."""
    from models.fidelity.evaluate import evaluate, parse_subject

    subjects = [parse_subject(words) for words in args.actor]
    print(evaluate(subjects, args.clips, args.judge, args.output, args.force))
    return 0
