"""Texts that come from outside (names of files, above all) on a terminal: always printable, always one line."""

from __future__ import annotations

import io
import sys
import unicodedata

BENDING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # these change the order of what follows


def printable(text: str) -> str:
    """`text` with line ends, control characters and bytes that are no UTF-8 (lone surrogates) as escapes."""
    return "".join(_escaped(c) if _harms(c) else c for c in text)


def print_anything() -> None:
    """Let stdout show as an escape what the terminal's encoding does not have; stderr does so anyway."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _harms(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in BENDING


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
