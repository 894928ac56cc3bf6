"""Layouts, the wall of puppets, and what is drawn over the pictures and never recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from planted_window import GREEN, GREY, RED, PlantedWindow, colour_at, gui, halves, make_gui
from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QColor

from puppet.core.types import Portrait
from puppet.face.landmarks import contour_lines
from puppet.gui.kit.qimage import OUTLINE_COLOUR, to_qimage
from puppet.gui.kit.theme import PICTURE_BACKGROUND
from puppet.gui.live.pictures import ACTOR, INSET, SIDE_BY_SIDE, grid
from puppet.settings import Settings, ViewSettings

__all__ = ["make_gui", "gui"]  # fixtures


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


def test_only_the_pictures_fill_the_full_screen(gui):
    w = gui.window
    gui.click(w.view.full_screen)
    gui.until(w.isFullScreen)
    gui.until(lambda: w.pictures.height() > w.height() - 30)
    for widget in (w.tabs, w.side, w.transport, w.source, w.actor, w.status_line, w.help_button):
        assert not widget.isVisible(), widget
    between = w.pictures.grab().toImage().pixelColor(w.pictures.width() // 2, w.pictures.height() // 2)
    assert between.name() == PICTURE_BACKGROUND
    gui.press(Qt.Key.Key_R)  # keys go on working
    assert len(gui.takes) == 1
    gui.press(Qt.Key.Key_Escape)
    gui.until(lambda: not w.isFullScreen())
    assert w.transport.isVisible()
    gui.qtbot.mouseDClick(w.pictures, Qt.MouseButton.LeftButton)
    gui.until(w.isFullScreen)


def test_the_mesh_lies_on_the_landmarks_and_not_in_the_frame(qapp):
    frame = halves(RED, RED, 480, 640)
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = 10  # all but one line in a corner
    a, b = contour_lines()[0]
    points[a, :2], points[b, :2] = (100, 239.5), (500, 239.5)
    before = frame.copy()
    image = to_qimage(frame, 320, 240, points)
    np.testing.assert_array_equal(frame, before)
    line = QColor(image.pixel(150, 119))  # half as large; 239.5 px from the top is row 119.5
    assert abs(line.green() - OUTLINE_COLOUR[1]) < 150
    assert line.green() > 50
    assert QColor(image.pixel(150, 160)) == QColor("red")
    assert to_qimage(frame, 320, 240) != image


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


@pytest.mark.parametrize(
    ("width", "height", "count", "columns"),
    [(400, 400, 1, 1), (400, 400, 4, 2), (900, 300, 3, 3), (300, 900, 3, 1), (600, 400, 5, 3)],
)
def test_cells_of_the_wall_are_equal_apart_and_inside(width, height, count, columns):
    area = QRect(10, 20, width, height)
    cells = grid(area, count)
    assert len(cells) == count
    assert len({cell.left() for cell in cells}) == columns
    assert len({(cell.width(), cell.height()) for cell in cells}) == 1
    assert all(area.contains(cell) for cell in cells)
    assert not any(a.intersects(b) for i, a in enumerate(cells) for b in cells[:i])


def test_a_wall_of_puppets(make_gui, tmp_path):
    gui = make_gui().start()
    w = gui.window
    blue = Portrait(halves((255, 0, 0), (255, 0, 0), 32, 32))
    gui.wall = lambda others: (blue,) * len(others)
    ada = str(Path("actors/ada.actor"))
    w.side.fold([])
    gui.until(w.wall.isVisible)
    gui.click(w.wall.switches[ada])
    assert gui.saved[-1].wall == (ada,)
    gui.until(lambda: [other.name for other in gui.puppeteers[-1].others] == ["ada"])
    gui.until(lambda: len(w.pictures.wall) == 1 and w.pictures.wall[0].image is not None)
    assert colour_at(w.pictures.wall[0], 0.5) == (255, 0, 0)
    assert colour_at(w.actor_pane, 0.4) == GREY  # as in a mirror
    assert colour_at(w.actor_pane, 0.6) == GREEN
    gui.click(w.wall.switches[ada])
    gui.until(lambda: w.pictures.wall == [])
    assert gui.saved[-1].wall == ()


def test_the_wall_comes_back_at_the_next_start_without_actors_that_are_gone(make_gui, tmp_path):
    wall = (str(Path("actors/ada.actor")), "actors/gone.actor")
    gui = make_gui(Settings(recording_folder=str(tmp_path), wall=wall)).start()
    gui.until(lambda: [other.name for other in gui.puppeteers[-1].others] == ["ada"])
    assert gui.banners == []
