"""Texts from outside: which are accepted, and how any text is shown in one line of a terminal. Pure."""

from __future__ import annotations

import unicodedata
from typing import Any

JOINERS = "\u200c\u200d"  # written in Persian, in Indian scripts and in emoji; they change no direction
BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters by their category, but nothing is seen
RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", *(f"{d}{n}" for d in ("COM", "LPT") for n in "123456789")}
FORBIDDEN = '<>:"/\\|?*'  # in file names, on one system or another
LONGEST_USER = 40  # characters of a user's name
LONGEST_SHOWN = 200  # characters of a foreign text in a message


def is_plain(text: str, lines: bool = False) -> bool:
    """Whether all of it can be shown as it is.

    It holds no control characters, NUL, lone surrogates, or characters that are invisible or turn the direction of
    writing. lines: newlines and tabs are allowed.
    """
    return text.isascii() and text.isprintable() or all(_is_plain(c) or (lines and c in "\n\t") for c in text)


def is_seen(text: str) -> bool:
    """Whether at least one character is visible."""
    return any(unicodedata.category(c)[0] not in "ZCM" and c not in BLANK for c in text)


def checked(value: Any, longest: int, lines: bool = False) -> str:
    """The value, when it is a plain and visible text of 1 to `longest` characters. Raises ValueError."""
    if not isinstance(value, str) or len(value) > longest or not is_seen(value):
        raise ValueError(f"must be a text of 1 to {longest} characters")
    if not is_plain(value, lines):
        raise ValueError(f"{one_line(value, 60)!r} holds characters that cannot be shown")
    return value


def is_user_name(text: str) -> bool:
    """Whether a text can be a user's name: 1 to LONGEST_USER plain characters, no white space at its ends."""
    return is_plain(text) and is_seen(text) and text == text.strip() and len(text) <= LONGEST_USER


def is_file_name(name: str) -> bool:
    """Whether a plain text can be the name of a file, before its ending, on every system."""
    return (
        is_plain(name)
        and is_seen(name)
        and name == name.strip()
        and name[0] != "."
        and name[-1] != "."
        and not set(name) & set(FORBIDDEN)
        and name.split(".")[0].rstrip().upper() not in RESERVED
    )


def cut_bytes(text: str, most: int) -> str:
    """The beginning of a text, at most `most` bytes of UTF-8, as for file names."""
    return text.encode("utf-8", "ignore")[:most].decode("utf-8", "ignore")


def one_line(text: str, longest: int | None = LONGEST_SHOWN) -> str:
    r"""The text as one line that is safe on a terminal, cut to `longest` characters (None: whole).

    White space becomes a space; what else is not plain becomes an escape such as "\x1b", or "\udce9" in a file name
    that is not UTF-8.
    """
    kept = text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"
    if kept.isascii() and kept.isprintable():
        return kept
    return "".join(c if _is_plain(c) else " " if c.isspace() else _escaped(c) for c in kept)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def _is_plain(character: str) -> bool:
    if character in JOINERS:
        return True
    category = unicodedata.category(character)
    if category == "Cn":  # newer than this Python's tables, or one of the 66 that never will be a character
        return (ord(character) & 0xFFFE) != 0xFFFE and not 0xFDD0 <= ord(character) <= 0xFDEF
    return category[0] != "C" and category not in ("Zl", "Zp")
