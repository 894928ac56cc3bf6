"""How much room is left for recordings."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from puppet.output import disk as disk_module
from puppet.output.disk import DiskSpace, disk_space


def test_disk_space_is_told_and_low_space_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 64_000_000_000
    monkeypatch.setattr(disk_module.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert str(disk_space(tmp_path / "not" / "yet" / "there")) == "64 GB free"
    assert str(disk_space(tmp_path, 1e6)) == "64 GB free, enough for 18 h"
    assert not disk_space(tmp_path, 1e6).low
    free = 3_000_000_000
    space = disk_space(tmp_path, 20e6)
    assert (str(space), space.low) == ("3.0 GB free, enough for 2 min", True)
    free = 500_000_000
    assert disk_space(tmp_path).low
    assert DiskSpace(None) == DiskSpace(None, None)
    assert not DiskSpace(None).low
