"""The explorer through its own controls; see `explorer_user` for what the actor's picture tells."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from explorer_user import RIGHT, point
from planted_window import ROOM
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QComboBox, QLabel, QLineEdit, QListWidget, QPushButton, QSlider

from puppet.core.types import Latent
from puppet.explore.text_commands import COMMANDS
from puppet.gui.kit.widgets import Switch


def test_the_pair_follows_the_mouse_from_the_bottom_left_to_the_top_right(user):
    for x, y in ((-1, -1), (1, 1), (-1, 1)):
        user.hover(x, y)
        user.sees(point(d0=x, d1=y))  # the two that say most
    user.hover(0.5, -0.25)
    there = user.somewhere()
    assert there[[0, 1]] == pytest.approx((0.5, -0.25), abs=2 / user.pane.picture.width())
    assert not there[2:].any()
    user.choose(user.window.face.reach, "± 3 σ")
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
    assert user.window.face.frozen.isChecked()
    assert "Frozen" in user.pane.note
    user.hover(-1, -1)
    user.sees(here)
    user.click()
    assert not user.window.face.frozen.isChecked()
    assert not user.pane.note
    user.hover(-0.5, 0)
    assert user.somewhere()[0] == pytest.approx(-0.5, abs=0.01)
    user.qtbot.mouseClick(user.pane, RIGHT)
    assert not user.window.face.frozen.isChecked()
    user.click(user.window.face.frozen)
    user.hover(1, 1)
    assert user.somewhere()[0] == pytest.approx(-0.5, abs=0.01)


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
    assert user.window.face.command.text() == ""


def test_r_shows_another_random_face_within_the_footage(user):
    faces = []
    for way in (lambda: user.type("r"), lambda: user.qtbot.keyClick(user.pane, Qt.Key.Key_R),
                lambda: user.click(user.window.face.buttons["r"])):  # fmt: skip
        way()
        faces.append(user.somewhere())
    assert all(np.abs(a - b).max() > 0.01 for a, b in zip(faces, [point(), *faces], strict=False))


def test_h_lists_every_command_and_q_quits(user):
    user.type("h")
    shown = [label.text() for label in user.window.tabs.findChildren(QLabel) if label.isVisible()]
    for typed, words in COMMANDS.values():
        assert typed in shown
        assert words in shown
    assert user.told() == ""  # nothing covers the picture
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
    assert user.window.face.command.text() == typed
    user.window.face.command.clear()
    user.type("0")
    assert not user.told()


def test_other_bases_show_the_same_face_along_other_ways(user):
    user.hover(0.5, 0.5)
    here = user.somewhere()
    user.click()
    user.choose(user.window.face.basis, "All dimensions")
    user.qtbot.waitUntil(lambda: user.window.rows.complete, timeout=ROOM)
    assert list(user.window.rows.rows) == [0, 1, 3, 2, 4, 5, 6, 7]  # dead ones last
    user.choose(user.window.face.basis, "Principal axes")
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


def test_undo_redo_and_reset(user):
    user.hover(0.5, 0.5)
    first = user.somewhere()
    user.slide(user.window.rows.rows[0].slider, 25)
    second = user.somewhere()
    undo, redo, reset = (user.window.face.buttons[key] for key in "uy0")
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


def test_a_live_expression_is_gone_on_from_and_shown_live(user):
    wanted, live = [], []
    user.window.live_wanted.connect(lambda: wanted.append(True))
    user.window.shown_live.connect(live.append)
    assert not user.window.face.take_live.isVisible()
    user.window.set_live(True)
    user.click(user.window.face.take_live)
    assert wanted
    user.window.explore_from(Latent(point(d0=0.7, d5=2)))
    user.sees(point(d0=0.7, d5=2))
    assert not live
    user.click(user.window.face.show_on_actor)
    user.slide(user.window.rows.rows[0].slider, 50)
    user.sees(point(d0=0.7, d3=1, d5=2))
    assert np.array_equal(live[-1].values, point(d0=0.7, d3=1, d5=2))
    user.slide(user.window.attributes.sliders["smile"], 50)
    assert np.array_equal(live[-1].values, point(d0=0.7, d3=2, d5=2))
    user.click(user.window.face.show_on_actor)
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


def test_letter_keys_are_commands_at_once_also_where_a_box_or_a_list_has_the_focus(user):
    window = user.window
    assert window.focusWidget() is window.pane
    for control in (window.face.basis, window.face.reach, window.morph.shape, *window.findChildren(QListWidget)):
        control.setFocus()
        before, rows = user.somewhere(), window.face.basis.currentIndex()
        user.qtbot.keyClick(control, Qt.Key.Key_R)
        assert np.abs(user.somewhere() - before).max() > 0.01, control
        assert window.face.basis.currentIndex() == rows
    user.qtbot.keyClick(window.face.basis, Qt.Key.Key_W)
    assert window.face.buttons["w"].text() == "Stop"
    user.qtbot.keyClick(window.face.reach, Qt.Key.Key_W)
    assert window.face.buttons["w"].text() == "Walk"
