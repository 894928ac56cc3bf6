"""Which source and which actor the window begins with."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from puppet.commands.window import NO_CAMERA, choose_actor, choose_source
from puppet.core.errors import ActorFileError


def test_which_source(tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    assert choose_source("7", "Front", ["Front"]) == ("7", None)
    assert choose_source(None, "Back", ["Front", "Back"]) == ("Back", None)
    assert choose_source(None, "", ["Front", "Back"]) == ("Front", None)
    assert choose_source(None, "", []) == ("demo", NO_CAMERA)
    assert choose_source(None, str(clip), []) == (str(clip), None)
    assert choose_source(None, "rtsp://phone/1", []) == ("rtsp://phone/1", None)
    spec, notice = choose_source(None, "Gone", ["Front"])
    assert spec == "Front"
    assert notice is not None
    assert "Gone" in notice
    spec, notice = choose_source(None, str(tmp_path / "gone.mp4"), [])
    assert spec == "demo"
    assert notice is not None
    assert "demo clip" in notice


def test_which_actor(tmp_path, monkeypatch):
    from puppet.actor import catalogue as actor

    there = SimpleNamespace(names=["marble", "ada"])

    def find(name="marble"):
        if name not in there.names:
            raise ActorFileError(f"no actor is called {name!r}")
        return Path(f"{name}.actor")

    monkeypatch.setattr(actor, "find_actor", find)
    monkeypatch.setattr(actor, "list_actors", lambda: [Path(f"{name}.actor") for name in there.names])
    assert choose_actor("ada", "marble") == (Path("ada.actor"), None)
    assert choose_actor(None, "ada") == (Path("ada.actor"), None)
    assert choose_actor(None, "") == (Path("marble.actor"), None)
    path, notice = choose_actor(None, "gone")
    assert path == Path("marble.actor")
    assert notice is not None
    assert "gone" in notice
    with pytest.raises(ActorFileError, match="gone"):
        choose_actor("gone", "ada")
    there.names = ["ada"]
    assert choose_actor(None, "")[0] == Path("ada.actor")
    there.names = []
    path, notice = choose_actor(None, "")
    assert path is None
    assert notice is not None
