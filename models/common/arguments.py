"""Numbers on a command line, refused with words that argparse can show; the command of what is learned from people."""

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
    def parse(text: str) -> float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    parse.__name__ = f"positive {kind.__name__}"  # argparse: "invalid positive int value: '0'"
    return parse


def seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def learn_from_people(
    about: str | None,
    read: Callable[[Path], T],
    learn: Callable[[Sequence[T]], Mapping[str, np.ndarray]],
    argv: Sequence[str] | None,
) -> int:
    """NAMES of synthetic people -> arrays in one file. Exit code: 0, or 2 with one line on stderr for what the user can
    mend.
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
    import numpy as np  # not before somebody wants more than --help

    np.savez_compressed(options.output, **learn(people))  # pyright: ignore
    return 0
