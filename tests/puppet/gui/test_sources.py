"""The list of drivers: what cameras see, what they are asked for, and what is remembered."""

from __future__ import annotations

import threading

import pytest
from gui_stage import BLUE, RED, Stage, make_stage, stage
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QAbstractButton, QFileDialog, QInputDialog, QLabel, QWidget

from puppet.gui.live.casting_panel import THUMBNAIL
from puppet.settings import Settings
from puppet.sources.camera_format import CameraFormat
from puppet.sources.network import passwords
from puppet.sources.network.passwords import reveal

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


PASSWORDS = [
    ("http://me:hush@cam:8080/video", "http://me:***@cam:8080/video", "http://cam:8080/video"),
    ("rtsp://cam/?user=me&pwd=hush", "rtsp://cam/?user=me&pwd=***", "rtsp://cam/?user=me&pwd=***"),
]


def words_of(stage: Stage) -> list[str]:
    """Everything that the window says anywhere, tooltips included."""
    said = [stage.window.windowTitle()]
    for widget in stage.window.findChildren(QWidget):
        said += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        said += [widget.text()] if isinstance(widget, QLabel | QAbstractButton) else []
    box = stage.window.source.box
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    return said + [str(box.itemData(row, role)) for row in range(box.count()) for role in roles]


@pytest.mark.parametrize(("url", "kept", "shown"), PASSWORDS)
def test_a_cameras_password_is_neither_shown_nor_in_the_settings(stage, monkeypatch, url, kept, shown):
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (url, True))
    stage.choose(stage.window.source.box, "Address (URL)…")
    stage.until(lambda: len(stage.opened) == 2)
    assert reveal(stage.opened[-1]) == url
    assert stage.window.source.box.currentText() == shown
    stage.until(lambda: stage.saved[-1].source == kept)
    assert stage.saved[-1].recent == (kept,)
    assert not [words for words in words_of(stage) if "hush" in words]
    assert "hush" not in repr(stage.saved)
    stage.choose(stage.window.source.box, "Back")
    stage.until(lambda: len(stage.opened) == 3)
    stage.choose(stage.window.source.box, shown)
    stage.until(lambda: len(stage.opened) == 4)
    assert reveal(stage.opened[-1]) == url  # the list still knows it


def test_passwords_in_settings_of_earlier_versions_are_put_away(make_stage):
    url, kept, _ = PASSWORDS[0]
    stage = make_stage(Settings(source=url, recent=(url, "/videos/a.mp4"))).start(url)
    stage.until(lambda: bool(stage.saved))
    assert (stage.saved[-1].source, stage.saved[-1].recent) == (kept, (kept, "/videos/a.mp4"))
    assert reveal(kept) == url
    assert not [words for words in words_of(stage) if "hush" in words]


def test_an_address_that_cannot_be_put_away_is_not_remembered(stage, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(passwords, "write_whole", full)
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (PASSWORDS[0][0].replace("cam", "other"), True))
    stage.choose(stage.window.source.box, "Address (URL)…")
    stage.until(lambda: len(stage.opened) == 2)
    assert any("cannot be remembered" in text for text in stage.banners)
    assert "hush" not in repr(stage.saved)
    assert not [words for words in words_of(stage) if "hush" in words]
