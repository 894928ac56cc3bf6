"""The explorer through its own controls, on a tiny actor whose picture tells its latent.

Latent 0 moves the chequered square 8 px to the right, latent 1 moves it 8 px up, latent 3 brightens the picture. These
are the useful dimensions, numbered 2, 1 and 0 by the file; dimension 0 says most, then 1, then 3.
"""

from __future__ import annotations

import os
import threading

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from explorer_user import LEFT, RIGHT, User
from gui_stage import ROOM
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QClipboard, QGuiApplication
from PyQt6.QtWidgets import QComboBox, QLineEdit, QPushButton, QSlider
from tiny_actor import USEFUL, explorable_actor, tiny_actor
from video_fixtures import read_video

from puppet.actor.runtime import load_actor
from puppet.core.types import Latent
from puppet.explore.bookmarks import Bookmarks
from puppet.explore.latent_text import to_text
from puppet.explore.text_commands import COMMANDS
from puppet.gui.explorer.places import MEAN, NOW
from puppet.gui.explorer.worker import SPREAD
from puppet.gui.kit.widgets import Switch

SIZE = 8
RANKED = {number: USEFUL[number] for number in (2, 1, 0)}  # dimension by the file's number, most useful first


def point(**values: float) -> np.ndarray:
    """point(d0=1, d3=2): f32 (8,)."""
    made = np.zeros(SIZE, np.float32)
    for name, value in values.items():
        made[int(name[1:])] = value
    return made


def clipboard() -> QClipboard:
    board = QGuiApplication.clipboard()
    assert board is not None
    return board


@pytest.fixture
def user(qtbot, tmp_path):
    return User(qtbot, tmp_path)


# --- the mouse ---


def test_the_pair_follows_the_mouse_from_the_bottom_left_to_the_top_right(user):
    for x, y in ((-1, -1), (1, 1), (-1, 1)):
        user.hover(x, y)
        user.sees(point(d0=x, d1=y))  # the two that say most
    user.hover(0.5, -0.25)
    there = user.somewhere()
    assert there[[0, 1]] == pytest.approx((0.5, -0.25), abs=2 / user.pane.picture.width())
    assert not there[2:].any()
    user.choose(user.window.stage.reach, "± 3 σ")
    user.hover(1, -1)
    user.sees(point(d0=3, d1=-3))


def test_outside_the_picture_the_edge_counts(user):
    user.hover(0.4, 0.4)
    assert user.pane.picture.left() > 10
    user.move(QPoint(1, round(user.pane.height() / 2)))
    assert user.somewhere()[0] == -1


def test_a_click_freezes_and_another_one_follows_the_mouse_again(user):
    user.hover(0.5, 0.5)
    here = user.somewhere()
    user.click()
    assert user.window.stage.frozen.isChecked()
    assert "Frozen" in user.pane.note
    user.hover(-1, -1)
    user.sees(here)
    user.click()
    assert not user.window.stage.frozen.isChecked()
    assert not user.pane.note
    user.hover(-0.5, 0)
    assert user.somewhere()[0] == pytest.approx(-0.5, abs=0.01)
    user.qtbot.mouseClick(user.pane, RIGHT)
    assert not user.window.stage.frozen.isChecked()
    user.click(user.window.stage.frozen)
    user.hover(1, 1)
    assert user.somewhere()[0] == pytest.approx(-0.5, abs=0.01)


# --- commands ---


def test_commands_are_typed_into_the_line_or_over_the_picture(user):
    user.type("d 0 2")  # dimension 3 to the right, dimension 0 upwards
    user.hover(1, -1)
    there = user.somewhere()
    assert there[[3, 0]] == pytest.approx((1, -1), abs=0.01)
    assert there[1] == 0
    user.pane.setFocus()
    user.qtbot.keyClick(user.pane, Qt.Key.Key_D)  # the beginning of a longer one
    user.qtbot.keyClicks(user.window.focusWidget(), "1 0")
    user.qtbot.keyClick(user.window.focusWidget(), Qt.Key.Key_Return)
    assert user.window.exploration.pair == (1, 0)
    assert user.window.stage.command.text() == ""


def test_r_shows_another_random_face_within_the_footage(user):
    faces = []
    for way in (lambda: user.type("r"), lambda: user.qtbot.keyClick(user.pane, Qt.Key.Key_R),
                lambda: user.click(user.window.stage.buttons["r"])):  # fmt: skip
        way()
        faces.append(user.somewhere())
    assert all(np.abs(a - b).max() > 0.01 for a, b in zip(faces, [point(), *faces], strict=False))


