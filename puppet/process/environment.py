"""Settings of the process that must be made before the first library is loaded. Standard library only.

`import puppet` calls `prepare`, and `models` and `export` import puppet first, so every process of the program has
them; children inherit the environment.
"""

from __future__ import annotations

import contextlib
import io
import locale
import logging
import os
import re
import sys
from collections.abc import MutableMapping

# every category of the C library's locale but LC_NUMERIC
OTHER_CATEGORIES = (
    *("LC_CTYPE", "LC_COLLATE", "LC_MESSAGES", "LC_MONETARY", "LC_TIME", "LC_PAPER", "LC_NAME", "LC_ADDRESS"),
    *("LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION"),
)

# locales in which i and I are one letter; not every system has each
PLAIN_LETTERS = ("C.UTF-8", "C.utf8", "UTF-8", "en_US.UTF-8", "C")

_NOWHERE = logging.NullHandler()
_numbers: str | None = None  # the user's locale for numbers, as the environment named it


def prepare() -> None:
    """Set what has to be set before any library is loaded. Idempotent."""
    global _numbers
    # onnxruntime's wheels report usage to their maker from the import on, with a device id and a database in the
    # user's cache folder; its own switch comes too late
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # MediaPipe opens OpenGL, and draws nothing with it: no folder for shaders in the user's cache
    os.environ.setdefault("MESA_SHADER_CACHE_DISABLE", "true")
    named = plain_numbers(os.environ)
    if _numbers is None:
        _numbers = named
    keep_plain_numbers()
    plain_letters(os.environ)
    for name in ("puppet", "models", "export"):  # without `log.start`, records are not printed either
        logging.getLogger(name).addHandler(_NOWHERE)


def plain_numbers(environment: MutableMapping[str, str]) -> str:
    """LC_NUMERIC "C" in an environment, every other category as it was; returns the locale that numbers had ("").

    Whoever calls `setlocale(LC_ALL, "")`, as Qt and GTK do, takes LC_NUMERIC from there; LC_ALL would override it.
    """
    everything = environment.pop("LC_ALL", "")
    if everything:
        environment.update(dict.fromkeys(("LANG", *OTHER_CATEGORIES), everything))
    numbers = everything or environment.get("LC_NUMERIC", "") or environment.get("LANG", "")
    environment["LC_NUMERIC"] = "C"
    return numbers


def keep_plain_numbers() -> None:
    """Native code reads and writes 0.5, never 0,5: MediaPipe reads its own descriptions with the process's locale.

    To be called again after whatever may have set the locale (QApplication).
    """
    locale.setlocale(locale.LC_NUMERIC, "C")


def plain_letters(environment: MutableMapping[str, str]) -> None:
    """LC_CTYPE in which the capital of i is I, where the user's has another: in Turkish, Azeri, Kurdish.

    That capital has two bytes, so the C library leaves i as it is, and MediaPipe makes names that it refuses itself.
    """
    if letters_are_plain():
        return
    for name in PLAIN_LETTERS:
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, name)
            if letters_are_plain():
                environment["LC_CTYPE"] = name
                return


def letters_are_plain() -> bool:
    """Whether the C library's toupper, by the process's locale, knows that i and I are one letter."""
    return re.match(b"(?Li)I", b"i") is not None


def user_numbers() -> str:
    """The locale in which the user reads numbers, as the environment named it: "de_DE.UTF-8"; "" when it named none."""
    return _numbers or ""


def spare_cores() -> None:
    """One thread for numpy's OpenBLAS where the user named no other number; before numpy is loaded.

    For what plays live: idle threads of it spin, a whole core for as long as a face plays. Training keeps them.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def print_anything() -> None:
    """Let stdout show as an escape what the terminal's encoding does not have; stderr does so anyway."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
