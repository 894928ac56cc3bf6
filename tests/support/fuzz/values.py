"""Hostile values that every mutator uses: numbers, texts, and edits of single bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from random import Random

Mutator = Callable[[Random, bytes], bytes]


CANARY_VARIABLE = "FUZZ_CANARY"  # environment: a file that nothing may open


NUMBERS = (0, 1, 2, 7, 8, 127, 128, 255, 256, 511, 4096, 32767, 32768, 65535, 65536, 10**6, 2**24, 2**31 - 1, 2**31)
NUMBERS = (*NUMBERS, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1)


MENDED = 0.85  # how often a checksum is made right again


def canary() -> str:
    return os.environ.get(CANARY_VARIABLE, "/nonexistent/canary")


def number(random: Random) -> int:
    return random.choice(NUMBERS) * random.choice((1, 1, 1, -1)) + random.choice((0, 0, 0, 1, -1))


def text(random: Random) -> str:
    """What no card, settings file or list should bring anybody to do anything with."""
    path = canary()
    return random.choice((
        "", " ", "\0", "a\0b", "\x1b[2J\x1b]0;x\x07", "\ud800", "\udcff", "\u202egnp", "\u2028", "\r\n", "x" * 70,
        "x" * 100_000, f'<img src="file://{path}">', f'<html><a href="file://{path}">x</a>', path, f"file://{path}",
        "../../../x", "..", ".", "/", "/dev/zero", "CON", "nul.actor", "-o", "%s%n%d", "NaN", "1e999", "0,5", "None",
        "__class__", "𝕏" * 30, "é" * 64, "http://127.0.0.2:9/x", "concat:a|b", "pipe:0",
    ))  # fmt: skip


def some_bytes(random: Random, data: bytes) -> bytes:
    """A few edits anywhere; half of them near the beginning, where headers are."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        if not changed:
            return random.randbytes(random.randrange(64))
        reach = len(changed) if random.random() < 0.5 else min(len(changed), 200)
        at = random.randrange(reach)
        kind = random.randrange(7)
        if kind == 0:
            changed[at] ^= 1 << random.randrange(8)
        elif kind == 1:
            changed[at] = random.randrange(256)
        elif kind == 2:
            packed = struct.pack(random.choice((">I", "<I")), number(random) & 0xFFFFFFFF)
            changed[at : at + 4] = packed
        elif kind == 3:
            del changed[at : at + random.choice((1, 4, 32, 1000))]
        elif kind == 4:
            changed[at:at] = changed[at : at + random.choice((1, 4, 32, 1000))]
        elif kind == 5:
            changed[at:at] = random.randbytes(random.choice((1, 4, 32)))
        else:
            del changed[at:]
    return bytes(changed)
