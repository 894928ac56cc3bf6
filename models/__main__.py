"""`python -m models COMMAND`: footage -> data set -> actor -> pictures and figures of it."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import Protocol

from models.commands import analyze, evaluate, morph, prepare, reconstruct, sample, train, walk
from puppet.core.addresses import text_without_secrets
from puppet.core.texts import one_line
from puppet.process.environment import print_anything
from puppet.process.log import add_verbose, command_first, explained, start
from puppet.process.signals import exit_code, terminating

logger = logging.getLogger("models")


class Command(Protocol):
    """What a module of models/commands holds: a line for the list of commands, an example, its arguments, its work."""

    @property
    def SUMMARY(self) -> str:
        """One line for the list of commands."""
        ...

    @property
    def EXAMPLE(self) -> str:
        """A command line that shows the usual arguments."""
        ...

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do the work; the exit code. Raises PuppetError."""
        ...


COMMANDS: dict[str, Command] = {  # in the order of --help
    "prepare": prepare,
    "train": train,
    "reconstruct": reconstruct,
    "sample": sample,
    "morph": morph,
    "walk": walk,
    "analyze": analyze,
    "evaluate": evaluate,
}


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser of all commands. Only the named one gets its arguments, since adding them may import much."""
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__, epilog=f"example: {train.EXAMPLE}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        sub = subparsers.add_parser(
            name,
            help=module.SUMMARY,
            description=f"{module.SUMMARY.capitalize()}.",
            epilog=f"example: {module.EXAMPLE}",
        )
        sub.set_defaults(run_command=module.run)
        add_verbose(sub)
        if name == command:
            module.add_arguments(sub)
    return parser


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"warning: {one_line(str(message), None)}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code: 0, or 2 with one line on stderr, or 130, 143, 129 after signals."""
    argv = command_first(sys.argv[1:] if argv is None else argv)
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
            print(f"error: {one_line(text_without_secrets(str(problem)), None)}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
