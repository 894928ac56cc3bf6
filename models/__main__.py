"""The commands of `puppet` that train: footage -> data set -> actor -> pictures and figures of it.

`puppet COMMAND` runs them in a checkout and in an installed program, `python -m models COMMAND` in a checkout alone.
"""

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
from puppet.new_actor import training_code
from puppet.process.environment import print_anything
from puppet.process.log import add_verbose, command_first, explained, start
from puppet.process.signals import exit_code, terminating

logger = logging.getLogger("models")
DESCRIPTION = "Footage -> data set -> actor -> pictures and figures of it."


class Command(Protocol):
    """What a module of models/commands holds: an example, its arguments, its work."""

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


COMMANDS: dict[str, Command] = {  # in the order of --help; what each does is said in `training_code.COMMANDS`
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
    parser = argparse.ArgumentParser(
        prog="python -m models", description=DESCRIPTION, epilog=f"example: {train.EXAMPLE}"
    )
    subparsers = parser.add_subparsers(prog="puppet", dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        line = training_code.COMMANDS[name]
        sub = subparsers.add_parser(
            name, help=line, description=f"{line[0].upper()}{line[1:]}.", epilog=f"example: {module.EXAMPLE}"
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

    start(f"puppet {args.command}", args.verbose)
    recover_and_report()
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            with terminating():
                return args.run_command(args)
        except KeyboardInterrupt as stop:
            return exit_code(stop)
        except Exception as error:
            problem = explained(error, f"puppet {args.command}")
            logger.error("%s", problem)
            print(f"error: {one_line(text_without_secrets(str(problem)), None)}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
