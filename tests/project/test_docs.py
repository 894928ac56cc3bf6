"""The documents name only files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FILE = re.compile(r"`([\w./-]+\.py)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def missing_files(text: str) -> list[str]:
    """Python files named in backquotes, in full or by the end of their path, that are not in the tree."""
    rooms = [path for top in ("puppet", "models", "export", "tests", ".ci") for path in (ROOT / top).rglob("*.py")]
    known = [f"/{path.relative_to(ROOT).as_posix()}" for path in [*rooms, *(ROOT / "docs").glob("*.py")]]
    return [name for name in FILE.findall(text) if not any(path.endswith(f"/{name}") for path in known)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert missing_files(text) == []
    for target in LINK.findall(text):
        assert (document.parent / target).exists(), target


def test_a_file_that_is_not_there_is_found() -> None:
    assert missing_files("see `puppet/face/align.py`, `face/align.py` and `face/unheard_of.py`") == [
        "face/unheard_of.py"
    ]
