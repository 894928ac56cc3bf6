"""The page of actors, on a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QFileDialog, QInputDialog, QLabel
from tiny_actor import tiny_actor

from puppet.actor.file import read_card
from puppet.actor.runtime import load_actor
from puppet.settings import Settings


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path / "actors"))
    return tmp_path / "actors"


@pytest.fixture
def page(folder, gui, tmp_path):
    """The page, with carl beside the built-in actors."""
    gui.controller.context.services.library.admit(
        tiny_actor(tmp_path / "carl.actor", consent="Carl agreed.", licence="CC0-1.0")
    )
    gui.press(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    gui.until(lambda: names(gui) == ["Ada", "carl", "Marble"])
    return gui.window.library


def names(gui) -> list[str]:
    grid = gui.window.library.grid
    return [grid.item(row).text() for row in range(grid.count())]


def choose(gui, name):
    grid = gui.window.library.grid
    grid.setCurrentItem(grid.findItems(name, Qt.MatchFlag.MatchExactly)[0])


def drop(page, *files: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.window().dropEvent(QDropEvent(QPointF(50, 50), action, mime, button, key))


def test_the_grid_and_the_details(gui, page):
    choose(gui, "carl")
    words = {label.text() for label in page.findChildren(QLabel)}
    assert {"carl", "64 × 64 px", "Carl agreed.", "CC0-1.0"} <= words
    assert not page.grid.item(0).icon().isNull()
    assert page.rename.isEnabled()
    choose(gui, "Marble")
    assert not page.rename.isEnabled()
    assert not page.remove.isEnabled()
    assert "came with the program" in page.remove.toolTip()


def test_playing_an_actor_brings_it_on_stage(gui, page):
    choose(gui, "carl")
    page.grid.setFocus()
    gui.qtbot.keyClick(page.grid, Qt.Key.Key_Return)
    gui.until(lambda: gui.puppeteers[0].actor.name == "carl")
    assert gui.window.page == "live"
    assert gui.saved[-1].actor.endswith("carl.actor")


def test_files_are_checked_before_they_join(gui, page, tmp_path, folder):
    good = tiny_actor(tmp_path / "dora.actor")
    bad = tmp_path / "evil.actor"
    bad.write_bytes(good.read_bytes()[:4000])
    drop(page, good, bad, tmp_path / "notes.txt")
    gui.until(lambda: "dora" in names(gui))
    assert "Checked and added: dora" in gui.banners
    assert any(text.startswith("Not added: evil.actor") for text in gui.banners)
    assert not (folder / "evil.actor").exists()
    assert page.current == str(folder / "dora.actor")


def test_a_check_that_only_refuses_is_over_when_it_is_over(gui, page, tmp_path):
    bad = tmp_path / "evil.actor"
    bad.write_bytes(b"nothing")
    drop(page, bad)
    gui.until(lambda: any(text.startswith("Not added: evil.actor") for text in gui.banners))
    assert "Checking…" not in gui.banners


def test_a_name_is_written_alike_everywhere(make_gui, folder, tmp_path):
    zoe = tiny_actor(tmp_path / "zoe.actor", name="Zoe")
    gui = make_gui()
    gui.controller.context.services.library.admit(zoe)
    files = [folder / "zoe.actor", Path("actors/marble.actor")]
    object.__setattr__(gui.controller.context.services, "list_actors", lambda: files)
    gui.start()
    box = gui.window.actor.box
    gui.until(lambda: box.findText("Zoe") >= 0)
    assert box.findText("zoe") < 0
    gui.window.show_page("library")
    gui.until(lambda: "Zoe" in names(gui))
    assert "zoe" not in names(gui)
    assert "Zoe" in [gui.window.live.latent.partner.itemText(row) for row in range(2)]
    assert load_actor(files[0], "cpu").name == "Zoe"


def test_a_file_that_is_chosen_joins_too(gui, page, tmp_path, monkeypatch):
    file = str(tiny_actor(tmp_path / "emil.actor"))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([file], ""))
    gui.click(page.add)
    gui.until(lambda: "emil" in names(gui))


def test_renaming(gui, page, monkeypatch, folder):
    answers = iter([("marble", True), ("a/b", True), ("Charles", True)])
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: next(answers))
    (folder / "marble.actor").write_bytes((folder / "carl.actor").read_bytes())  # the user's own marble
    choose(gui, "carl")
    gui.press(Qt.Key.Key_F2)
    gui.until(lambda: any("already" in text for text in gui.banners))
    gui.press(Qt.Key.Key_F2)
    gui.until(lambda: any("1 to 60 characters" in text for text in gui.banners))
    gui.click(page.rename)
    gui.until(lambda: "Charles" in names(gui))
    assert read_card(folder / "Charles.actor").name == "Charles"
    assert page.current == str(folder / "Charles.actor")


def test_a_renamed_actor_stays_chosen_for_the_next_start(make_gui, folder, tmp_path, monkeypatch):
    path = str(folder / "carl.actor")
    gui = make_gui(Settings(actor=path, wall=(path,), recording_folder=str(tmp_path))).start()
    gui.controller.context.services.library.admit(tiny_actor(tmp_path / "carl.actor"))
    gui.window.show_page("library")
    gui.until(lambda: "carl" in names(gui))
    choose(gui, "carl")
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("Charles", True))
    gui.click(gui.window.library.rename)
    gui.until(lambda: "Charles" in names(gui))
    new = str(folder / "Charles.actor")
    assert (gui.saved[-1].actor, gui.saved[-1].wall) == (new, (new,))


def test_nothing_that_is_removed_is_lost(gui, page, folder):
    choose(gui, "carl")
    content = (folder / "carl.actor").read_bytes()
    gui.press(Qt.Key.Key_Delete)
    gui.until(lambda: names(gui) == ["Ada", "Marble"])
    (banner,) = [b for b in gui.window.banners.banners if b.text.startswith("Removed carl")]
    gui.click(banner.button)
    gui.until(lambda: names(gui) == ["Ada", "carl", "Marble"])
    assert (folder / "carl.actor").read_bytes() == content


def test_a_damaged_file_in_the_folder_says_so_and_cannot_play(gui, page, folder):
    (folder / "broken.actor").write_bytes(b"nothing")
    gui.window.show_page("live")
    gui.window.show_page("library")
    gui.until(lambda: "⚠ broken" in names(gui))
    choose(gui, "⚠ broken")
    assert not page.play.isEnabled()
    assert page.remove.isEnabled()
    assert "broken.actor" in page.problem.text()
