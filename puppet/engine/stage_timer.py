"""Milliseconds that the stages of one step take."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager


class StageTimer:
    """Measures stages by name: `with stages("decode"): ...`; a stage that comes again adds up.

    known: milliseconds of the stages before.
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self.milliseconds: dict[str, float] = dict(known or {})

    @contextmanager
    def __call__(self, name: str) -> Generator[None, None, None]:
        """Measure what runs within."""
        begun = time.perf_counter()
        yield
        self.milliseconds[name] = self.milliseconds.get(name, 0.0) + (time.perf_counter() - begun) * 1e3
