"""Actors, a planted tracker, and a machine without a display."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from driven import PlantedTracker
from tiny_actor import tiny_actor

from puppet.actor.runtime import Actor, load_actor
from puppet.commands import performance
from puppet.face import tracking


@pytest.fixture
def actor(tmp_path: Path) -> str:
    return str(tiny_actor(tmp_path / "tiny.actor"))


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> PlantedTracker:
    """Stands for MediaPipe in what is rendered."""
    planted = PlantedTracker()
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: planted)
    return planted


@pytest.fixture
def loaded_actor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """The tiny actor, named Mia; the live tracker is planted too."""
    monkeypatch.setattr(tracking, "FaceMeshTracker", PlantedTracker)
    return load_actor(tiny_actor(tmp_path / "Mia.actor"), "cpu")


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux machine without a desktop."""
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
