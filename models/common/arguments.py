"""Types for argparse: numbers within their range, with messages that argparse shows; the command line of `assets`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from puppet.core.errors import PuppetError

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


def positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    """Parser of a finite number above 0 of this kind."""

    def parse(text: str) -> float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    parse.__name__ = f"positive {kind.__name__}"  # argparse: "invalid positive int value: '0'"
    return parse


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Parser of a whole number from `least` to `most`."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most} is expected, not {text!r}")
        return int(text)

    return parse


def degrees(text: str) -> float:
    """An angle above 0 and up to 180 degrees."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 180:
        raise argparse.ArgumentTypeError(f"a number of degrees from 0 to 180 is expected, not {text!r}")
    return value


def seed(text: str) -> int:
    """A seed of random numbers: a whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def learn_from_people(
    about: str | None,
    read: Callable[[Path], T],
    learn: Callable[[Sequence[T]], Mapping[str, np.ndarray]],
    argv: Sequence[str] | None,
) -> int:
    """Run a command that learns arrays from synthetic people and writes them to one file; the exit code.

    2, with one line on stderr, for input that cannot be read.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("people", nargs="+", type=Path, help="NAME of NAME.mp4 and NAME.npz")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args(argv)
    try:
        people = [read(path) for path in options.people]
    except PuppetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    import numpy as np  # so that --help does not wait for it

    np.savez_compressed(options.output, **learn(people))  # pyright: ignore
    return 0
