"""What both panes show, mirrored, in every layout, with notes that are never recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from engine_fakes import FakeSource
from planted_window import A_FACE, BLUE, GREEN, GREY, RED, PlantedWindow, colour_at, halves
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor

from puppet.core.layout import INSET
from puppet.core.types import Frame
from puppet.gui.kit import theme
from puppet.gui.live.pictures import ACTOR, SIDE_BY_SIDE
from puppet.settings import Settings, ViewSettings


def test_both_panes_show_what_belongs_there_mirrored_alike(gui):
    w = gui.window
    assert w.driver_pane.mirrored  # as in a mirror, from the start
    assert colour_at(w.driver_pane, 0.4) == BLUE
    assert colour_at(w.driver_pane, 0.6) == RED
    assert colour_at(w.actor_pane, 0.4) == GREY
    assert colour_at(w.actor_pane, 0.6) == GREEN
    gui.press(Qt.Key.Key_M)
    assert colour_at(w.driver_pane, 0.4) == RED
    assert colour_at(w.actor_pane, 0.4) == GREEN
    assert not w.transport.mirror_preview.isChecked()
    assert gui.saved[-1].mirror_preview is False
    gui.click(w.transport.mirror_preview)
    assert colour_at(w.driver_pane, 0.4) == BLUE


def test_pictures_are_scaled_to_the_pixels_of_the_screen(gui):
    pane = gui.window.driver_pane
    assert pane.image.width() == pane.device_size[0] or pane.image.height() == pane.device_size[1]


def test_the_last_picture_follows_the_window_after_the_end(make_gui):
    gui = make_gui(sources=lambda spec: FakeSource("clip.mp4", [Frame(halves(RED, BLUE), 0, 0.0)]))
    gui.start("clip.mp4", None)
    gui.until(lambda: "has ended" in gui.window.status_line.state.text())
    before = gui.window.driver_pane.image.size()
    gui.window.resize(1500, 1000)
    gui.until(lambda: gui.window.driver_pane.image.size() != before)
    pane = gui.window.driver_pane
    assert pane.image.width() == pane.device_size[0] or pane.image.height() == pane.device_size[1]


def test_without_a_face_a_note_stands_over_the_driver_only(gui):
    w = gui.window
    gui.until(lambda: w.driver_pane.note == "")
    gui.face = None
    gui.until(lambda: w.driver_pane.note == "No face in view")
    assert w.actor_pane.note == ""
    assert colour_at(w.actor_pane, 0.6) == GREEN  # the actor goes on
    gui.face = A_FACE
    gui.until(lambda: w.driver_pane.note == "")


def test_without_an_actor_the_actor_pane_stays_empty(make_gui):
    gui = make_gui().start(actor=None)
    gui.until(lambda: gui.engine.status().results > 5)
    gui.until(lambda: gui.window.actor_pane.placeholder == "Choose an actor")
    assert gui.window.actor_pane.image is None
    expected = QColor(theme.PICTURE_BACKGROUND)
    assert colour_at(gui.window.actor_pane, 0.3, 0.3) == (expected.blue(), expected.green(), expected.red())


def test_mirror_output_reaches_the_puppeteer(gui):
    assert gui.options.mirror_output is False
    gui.press(Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert gui.options.mirror_output is True
    assert gui.window.transport.mirror_output.isChecked()
    assert gui.saved[-1].mirror_output is True
    gui.click(gui.window.transport.mirror_output)
    assert gui.options.mirror_output is False


def test_layouts_by_key_and_by_box(gui):
    w = gui.window
    both = w.driver_pane.geometry(), w.actor_pane.geometry()
    assert both[0].right() < both[1].left()
    assert both[0].width() == both[1].width()
    gui.press(Qt.Key.Key_V)
    assert gui.saved[-1].view.layout == INSET
    assert w.actor_pane.geometry() == w.pictures.rect()
    assert w.pictures.rect().contains(w.driver_pane.geometry())
    assert w.driver_pane.width() < w.actor_pane.width() / 3
    assert w.pictures.childAt(w.driver_pane.geometry().center()) is w.driver_pane  # it lies above
    gui.choose(w.view.box, "Actor only")
    assert gui.saved[-1].view.layout == ACTOR
    assert not w.driver_pane.isVisible()
    assert w.actor_pane.geometry() == w.pictures.rect()
    gui.press(Qt.Key.Key_V)
    assert gui.saved[-1].view.layout == SIDE_BY_SIDE
    assert (w.driver_pane.geometry(), w.actor_pane.geometry()) == both


def test_a_lost_face_is_told_where_the_driver_is_not_shown(make_gui, tmp_path):
    gui = make_gui(Settings(recording_folder=str(tmp_path), view=ViewSettings(ACTOR)))
    gui.face = None
    gui.controller.start("Front", Path("actors/marble.actor"))
    gui.window.show()
    gui.until(lambda: gui.window.actor_pane.note == "No face in view")


def test_nothing_that_is_drawn_over_the_pictures_is_recorded(gui: PlantedWindow):
    w = gui.window
    plain = w.driver_pane.grab().toImage()
    gui.press(Qt.Key.Key_F)
    gui.press(Qt.Key.Key_T)
    assert (gui.saved[-1].view.mesh, gui.saved[-1].view.timings) == (True, True)
    gui.until(lambda: w.driver_pane.grab().toImage() != plain)
    gui.until(lambda: "decode\t2.0 ms" in w.actor_pane.corner)
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: len(gui.takes[0].images) > 3)
    for image in gui.takes[0].images:
        np.testing.assert_array_equal(image, gui.picture)
    gui.press(Qt.Key.Key_S)
    (file,) = gui.folder.glob("*.png")
    np.testing.assert_array_equal(gui.read(file), gui.side_by_side())
    gui.press(Qt.Key.Key_T)
    assert w.actor_pane.corner == ""
