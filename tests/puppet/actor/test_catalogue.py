"""Actors are found by name and by file; previews are read without the networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_actor as tiny

from puppet.actor import catalogue
from puppet.actor.catalogue import find_actor, list_actors, read_preview
from puppet.core.errors import ActorFileError
from puppet.inference import session


@pytest.fixture
def folders(tmp_path, monkeypatch):
    built_in, user = tmp_path / "built-in", tmp_path / "user"
    built_in.mkdir()
    monkeypatch.setattr(catalogue, "BUILT_IN", built_in)
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(user))
    return built_in, user


def test_actors_are_found_by_name(folders):
    built_in, user = folders
    marble = tiny.tiny_actor(built_in / "marble.actor")
    assert list_actors() == [marble]  # the user's folder need not exist
    user.mkdir()
    zoe = tiny.tiny_actor(user / "Zoe.actor")
    (user / "notes.txt").write_text("no actor")
    (user / ".Zoe.actor.1.partial").write_text("no actor yet")
    assert list_actors() == [marble, zoe]
    assert find_actor() == marble
    assert find_actor("MARBLE") == marble
    assert find_actor("zoe") == zoe
    own = tiny.tiny_actor(user / "Marble.actor")
    assert find_actor("marble") == own


def test_an_unknown_name_lists_the_names_there_are(folders):
    built_in, user = folders
    with pytest.raises(ActorFileError, match="no actor is called 'marbel'; there are: none"):
        find_actor("marbel")
    tiny.tiny_actor(built_in / "marble.actor")
    with pytest.raises(ActorFileError, match=f"there are: marble. Put more into {user}"):
        find_actor("marbel")


def test_actors_are_found_by_file(tmp_path, folders, monkeypatch):
    path = tiny.tiny_actor(tmp_path / "x.actor")
    assert find_actor(str(path)) == path
    monkeypatch.chdir(tmp_path)
    assert find_actor("x.actor") == Path("x.actor")
    with pytest.raises(ActorFileError, match="no such actor file"):
        find_actor(str(tmp_path / "y.actor"))
    with pytest.raises(ActorFileError, match="no such actor file"):
        find_actor("folder/y")


def test_the_preview_is_read_without_the_networks(tmp_path, monkeypatch):
    path = tiny.tiny_actor(tmp_path / "x.actor")
    monkeypatch.setattr(session.ort, "InferenceSession", None)
    preview = read_preview(path)
    assert np.abs(preview[..., ::-1].astype(int) - tiny.texture()).max() <= 5  # the neutral's mouth brightens it
