"""Morphs that become videos, and morphs into another actor."""

from __future__ import annotations

import numpy as np
import pytest
from explorer_user import clipboard, point
from planted_window import ROOM
from tiny_actor import tiny_actor
from video_fixtures import read_video

from puppet.explore.latent_text import to_text
from puppet.gui.explorer.morph_panel import MEAN, NOW


def test_a_morph_is_exported_as_a_video_that_plays_back(two_places, tmp_path):
    user = two_places
    user.click(user.window.morph.export)
    assert user.window.morph.export.text() == "Stop"
    user.qtbot.waitUntil(lambda: "tiny-morph.mp4 (1.0 s)" in user.told(), timeout=ROOM)
    assert user.window.morph.export.text() == "Export video…"
    (video,) = (tmp_path / "films").glob("*.mp4")
    images = read_video(video)
    assert len(images) == 30
    places = [centre(image) for image in images]
    assert places[0] == pytest.approx(31.5 - 8, abs=1)
    assert places[-1] == pytest.approx(31.5 + 8, abs=1)
    assert (np.diff(places) > -0.6).all()
    assert b"Visible badge: on" in video.read_bytes()  # the tiny actor's pictures have no room for it


def test_videos_have_no_badge_where_that_is_switched_off(two_places, tmp_path):
    user = two_places
    user.badge = False
    user.click(user.window.morph.export)
    user.qtbot.waitUntil(lambda: "tiny-morph.mp4 (1.0 s)" in user.told(), timeout=30_000)
    (video,) = (tmp_path / "films").glob("*.mp4")
    assert b"Visible badge: switched off by the user" in video.read_bytes()


def centre(image: np.ndarray) -> float:
    """x of the middle of the chequered square, px: where the picture is not grey-blue."""
    return float(np.flatnonzero((np.abs(image[..., 2].astype(int) - 100) > 25).mean(0) > 0.2).mean())


def test_an_export_can_be_stopped_and_what_there_is_is_kept(two_places, tmp_path):
    user = two_places
    user.choose(user.window.morph.seconds, "20 s")
    user.click(user.window.morph.export)
    user.click(user.window.morph.export)
    user.qtbot.waitUntil(lambda: user.window.morph.export.text() == "Export video…", timeout=ROOM)
    films = list((tmp_path / "films").glob("*.mp4"))
    assert all(len(read_video(video)) < 600 for video in films)


def test_a_morph_into_another_actor(user, tmp_path):
    tiny_actor(user.other)
    user.window.set_actor(user.actor)  # the list is read anew
    user.window.tabs.setCurrentIndex(2)
    user.sees(point())
    clipboard().setText(to_text(point(d0=-1)))
    user.click(user.window.face.paste)
    box = user.window.morph.other
    assert [box.itemText(i) for i in range(box.count())] == ["The same actor", "Into other"]
    user.choose(box, "Into other")
    assert not user.window.morph.end.isEnabled()
    user.choose(user.window.morph.start, NOW)
    user.choose(user.window.morph.seconds, "1 s")
    user.click(user.window.morph.play)
    user.sees(point())  # the other one's mean face looks like that
    user.click(user.window.morph.export)
    user.qtbot.waitUntil(lambda: "tiny-other-morph.mp4 (1.0 s)" in user.told(), timeout=ROOM)
    (video,) = (tmp_path / "films").glob("*.mp4")
    images = read_video(video)
    assert len(images) == 30
    assert video.read_bytes().count(user.actor.card.consent.encode()) >= 2  # both actors' statements
    assert centre(images[-1]) - centre(images[0]) == pytest.approx(8, abs=1)


def test_another_actor_that_cannot_be_loaded_is_said(user):
    user.other.write_bytes(b"no actor")
    user.choose(user.window.morph.other, "Into other")
    user.choose(user.window.morph.start, MEAN)
    user.click(user.window.morph.play)
    user.qtbot.waitUntil(lambda: "other.actor" in user.told(), timeout=ROOM)
