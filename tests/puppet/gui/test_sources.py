"""The list of drivers: what cameras see, what they are asked for, and what is remembered."""

from __future__ import annotations

import threading

import pytest
from planted_window import BLUE, RED, PlantedWindow, gui, make_gui
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QAbstractButton, QFileDialog, QInputDialog, QLabel, QWidget

from puppet.gui.kit.pickers import THUMBNAIL
from puppet.settings import Settings
from puppet.sources.camera_format import CameraFormat
from puppet.sources.network import passwords
from puppet.sources.network.passwords import reveal

__all__ = ["make_gui", "gui"]  # fixtures


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


@pytest.mark.parametrize("first", ["/videos/old.mp4", ""])
def test_files_that_were_used_are_in_the_list_again(make_gui, monkeypatch, first):
    recent = tuple(f"/videos/{n}.mp4" for n in "abcd") + ((first,) if first else ())
    gui = make_gui(Settings(recent=recent)).start()
    box = gui.window.source.box
    assert box.findText("a.mp4") >= 0
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("/videos/new.mp4", ""))
    gui.choose(box, "Video file…")
    assert gui.saved[-1].recent == ("/videos/new.mp4", *recent[:4])
    gui.choose(box, "b.mp4")
    assert gui.saved[-1].recent[:2] == ("/videos/b.mp4", "/videos/new.mp4")
    assert gui.saved[-1].source == "/videos/b.mp4"
    gui.choose(box, "Back")
    assert gui.saved[-1].recent[0] == "/videos/b.mp4"  # cameras are listed anyway


PASSWORDS = [
    ("http://me:hush@cam:8080/video", "http://me:***@cam:8080/video", "http://cam:8080/video"),
    ("rtsp://cam/?user=me&pwd=hush", "rtsp://cam/?user=me&pwd=***", "rtsp://cam/?user=me&pwd=***"),
]


def words_of(gui: PlantedWindow) -> list[str]:
    """Everything that the window says anywhere, tooltips included."""
    said = [gui.window.windowTitle()]
    for widget in gui.window.findChildren(QWidget):
        said += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        said += [widget.text()] if isinstance(widget, QLabel | QAbstractButton) else []
    box = gui.window.source.box
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    return said + [str(box.itemData(row, role)) for row in range(box.count()) for role in roles]


@pytest.mark.parametrize(("url", "kept", "shown"), PASSWORDS)
def test_a_cameras_password_is_neither_shown_nor_in_the_settings(gui, monkeypatch, url, kept, shown):
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (url, True))
    gui.choose(gui.window.source.box, "Address (URL)…")
    gui.until(lambda: len(gui.opened) == 2)
    assert reveal(gui.opened[-1]) == url
    assert gui.window.source.box.currentText() == shown
    gui.until(lambda: gui.saved[-1].source == kept)
    assert gui.saved[-1].recent == (kept,)
    assert not [words for words in words_of(gui) if "hush" in words]
    assert "hush" not in repr(gui.saved)
    gui.choose(gui.window.source.box, "Back")
    gui.until(lambda: len(gui.opened) == 3)
    gui.choose(gui.window.source.box, shown)
    gui.until(lambda: len(gui.opened) == 4)
    assert reveal(gui.opened[-1]) == url  # the list still knows it


def test_passwords_in_settings_of_earlier_versions_are_put_away(make_gui):
    url, kept, _ = PASSWORDS[0]
    gui = make_gui(Settings(source=url, recent=(url, "/videos/a.mp4"))).start(url)
    gui.until(lambda: bool(gui.saved))
    assert (gui.saved[-1].source, gui.saved[-1].recent) == (kept, (kept, "/videos/a.mp4"))
    assert reveal(kept) == url
    assert not [words for words in words_of(gui) if "hush" in words]


def test_an_address_that_cannot_be_put_away_is_not_remembered(gui, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(passwords, "write_whole", full)
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (PASSWORDS[0][0].replace("cam", "other"), True))
    gui.choose(gui.window.source.box, "Address (URL)…")
    gui.until(lambda: len(gui.opened) == 2)
    assert any("cannot be remembered" in text for text in gui.banners)
    assert "hush" not in repr(gui.saved)
    assert not [words for words in words_of(gui) if "hush" in words]
