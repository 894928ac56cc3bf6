"""Folders that tests look into, remove, and run programs from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests" / "support"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and open files are different there")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
