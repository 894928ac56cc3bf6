"""Named footage and a name for its data set."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    """Named footage; the fakes decide what it shows."""
    path = tmp_path / "planted.mp4"
    path.write_bytes(b"planted")
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "data.h5"
