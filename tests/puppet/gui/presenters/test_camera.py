"""Thumbnails of cameras, and what the camera is asked for."""

from __future__ import annotations

import threading

from planted_window import BLUE, RED, PlantedWindow
from PyQt6.QtGui import QColor

from puppet.gui.kit.pickers import THUMBNAIL
from puppet.settings import Settings
from puppet.sources.camera_format import CameraFormat


def colour_of(gui: PlantedWindow, camera: str) -> str | None:
    icon = gui.window.source.box.itemIcon(gui.window.source.box.findText(camera))
    if icon.isNull():
        return None
    picture = icon.pixmap(THUMBNAIL, THUMBNAIL).toImage()
    return picture.pixelColor(3, picture.height() // 2).name()


def name_of(bgr: tuple[int, int, int]) -> str:
    return QColor(*reversed(bgr)).name()


def test_the_open_list_shows_what_each_camera_sees(gui):
    box = gui.window.source.box
    gui.cameras = ["Front", "Back", "Busy", "Side"]
    gui.busy = ["Busy"]
    gui.until(lambda: gui.window.source.cameras == ("Front", "Back"))
    assert gui.looked_through == []  # no light goes on before the list is opened
    box.showPopup()
    gui.until(lambda: colour_of(gui, "Side") == name_of(BLUE))
    assert colour_of(gui, "Front") == name_of(RED)  # the one in use has a picture already
    assert colour_of(gui, "Busy") is None
    assert gui.looked_through == ["Back", "Busy", "Side"]
    box.hidePopup()
    box.showPopup()
    gui.until(lambda: gui.looked_through[3:] == ["Busy"])  # the others are known
    box.hidePopup()


def test_a_camera_that_is_chosen_is_not_opened_for_its_picture_any_more(gui):
    box, slow = gui.window.source.box, threading.Event()
    gui.cameras = ["Front", "Slow", "Back"]
    look = gui.camera_picture

    def take_time(name):
        slow.wait(10)
        return look(name)

    object.__setattr__(gui.controller.context.services, "camera_picture", take_time)
    box.showPopup()
    gui.until(lambda: box.findText("Slow") >= 0)
    box.hidePopup()
    gui.choose(box, "Back")
    slow.set()
    gui.until(lambda: gui.looked_through == ["Slow"])
    gui.until(lambda: gui.window.status_line.state.text() == "Live: Back")
    gui.until(lambda: "Slow" in gui.window.source.pictures)
    gui.cameras = [*gui.cameras, "Side"]
    box.showPopup()
    gui.until(lambda: gui.looked_through == ["Slow", "Side"])
    box.hidePopup()


def test_what_a_camera_is_asked_for(gui):
    panel = gui.window.camera
    gui.until(panel.isVisible)
    assert panel.size_box.currentText() == "1280 × 720"
    gui.until(lambda: panel.given.text().startswith("The camera gives 64 × 48 at "))
    gui.choose(panel.size_box, "640 × 480")
    assert gui.wanted == [CameraFormat(640, 480, 30)]
    assert gui.saved[-1].camera == CameraFormat(640, 480, 30)
    gui.until(lambda: gui.opened == ["Front", "Front"])  # opened again, with it
    gui.choose(panel.rate_box, "60 a second")
    assert gui.wanted[-1] == CameraFormat(640, 480, 60)
    gui.choose(gui.window.source.box, "Demo clip")
    gui.until(lambda: not panel.isVisible())


def test_a_size_of_ones_own_stays_in_the_list(make_gui):
    gui = make_gui(Settings(camera=CameraFormat(800, 600, 25)))
    assert gui.window.camera.size_box.currentText() == "800 × 600"
    assert gui.window.camera.rate_box.currentText() == "25 a second"
