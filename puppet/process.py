"""The process before its first library: what this program never wants, in every process of it. Standard library only.

`import puppet` calls `prepare`, and `models` and `export` import puppet first, so commands, workers and children all
have it; children inherit the environment besides.
"""

from __future__ import annotations

import locale
import os
from collections.abc import MutableMapping

# every category of the C library's locale but LC_NUMERIC
OTHER_CATEGORIES = (
    *("LC_CTYPE", "LC_COLLATE", "LC_MESSAGES", "LC_MONETARY", "LC_TIME", "LC_PAPER", "LC_NAME", "LC_ADDRESS"),
    *("LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION"),
)

_numbers: str | None = None  # the user's locale for numbers, as the environment named it


def prepare() -> None:
    """Set what has to be set before any library is loaded. Idempotent."""
    global _numbers
    # onnxruntime's wheels report usage to their maker from the import on, with a device id and a database in the
    # user's cache folder; its own switch comes too late
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    named = plain_numbers(os.environ)
    if _numbers is None:
        _numbers = named
    keep_plain_numbers()


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


def user_numbers() -> str:
    """The locale in which the user reads numbers, as the environment named it: "de_DE.UTF-8"; "" when it named none."""
    return _numbers or ""


def spare_cores() -> None:
    """One thread for numpy's OpenBLAS where the user named no other number; before numpy is loaded.

    For what plays live: idle threads of it spin, a whole core for as long as a face plays. Training keeps them.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
