"""Readers that misbehave in every way the fuzzer must notice, and one that does not."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from fuzz.target import Target
from fuzz.values import canary


def _on_mutants(act):
    """A reader that behaves with the valid file, and does `act` with any other."""

    def read(path: Path) -> None:
        if path.read_bytes() != b"valid":
            act(path)

    return read


def _fill_memory(_: Path) -> None:
    block = bytearray(1_200 << 20)
    block[:: 1 << 12] = bytes(len(block[:: 1 << 12]))


def _refuse(_: Path) -> None:
    raise ValueError("not a file of this kind")


def _colour(_: Path) -> None:
    raise ValueError("red: \x1b[31m")


READERS = {
    "good": (_refuse, 10.0),
    "crash": (lambda _: os.kill(os.getpid(), signal.SIGSEGV), 10.0),
    "hang": (lambda _: time.sleep(60), 0.5),
    "memory": (_fill_memory, 10.0),
    "exception": (lambda _: {}["missing"], 10.0),
    "message": (_colour, 10.0),
    "touched": (lambda _: Path(canary()).read_bytes(), 10.0),
}

TARGETS = {
    name: Target(
        name, lambda _: [b"valid"], lambda random, data: data + random.randbytes(3), _on_mutants(act), ".bin",
        ("ValueError",), limit,
    )
    for name, (act, limit) in READERS.items()
}  # fmt: skip
