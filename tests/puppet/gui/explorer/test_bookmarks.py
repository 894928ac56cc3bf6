"""Bookmarks of the explorer: kept, gone to, deleted, damaged."""

from __future__ import annotations

from explorer_user import User, point
from tiny_actor import explorable_actor

from puppet.actor.runtime import load_actor
from puppet.explore.bookmarks import Bookmarks


def test_bookmarks_are_kept_gone_to_and_deleted(user, qtbot, tmp_path):
    places = user.window.bookmarks
    user.window.tabs.setCurrentIndex(2)
    user.type("r")
    face = user.somewhere()
    qtbot.keyClicks(places.name, "smile")
    user.click(places.add)
    user.type("b smile")
    assert "a place called smile already" in user.told()
    user.window.face.command.clear()
    user.type("0")
    user.click(places.add)  # without a name
    assert [places.list.item(i).text() for i in range(places.list.count())] == ["smile", "face 2"]
    assert not places.list.item(0).icon().isNull()
    places.list.setCurrentRow(0)
    user.click(places.go)
    user.sees(face)
    user.type("g face 2")
    user.sees(point())

    later = User(qtbot, tmp_path)  # another start
    later.type("g smile")
    later.sees(face)

    places.list.setCurrentRow(1)
    user.click(places.delete)
    assert list(Bookmarks(tmp_path / "bookmarks").load(user.actor.card)) == ["smile"]
    user.click(user.window.banners.banners[-1].button)
    assert list(Bookmarks(tmp_path / "bookmarks").load(user.actor.card)) == ["smile", "face 2"]


def test_damaged_bookmarks_are_set_aside_and_said(qtbot, tmp_path):
    actor = explorable_actor(tmp_path / "tiny.actor")
    file = Bookmarks(tmp_path / "bookmarks").file(load_actor(actor, "cpu").card)
    file.parent.mkdir()
    file.write_text("{]")
    user = User(qtbot, tmp_path, actor)
    assert "set aside" in user.told()
    assert user.window.bookmarks.list.count() == 0
