"""What a target of the fuzzer is: a format, valid files to begin from, and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz.values import Mutator

LIMIT = 10.0  # s a reader may take


@dataclass(frozen=True)
class Target:
    """One format and its reader.

    seeds: a scratch folder -> valid files' contents. read: the folder of the mutant and its path; raises what the
    reader raises. refusals: names of exceptions, or of their bases, that refuse. suffix: of the mutant's file.
    """

    name: str
    seeds: Callable[[Path], list[bytes]]
    mutate: Mutator
    read: Callable[[Path], Any]
    suffix: str
    refusals: tuple[str, ...] = ("PuppetError",)
    limit: float = LIMIT
