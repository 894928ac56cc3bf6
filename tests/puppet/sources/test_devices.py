"""The cameras that the system lists, and whether they can be had."""

from pathlib import Path

import pytest

from puppet.sources import devices as devices_module
from puppet.sources.devices import Camera, list_cameras, probe_device, unique_names


def test_device_files_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "video0").touch()
    assert probe_device(str(tmp_path / "video0")) == "present"
    assert probe_device(str(tmp_path / "video1")) == "absent"
    for number, access in ((13, "denied"), (1, "denied"), (16, "busy"), (19, "absent")):  # EACCES EPERM EBUSY ENODEV
        monkeypatch.setattr(devices_module.os, "open", lambda *_, number=number: _raise(OSError(number, "planted")))
        assert probe_device("/dev/video0") == access


def _raise(problem: Exception):
    raise problem


def test_equal_names_are_numbered():
    twins = [Camera(0, "Cam", "", 1), Camera(2, "Cam", "", 1), Camera(4, "Other", "", 1)]
    assert [camera.name for camera in unique_names(twins)] == ["Cam", "Cam #2", "Other"]


def test_listing_the_cameras_of_this_machine_gives_unique_names():
    names = [camera.name for camera in list_cameras()]
    assert len(set(names)) == len(names)
