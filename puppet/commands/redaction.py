"""Texts without what tells who somebody is: paths of files, addresses, names; for bug reports."""

from __future__ import annotations

import getpass
import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

from puppet.process.log import hidden
from puppet.storage.folders import ASSETS

PROGRAM = Path(__file__).resolve().parents[2]
SYSTEM_PATH = re.compile(r"/(?:dev|proc|sys|usr|lib\w*|bin|etc)(?:/[\w.+-]+)+")  # nobody's own files
# A path may hold spaces, so it ends only at a quote, at ": " and at the end of the line: rather too much goes.
PATH_END = r"""[^"'<>|\n]*?(?=["'<>|\n]|:\s|$)"""
PATH = re.compile(rf"(?<![\w<>./\\-])(?:~|[A-Za-z]:)?[/\\]{PATH_END}", re.M)
# A file's name without a folder begins at the last quote, ": " or "=", for the same reason. "puppet.actor.x" is none.
FILE = re.compile(
    r"""(?:(?<=["'=:\]])|^|(?<=:\s))[^"'<>=:\n]*?\.(?:mp4|m4v|mov|mkv|webm|avi|gif|webp|png|apng|jpe?g|bmp|tiff?"""
    r"""|p[bgpn]m|h5|hdf5|actor|npz|npy|json|csv|wav|safetensors|zip|part)\b(?!\.[a-z_])""",
    re.I | re.M,
)
ADDRESS = re.compile(r"[a-zA-Z][\w+.-]*://\S*|\S+@\S+")
NUMBERS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}")
COMMON = {"", "me", "demo", "auto", "localhost", "root"}  # names that tell nothing
BUILT_IN = {path.stem for path in (ASSETS / "actors").iterdir()}


class Redaction:
    """Replaces what is private by placeholders such as <path>, <address>, <user>."""

    def __init__(self, names: Iterable[str], secrets: Iterable[str] = (), versions: Iterable[str] = ()) -> None:
        """names: of users. secrets: other texts to hide, such as files and hosts. versions: numbers that are none."""
        users = {*names, _login(), Path.home().name}
        self._names = _words({name for name in users if name.lower() not in COMMON})
        others = {socket.gethostname(), *secrets}
        self._secrets = _words({text for text in others if text.lower() not in COMMON | BUILT_IN and len(text) > 2})
        self._versions = frozenset(versions)
        own = {str(PROGRAM): "<program>", sys.prefix: "<python>", sys.base_prefix: "<python>"}
        self._own = sorted(own.items(), key=lambda item: -len(item[0]))

    def __call__(self, text: str) -> str:
        """The text, of any number of lines, with placeholders."""
        text = hidden(text)
        for folder, placeholder in self._own:
            text = text.replace(folder, placeholder)
        text = ADDRESS.sub("<address>", text)
        text = PATH.sub(self._path, text)
        text = FILE.sub("<file>", text)
        text = NUMBERS.sub(self._number, text)
        text = self._secrets.sub("<hidden>", text) if self._secrets else text
        return self._names.sub("<user>", text) if self._names else text

    @staticmethod
    def _path(found: re.Match[str]) -> str:
        system = SYSTEM_PATH.match(found[0])
        return found[0] if system is not None and system.end() == len(found[0]) else "<path>"

    def _number(self, found: re.Match[str]) -> str:
        if found[0] in self._versions:
            return found[0]
        try:
            ipaddress.ip_address(found[0])
        except ValueError:
            return "<address>" if found[0].count(":") == 5 else found[0]  # of a network card
        return "<address>"


def _words(texts: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds any of these as whole words, upper and lower case alike; None without any."""
    longest_first = sorted({text for text in texts if text.strip()}, key=len, reverse=True)
    every = "|".join(re.escape(text) for text in longest_first)
    return re.compile(rf"(?<!\w)(?:{every})(?!\w)", re.I) if every else None


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user in the system's list
        return os.environ.get("USERNAME", "")
