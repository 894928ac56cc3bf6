"""`puppet cameras`."""

from __future__ import annotations

import pytest

from puppet import cli
from puppet.sources.devices import Camera


def test_cameras_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("puppet.commands.cameras.list_cameras", lambda: [Camera(2, "Desk", "/dev/video2", 200)])
    assert cli.main(["cameras"]) == 0
    assert capsys.readouterr().out == "2  Desk  /dev/video2\n"
    monkeypatch.setattr("puppet.commands.cameras.list_cameras", list)
    assert cli.main(["cameras"]) == 0
    assert "No camera" in capsys.readouterr().err
