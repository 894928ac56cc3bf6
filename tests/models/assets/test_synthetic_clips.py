"""The truth of a synthetic clip is validated."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.assets.synthetic_clips import read_person
from puppet.core.errors import DataError


def test_a_clips_truth_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"PK nothing")
    with pytest.raises(DataError, match="holds no truth"):
        read_person(tmp_path / "x.mp4")
