from __future__ import annotations

import cv2
import pytest
from planted_window import BLUE, RED, PlantedWindow, halves
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QApplication
from tiny_actor import tiny_actor

from puppet.gui.actors.picture_dialog import PictureDialog
from puppet.settings import Settings


@pytest.fixture
def planted(qtbot, tmp_path, monkeypatch) -> PlantedWindow:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path / "collection"))
    return PlantedWindow(qtbot, tmp_path, Settings(recording_folder=str(tmp_path))).start()


def drop(planted: PlantedWindow, *urls: QUrl) -> bool:
    """Drag over the window and drop, as the system does; whether the window takes it."""
    mime = QMimeData()
    mime.setUrls(list(urls))
    copy, left, no_key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    over = QDragEnterEvent(planted.window.rect().center(), copy, mime, left, no_key)
    QApplication.sendEvent(planted.window, over)
    if not over.isAccepted():
        return False
    QApplication.sendEvent(planted.window, QDropEvent(QPointF(5, 5), copy, mime, left, no_key))
    return True


def local(*paths) -> list[QUrl]:
    return [QUrl.fromLocalFile(str(path)) for path in paths]


def test_a_video_drives(planted, tmp_path):
    video = tmp_path / "talk.MP4"
    video.write_bytes(b"")
    planted.window.show_page("library")
    assert drop(planted, *local(video))
    planted.until(lambda: planted.opened[-1] == str(video))
    assert planted.window.page == "live"
    assert "talk.MP4 is the driver now" in planted.banners


def test_a_folder_drives(planted, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    assert drop(planted, *local(folder))
    planted.until(lambda: planted.opened[-1] == str(folder))


def test_an_actor_is_added_and_plays(planted, tmp_path):
    file = tiny_actor(tmp_path / "zoe.actor")
    assert drop(planted, *local(file))
    planted.until(lambda: planted.engine.status().actor == "zoe")
    assert (tmp_path / "collection" / "zoe.actor").exists()


def test_a_picture_opens_the_dialog_and_only_the_first_of_several(planted, tmp_path):
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), halves(RED, BLUE))
    assert drop(planted, *local(tmp_path / "a.png", tmp_path / "b.png"))
    planted.until(lambda: any(dialog.isVisible() for dialog in planted.window.findChildren(PictureDialog)))
    assert planted.window.findChild(PictureDialog).name.text() == "a"
    assert any("first one" in text for text in planted.banners)


def test_what_is_nothing_of_all_this_is_told(planted, tmp_path):
    (tmp_path / "notes.txt").write_text("milk")
    before = list(planted.opened)
    assert drop(planted, *local(tmp_path / "notes.txt"))
    assert any(text.startswith("notes.txt is no actor") for text in planted.banners)
    assert planted.opened == before


def test_addresses_are_not_taken(planted):
    assert not drop(planted, QUrl("https://example.org/a.png"))
