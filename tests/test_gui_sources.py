"""The list of drivers: what cameras see, what they are asked for, and what is remembered."""

from __future__ import annotations

import threading

import pytest
from gui_stage import BLUE, RED, Stage, make_stage, stage
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QFileDialog

from puppet.gui.casting_panel import THUMBNAIL
from puppet.settings import CameraFormat, Settings

__all__ = ["make_stage", "stage"]  # fixtures


def colour_of(stage: Stage, camera: str) -> str | None:
    icon = stage.window.source.box.itemIcon(stage.window.source.box.findText(camera))
    if icon.isNull():
        return None
    picture = icon.pixmap(THUMBNAIL, THUMBNAIL).toImage()
    return picture.pixelColor(3, picture.height() // 2).name()


def name_of(bgr: tuple[int, int, int]) -> str:
    return QColor(*reversed(bgr)).name()


def test_the_open_list_shows_what_each_camera_sees(stage):
    box = stage.window.source.box
    stage.cameras = ["Front", "Back", "Busy", "Side"]
    stage.busy = ["Busy"]
    stage.until(lambda: stage.window.source.cameras == ("Front", "Back"))
    assert stage.looked_through == []  # no light goes on before the list is opened
    box.showPopup()
    stage.until(lambda: colour_of(stage, "Side") == name_of(BLUE))
    assert colour_of(stage, "Front") == name_of(RED)  # the one in use has a picture already
    assert colour_of(stage, "Busy") is None
    assert stage.looked_through == ["Back", "Busy", "Side"]
    box.hidePopup()
    box.showPopup()
    stage.until(lambda: stage.looked_through[3:] == ["Busy"])  # the others are known
    box.hidePopup()


def test_a_camera_that_is_chosen_is_not_opened_for_its_picture_any_more(stage):
    box, slow = stage.window.source.box, threading.Event()
    stage.cameras = ["Front", "Slow", "Back"]
    look = stage.camera_picture

    def take_time(name):
        slow.wait(10)
        return look(name)

    object.__setattr__(stage.controller.desk.services, "camera_picture", take_time)
    box.showPopup()
    stage.until(lambda: box.findText("Slow") >= 0)
    box.hidePopup()
    stage.choose(box, "Back")
    slow.set()
    stage.until(lambda: stage.looked_through == ["Slow"])
    stage.until(lambda: stage.window.status_line.state.text() == "Live: Back")
    stage.until(lambda: "Slow" in stage.window.source.pictures)
    stage.cameras = [*stage.cameras, "Side"]
    box.showPopup()
    stage.until(lambda: stage.looked_through == ["Slow", "Side"])
    box.hidePopup()


def test_what_a_camera_is_asked_for(stage):
    panel = stage.window.camera
    stage.until(panel.isVisible)
    assert panel.size_box.currentText() == "1280 × 720"
    stage.until(lambda: panel.given.text().startswith("The camera gives 64 × 48 at "))
    stage.choose(panel.size_box, "640 × 480")
    assert stage.wanted == [CameraFormat(640, 480, 30)]
    assert stage.saved[-1].camera == CameraFormat(640, 480, 30)
    stage.until(lambda: stage.opened == ["Front", "Front"])  # opened again, with it
    stage.choose(panel.rate_box, "60 a second")
    assert stage.wanted[-1] == CameraFormat(640, 480, 60)
    stage.choose(stage.window.source.box, "Demo clip")
    stage.until(lambda: not panel.isVisible())


def test_a_size_of_ones_own_stays_in_the_list(make_stage):
    stage = make_stage(Settings(camera=CameraFormat(800, 600, 25)))
    assert stage.window.camera.size_box.currentText() == "800 × 600"
    assert stage.window.camera.rate_box.currentText() == "25 a second"


@pytest.mark.parametrize("first", ["/videos/old.mp4", ""])
def test_files_that_were_used_are_in_the_list_again(make_stage, monkeypatch, first):
    recent = tuple(f"/videos/{n}.mp4" for n in "abcd") + ((first,) if first else ())
    stage = make_stage(Settings(recent=recent)).start()
    box = stage.window.source.box
    assert box.findText("a.mp4") >= 0
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("/videos/new.mp4", ""))
    stage.choose(box, "Video file…")
    assert stage.saved[-1].recent == ("/videos/new.mp4", *recent[:4])
    stage.choose(box, "b.mp4")
    assert stage.saved[-1].recent[:2] == ("/videos/b.mp4", "/videos/new.mp4")
    assert stage.saved[-1].source == "/videos/b.mp4"
    stage.choose(box, "Back")
    assert stage.saved[-1].recent[0] == "/videos/b.mp4"  # cameras are listed anyway