def test_h_lists_every_command_and_q_quits(user):
    user.type("h")
    for typed, words in COMMANDS.values():
        assert typed in user.told()
        assert words in user.told()
    user.type("q")
    assert user.quits == [True]
    user.qtbot.keyClick(user.pane, Qt.Key.Key_Q)
    assert len(user.quits) == 2


@pytest.mark.parametrize(
    ("typed", "why"),
    [("d 0 9", "There is no 9 among the useful dimensions"), ("d 1 1", "two different"), ("z", "no command 'z'"),
     ("d one two", "Type two numbers"), ("g nowhere", "no bookmark called nowhere"), ("r 2", "stands alone")],
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_stays_to_be_mended(user, typed, why):
    user.type(typed)
    assert why in user.told()
    assert user.window.stage.command.text() == typed
    user.window.stage.command.clear()
    user.type("0")
    assert not user.told()


# --- directions ---


def test_directions_are_listed_by_use_with_what_they_do(user):
    rows = user.window.rows
    user.qtbot.waitUntil(
        lambda: rows.complete and all(not r.pictures[1].pixmap().isNull() for r in rows.rows.values()), timeout=ROOM
    )
    assert list(rows.rows) == list(RANKED)  # as they stand, from the top
    tops = [row.mapTo(user.window, QPoint(0, 0)).y() for row in rows.rows.values()]
    assert tops == sorted(tops)
    for number, row in rows.rows.items():
        before, after = (label.pixmap().toImage() for label in row.pictures)
        assert before != after, f"direction {number} shows no difference"
    moved = [user.actor.decode(Latent(point(d3=s))).image.mean() for s in (-SPREAD, SPREAD)]
    assert moved[1] > moved[0]
    lights = [_light(label.pixmap().toImage()) for label in rows.rows[0].pictures]
    assert lights[1] - lights[0] > 40, "the brighter end is not on the right"


def _light(image) -> float:
    colour = image.pixelColor(2, 2)
    return colour.red() + colour.green() + colour.blue()


def test_sliders_set_every_direction_and_the_mouse_does_not_undo_them(user):
    for number, dimension in RANKED.items():
        user.slide(user.window.rows.rows[number].slider, 10)
        assert user.somewhere()[dimension] == pytest.approx(0.2)
    user.hover(1, 1)
    user.sees(point(d0=0.2, d1=0.2, d3=0.2))
    user.qtbot.mouseDClick(user.window.rows.rows[0].slider.slider, LEFT)
    user.sees(point(d0=0.2, d1=0.2))


def test_arrows_of_a_row_choose_what_the_mouse_moves(user):
    right, up = user.window.rows.rows[0].buttons
    user.click(right)
    assert user.window.exploration.pair == (0, 1)
    user.click(user.window.rows.rows[0].buttons[1])  # it gives its own place away
    assert user.window.exploration.pair == (1, 0)
    assert [b.isChecked() for b in (right, up)] == [False, True]
    user.hover(0.5, 1)
    assert user.somewhere()[[1, 3]] == pytest.approx((0.5, 1), abs=0.01)


def test_other_bases_show_the_same_face_along_other_ways(user):
    user.hover(0.5, 0.5)
    here = user.somewhere()
    user.click()
    user.choose(user.window.stage.basis, "All dimensions")
    user.qtbot.waitUntil(lambda: user.window.rows.complete, timeout=ROOM)
    assert list(user.window.rows.rows) == [0, 1, 3, 2, 4, 5, 6, 7]  # dead ones last
    user.choose(user.window.stage.basis, "Principal axes")
    user.qtbot.waitUntil(lambda: user.window.rows.complete, timeout=ROOM)
    assert list(user.window.rows.rows) == [0, 1]
    user.sees(here)
    assert user.window.rows.rows[0].slider.value == pytest.approx(here[0], abs=0.02)


def test_attributes_are_added_by_their_names(user):
    panel = user.window.attributes
    assert list(panel.sliders) == ["smile", "look_left"]
    user.window.tabs.setCurrentIndex(1)
    user.slide(panel.sliders["smile"], 50)
    user.sees(point(d3=1))
    user.type("0")
    user.sees(point())
    assert panel.sliders["smile"].value == 0


# --- there and back ---


def test_undo_redo_and_reset(user):
    user.hover(0.5, 0.5)
    first = user.somewhere()
    user.slide(user.window.rows.rows[0].slider, 25)
    second = user.somewhere()
    undo, redo, reset = (user.window.stage.buttons[key] for key in "uy0")
    assert not redo.isEnabled()
    user.click(undo)
    user.sees(first)
    user.click(undo)
    user.sees(point())
    assert not undo.isEnabled()
    user.click(redo)
    user.qtbot.keyClick(user.pane, Qt.Key.Key_Y)
    user.sees(second)
    user.click(reset)
    user.sees(point())
    user.click(undo)
    user.sees(second)


def test_a_latent_is_copied_and_pasted_as_text(user):
    board = clipboard()
    user.type("r")
    face = user.somewhere()
    user.click(user.window.stage.copy)
    assert board.text() == to_text(face)
    user.type("0")
    user.sees(point())
    user.click(user.window.stage.paste)
    user.sees(face)
    board.setText("1, 2, 3")
    user.click(user.window.stage.paste)
    assert "3 numbers, 8 are needed" in user.told()
    user.sees(face)
    board.setText("[0.5 0 0 0 0 0 0 0]")
    user.click(user.window.stage.paste)
    user.sees(point(d0=0.5))


def test_bookmarks_are_kept_gone_to_and_deleted(user, qtbot, tmp_path):
    places = user.window.places
    user.window.tabs.setCurrentIndex(2)
    user.type("r")
    face = user.somewhere()
    qtbot.keyClicks(places.name, "smile")
    user.click(places.add)
    user.type("b smile")
    assert "a place called smile already" in user.told()
    user.window.stage.command.clear()
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
    assert user.window.places.list.count() == 0


def test_every_control_has_a_name_a_reason_and_a_way_by_keyboard(user):
    user.window.set_live(True)
    kinds = (QPushButton, QComboBox, QSlider, QLineEdit, Switch)
    controls = [control for kind in kinds for control in user.window.findChildren(kind)]
    assert len(controls) > 30
    for control in controls:
        name = control.accessibleName() or getattr(control, "text", str)()
        assert name.strip(), control
        assert control.toolTip() or control.property("placeholderText"), name
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, name


# --- what moves by itself ---


def test_a_random_walk_goes_on_until_it_is_stopped(user):
    walk = user.window.stage.buttons["w"]
    user.click(walk)
    assert walk.text() == "Stop"
    user.qtbot.waitUntil(lambda: np.count_nonzero(user.window.exploration.shown) > 0, timeout=ROOM)
    first = user.window.exploration.shown
    user.qtbot.waitUntil(lambda: np.abs(user.window.exploration.shown - first).max() > 0.2, timeout=ROOM)
    user.hover(1, 1)  # the mouse does not disturb it
    user.click(walk)
    here = user.somewhere()
    assert walk.text() == "Walk"
    assert np.abs(here).max() < 1.6
    assert not here[[2, 4, 5, 6, 7]].any()  # along the useful ones alone
    user.type("u")
    user.sees(point())  # the whole walk is one step


def bookmark(user, name, where):
    clipboard().setText(to_text(where))
    user.click(user.window.stage.paste)
    user.sees(where)
    user.type(f"b {name}")


@pytest.fixture
def two_places(user):
    user.window.tabs.setCurrentIndex(2)
    bookmark(user, "left", point(d0=-1))
    bookmark(user, "right", point(d0=1))
    user.choose(user.window.morph.start, "left")
    user.choose(user.window.morph.end, "right")
    user.choose(user.window.morph.seconds, "1 s")
    return user


def test_a_morph_is_played_from_one_bookmark_to_another(two_places):
    user = two_places
    user.type("0")
    user.sees(point())
    seen = []
    user.window.worker.drawn.connect(lambda latent, _: seen.append(float(latent[0])))
    user.click(user.window.morph.play)
    user.sees(point(d0=1))
    assert (np.diff(seen) >= 0).all()
    assert len(seen) > 3
    user.click(user.window.stage.buttons["u"])  # the morph was a look, not a step: back to before the reset
    user.sees(point(d0=1))


def test_a_morph_is_exported_as_a_video_that_plays_back(two_places, tmp_path):
    user = two_places
    user.click(user.window.morph.export)
    assert user.window.morph.export.text() == "Stop"
    user.qtbot.waitUntil(lambda: "tiny-morph.mp4 (1.0 s)" in user.told(), timeout=ROOM)
    assert user.window.morph.export.text() == "Export video…"
    (film,) = (tmp_path / "films").glob("*.mp4")
    images = read_video(film)
    assert len(images) == 30
    places = [centre(image) for image in images]
    assert places[0] == pytest.approx(31.5 - 8, abs=1)
    assert places[-1] == pytest.approx(31.5 + 8, abs=1)
    assert (np.diff(places) > -0.6).all()
    assert b"Visible badge: on" in film.read_bytes()  # the tiny actor's pictures have no room for it


def test_films_have_no_badge_where_that_is_switched_off(two_places, tmp_path):
    user = two_places
    user.badge = False
    user.click(user.window.morph.export)
    user.qtbot.waitUntil(lambda: "tiny-morph.mp4 (1.0 s)" in user.told(), timeout=30_000)
    (film,) = (tmp_path / "films").glob("*.mp4")
    assert b"Visible badge: switched off by the user" in film.read_bytes()


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
    assert all(len(read_video(film)) < 600 for film in films)


def test_a_morph_into_another_actor(user, tmp_path):
    tiny_actor(user.other)
    user.window.set_actor(user.actor)  # the list is read anew
    user.window.tabs.setCurrentIndex(2)
    user.sees(point())
    clipboard().setText(to_text(point(d0=-1)))
    user.click(user.window.stage.paste)
    box = user.window.morph.other
    assert [box.itemText(i) for i in range(box.count())] == ["the same actor", "into other"]
    user.choose(box, "into other")
    assert not user.window.morph.end.isEnabled()
    user.choose(user.window.morph.start, NOW)
    user.choose(user.window.morph.seconds, "1 s")
    user.click(user.window.morph.play)
    user.sees(point())  # the other one's mean face looks like that
    user.click(user.window.morph.export)
    user.qtbot.waitUntil(lambda: "tiny-other-morph.mp4 (1.0 s)" in user.told(), timeout=ROOM)
    (film,) = (tmp_path / "films").glob("*.mp4")
    images = read_video(film)
    assert len(images) == 30
    assert film.read_bytes().count(user.actor.card.consent.encode()) >= 2  # both actors' statements
    assert centre(images[-1]) - centre(images[0]) == pytest.approx(8, abs=1)


def test_another_actor_that_cannot_be_loaded_is_said(user):
    user.other.write_bytes(b"no actor")
    user.choose(user.window.morph.other, "into other")
    user.choose(user.window.morph.start, MEAN)
    user.click(user.window.morph.play)
    user.qtbot.waitUntil(lambda: "other.actor" in user.told(), timeout=ROOM)


# --- beside a live performance ---


def test_a_live_expression_is_gone_on_from_and_shown_live(user):
    wanted, live = [], []
    user.window.live_wanted.connect(lambda: wanted.append(True))
    user.window.shown_live.connect(live.append)
    assert not user.window.stage.take_live.isVisible()
    user.window.set_live(True)
    user.click(user.window.stage.take_live)
    assert wanted
    user.window.explore_from(Latent(point(d0=0.7, d5=2)))
    user.sees(point(d0=0.7, d5=2))
    assert not live
    user.click(user.window.stage.show_on_actor)
    user.slide(user.window.rows.rows[0].slider, 50)
    user.sees(point(d0=0.7, d3=1, d5=2))
    assert np.array_equal(live[-1].values, point(d0=0.7, d3=1, d5=2))
    user.slide(user.window.attributes.sliders["smile"], 50)
    assert np.array_equal(live[-1].values, point(d0=0.7, d3=2, d5=2))
    user.click(user.window.stage.show_on_actor)
    assert live[-1] is None


def test_hidden_it_draws_nothing_and_shown_again_it_goes_on(user):
    user.window.hide()
    drawn = user.window.worker.decoded
    user.window.explore_from(Latent(point(d0=1)))
    user.qtbot.wait(50)
    assert user.window.worker.decoded == drawn
    user.window.show()
    user.sees(point(d0=1))


def test_closing_ends_its_threads(user):
    def threads():
        return [thread for thread in threading.enumerate() if thread.name.startswith("explorer")]

    assert threads()
    user.window.close()
    assert not threads()
