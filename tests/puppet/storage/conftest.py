"""Tests of storage have a configuration folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's own folder."""
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "own"))
    return tmp_path / "own"
