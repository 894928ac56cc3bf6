"""The page of actors, on a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from gui_stage import make_stage, stage
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QFileDialog, QInputDialog, QLabel
from tiny_actor import tiny_actor

from puppet.actor.file import read_card
from puppet.settings import Settings

__all__ = ["make_stage", "stage"]  # fixtures


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path / "actors"))
    return tmp_path / "actors"


@pytest.fixture
def page(folder, stage, tmp_path):
    """The page, with carl beside the built-in actors."""
    stage.controller.desk.services.library.admit(
        tiny_actor(tmp_path / "carl.actor", consent="Carl agreed.", licence="CC0-1.0")
    )
    stage.press(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: names(stage) == ["ada", "carl", "marble"])
    return stage.window.library


def names(stage) -> list[str]:
    grid = stage.window.library.grid
    return [grid.item(row).text() for row in range(grid.count())]


def choose(stage, name):
    grid = stage.window.library.grid
    grid.setCurrentItem(grid.findItems(name, Qt.MatchFlag.MatchExactly)[0])


def drop(page, *files: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.dropEvent(QDropEvent(QPointF(50, 50), action, mime, button, key))


def test_the_grid_and_the_details(stage, page):
    choose(stage, "carl")
    words = {label.text() for label in page.findChildren(QLabel)}
    assert {"carl", "64 × 64 px", "Carl agreed.", "CC0-1.0"} <= words
    assert not page.grid.item(0).icon().isNull()
    assert page.rename.isEnabled()
    choose(stage, "marble")
    assert not page.rename.isEnabled()
    assert not page.remove.isEnabled()
    assert "came with the program" in page.remove.toolTip()


def test_playing_an_actor_brings_it_on_stage(stage, page):
    choose(stage, "carl")
    page.grid.setFocus()
    stage.qtbot.keyClick(page.grid, Qt.Key.Key_Return)
    stage.until(lambda: stage.puppeteers[0].actor.name == "carl")
    assert stage.window.page == "live"
    assert stage.saved[-1].actor.endswith("carl.actor")


def test_files_are_checked_before_they_join(stage, page, tmp_path, folder):
    good = tiny_actor(tmp_path / "dora.actor")
    bad = tmp_path / "evil.actor"
    bad.write_bytes(good.read_bytes()[:4000])
    drop(page, good, bad, tmp_path / "notes.txt")
    stage.until(lambda: "dora" in names(stage))
    assert "Checked and added: dora" in stage.banners
    assert any(text.startswith("Not added: evil.actor") for text in stage.banners)
    assert not (folder / "evil.actor").exists()
    assert page.current == str(folder / "dora.actor")


def test_a_file_that_is_chosen_joins_too(stage, page, tmp_path, monkeypatch):
    file = str(tiny_actor(tmp_path / "emil.actor"))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([file], ""))
    stage.click(page.add)
    stage.until(lambda: "emil" in names(stage))


def test_renaming(stage, page, monkeypatch, folder):
    answers = iter([("marble", True), ("a/b", True), ("Charles", True)])
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: next(answers))
    (folder / "marble.actor").write_bytes((folder / "carl.actor").read_bytes())  # the user's own marble
    choose(stage, "carl")
    stage.press(Qt.Key.Key_F2)
    stage.until(lambda: any("already" in text for text in stage.banners))
    stage.press(Qt.Key.Key_F2)
    stage.until(lambda: any("1 to 60 characters" in text for text in stage.banners))
    stage.click(page.rename)
    stage.until(lambda: "Charles" in names(stage))
    assert read_card(folder / "Charles.actor").name == "Charles"
    assert page.current == str(folder / "Charles.actor")


def test_a_renamed_actor_stays_chosen_for_the_next_start(make_stage, folder, tmp_path, monkeypatch):
    path = str(folder / "carl.actor")
    stage = make_stage(Settings(actor=path, wall=(path,), recording_folder=str(tmp_path))).start()
    stage.controller.desk.services.library.admit(tiny_actor(tmp_path / "carl.actor"))
    stage.window.show_page("library")
    stage.until(lambda: "carl" in names(stage))
    choose(stage, "carl")
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("Charles", True))
    stage.click(stage.window.library.rename)
    stage.until(lambda: "Charles" in names(stage))
    new = str(folder / "Charles.actor")
    assert (stage.saved[-1].actor, stage.saved[-1].wall) == (new, (new,))


def test_nothing_that_is_removed_is_lost(stage, page, folder):
    choose(stage, "carl")
    content = (folder / "carl.actor").read_bytes()
    stage.press(Qt.Key.Key_Delete)
    stage.until(lambda: names(stage) == ["ada", "marble"])
    (banner,) = [b for b in stage.window.banners.banners if b.text.startswith("Removed carl")]
    stage.click(banner.button)
    stage.until(lambda: names(stage) == ["ada", "carl", "marble"])
    assert (folder / "carl.actor").read_bytes() == content


def test_a_damaged_file_in_the_folder_says_so_and_cannot_play(stage, page, folder):
    (folder / "broken.actor").write_bytes(b"nothing")
    stage.window.show_page("live")
    stage.window.show_page("library")
    stage.until(lambda: "⚠ broken" in names(stage))
    choose(stage, "⚠ broken")
    assert not page.play.isEnabled()
    assert page.remove.isEnabled()
    assert "broken.actor" in page.problem.text()
