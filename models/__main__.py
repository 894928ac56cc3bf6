"""`python -m models COMMAND`: footage -> data set -> actor -> pictures and figures of it."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from models.commands import latent
from models.common.arguments import positive, seed
from models.networks.config import PRESETS
from puppet.core.errors import PuppetError
from puppet.core.texts import one_line
from puppet.process.environment import print_anything
from puppet.process.log import add_verbose, explained, start
from puppet.process.signals import exit_code, terminating

logger = logging.getLogger("models")

# Everything heavy is imported by the command that needs it, so that --help is instant.

PREPARE_EXAMPLE = "python -m models prepare footage.mp4 -o data.h5"
TRAIN_EXAMPLE = "python -m models train data.h5 -o runs/ada --minutes 60"
RECONSTRUCT_EXAMPLE = "python -m models reconstruct runs/ada friend.mp4 -o friend-as-ada.mp4 --compare"
EVALUATE_EXAMPLE = (
    "python -m models evaluate --actor marble footage=marble.mp4 run=runs/marble "
    "--clips talk.mp4 smile.mp4 --judge transfer_score.py -o fidelity"
)


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    from models.data.prepare import add_prepare_arguments

    add_prepare_arguments(parser)


def _prepare(args: argparse.Namespace) -> int:
    from models.data.prepare import run_prepare

    return run_prepare(args)


def _add_train(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data", type=Path, metavar="DATA.h5", help="data set made by `python -m models prepare`")
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="RUN_DIR",
        help="new folder; with --resume, one to go on with",
    )
    add("--preset", choices=sorted(PRESETS), help=f"what to train (default: {default_preset()})")
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


def _train(args: argparse.Namespace) -> int:
    from models.training.distributed import team
    from models.training.trainer import Overrides, train

    overrides = Overrides(args.steps, args.minutes, args.batch_size, args.seed, args.mirror)
    if args.resume and args.preset is not None:
        raise PuppetError("--preset cannot be given with --resume: a run keeps the preset that it was started with")
    config = None if args.resume else PRESETS[args.preset or default_preset()]
    with team() as processes:
        saved = train(args.data, args.output, config, overrides, args.device, args.threads, args.driver, processes)
    if not processes.leads:
        return 0
    print(f"{saved.folder}: step {saved.step}. Make an actor of it with: python -m export {args.output} -o NAME.actor")
    return 0


def _add_reconstruct(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    latent.add_space(parser)
    add("input", metavar="INPUT", help="video, image folder or DATA.h5 of the person who drives")
    add("-o", "--output", type=Path, required=True, metavar="OUT",
        help="new .mp4 file, new .h5 file, or new folder for PNG files")  # fmt: skip
    add("--compare", action="store_true", help="the driver to the left of the actor")


def _reconstruct(args: argparse.Namespace) -> int:
    from models.latent.reconstruct import reconstruct

    count = reconstruct(args.space, args.input, args.output, args.compare, args.device, args.checkpoint)
    print(f"{args.output}: {count} pictures")
    return 0


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
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


def _evaluate(args: argparse.Namespace) -> int:
    from models.fidelity.evaluate import evaluate, parse_subject

    subjects = [parse_subject(words) for words in args.actor]
    print(evaluate(subjects, args.clips, args.judge, args.output, args.force))
    return 0


Command = tuple[str, str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]]
COMMANDS: dict[str, Command] = {  # name -> what it does, an example, its arguments, its work
    "prepare": ("make a data set from footage of one person", PREPARE_EXAMPLE, _add_prepare, _prepare),
    "train": ("train an actor on a data set", TRAIN_EXAMPLE, _add_train, _train),
    "reconstruct": (
        "put somebody's performance on a trained actor",
        RECONSTRUCT_EXAMPLE,
        _add_reconstruct,
        _reconstruct,
    ),
    "sample": (
        "draw pictures at random, or a walk from one to the next",
        latent.SAMPLE_EXAMPLE,
        latent.add_sample,
        latent.run_sample,
    ),
    "morph": ("turn one face into another", latent.MORPH_EXAMPLE, latent.add_morph, latent.run_morph),
    "walk": ("film a random walk along the useful dimensions", latent.WALK_EXAMPLE, latent.add_walk, latent.run_walk),
    "analyze": (
        "report what a latent space has learnt, as one HTML page",
        latent.ANALYZE_EXAMPLE,
        latent.add_analyze,
        latent.run_analyze,
    ),
    "evaluate": ("score actors against clips of unseen people", EVALUATE_EXAMPLE, _add_evaluate, _evaluate),
}


def default_preset() -> str:
    """The best one there is."""
    return next(name for name in ("puppet-256", "seed-int8") if name in PRESETS)


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser; only the named command gets its arguments, for adding them may import much."""
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__, epilog=f"example: {TRAIN_EXAMPLE}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (what, example, add_arguments, run) in COMMANDS.items():
        sub = subparsers.add_parser(name, help=what, description=f"{what.capitalize()}.", epilog=f"example: {example}")
        sub.set_defaults(run_command=run)
        add_verbose(sub)
        if name == command:
            add_arguments(sub)
    return parser


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"warning: {one_line(str(message), None)}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0, or 2 with one line on stderr; 130, 143, 129 after signals."""
    argv = sys.argv[1:] if argv is None else argv
    print_anything()
    args = build_parser(next(iter(argv), None)).parse_args(argv)
    from puppet.output.crash_recovery import recover_and_report  # not before somebody wants more than --help

    start(f"python -m models {args.command}", args.verbose)
    recover_and_report()
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            with terminating():
                return args.run_command(args)
        except KeyboardInterrupt as stop:
            return exit_code(stop)
        except Exception as error:
            problem = explained(error, f"models {args.command}")
            logger.error("%s", problem)
            print(f"error: {one_line(str(problem), None)}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
