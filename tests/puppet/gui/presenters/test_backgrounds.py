"""The group Background: what is chosen there reaches the engine and is remembered; what cannot be read does not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from engine_fakes import FakeActor
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QColorDialog, QFileDialog

from puppet.core.background import parse_background
from puppet.output.settings import OutputSettings
from puppet.settings import Settings


@pytest.fixture(autouse=True)
def plate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every actor has layers."""
    monkeypatch.setattr(FakeActor, "plate", np.zeros((8, 8, 3), np.uint8))


def rows(gui) -> list[str]:
    box = gui.window.background.box
    return [box.itemText(i) for i in range(box.count())]


def in_force(gui) -> str:
    return gui.options.background.wanted.text


def picture_at(path: Path) -> Path:
    cv2.imwrite(str(path), np.full((30, 60, 3), (9, 8, 7), np.uint8))
    return path


def test_the_list_of_backgrounds(gui):
    assert rows(gui) == ["Its own", "Its own, blurred", "Transparent", "Green", "Colour…", "Picture…"]
    assert gui.window.background.box.currentText() == "Its own"
    assert gui.window.background.box.isEnabled()
    assert in_force(gui) == "own"


@pytest.mark.parametrize(
    ("row", "text"), [("Its own, blurred", "blur"), ("Transparent", "transparent"), ("Green", "green")]
)
def test_a_background_that_is_chosen_is_used_and_remembered(gui, row, text):
    gui.choose(gui.window.background.box, row)
    gui.until(lambda: in_force(gui) == text)
    assert gui.window.background.box.currentText() == row
    assert gui.saved[-1].background == text


def test_a_colour_of_ones_own(gui, monkeypatch):
    asked = []
    monkeypatch.setattr(QColorDialog, "getColor", lambda first, *rest: asked.append(first.name()) or QColor("#1e90ff"))
    gui.choose(gui.window.background.box, "Colour…")
    gui.until(lambda: in_force(gui) == "#1e90ff")
    assert asked == ["#00ff00"]
    assert gui.window.background.box.currentText() == "#1e90ff"
    gui.choose(gui.window.background.box, "Colour…")
    assert asked == ["#00ff00", "#1e90ff"]  # from where it was
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor())  # cancelled
    gui.choose(gui.window.background.box, "Colour…")
    assert (in_force(gui), gui.window.background.box.currentText()) == ("#1e90ff", "#1e90ff")


def test_a_picture_is_read_once_and_named_in_the_list(gui, monkeypatch, tmp_path):
    beach = picture_at(tmp_path / "beach.png")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(beach), ""))
    gui.choose(gui.window.background.box, "Picture…")
    gui.until(lambda: in_force(gui) == str(beach))
    assert (gui.options.background.picture == (9, 8, 7)).all()
    assert gui.window.background.box.currentText() == "beach.png"
    assert gui.saved[-1].background == str(beach)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))  # cancelled
    gui.choose(gui.window.background.box, "Picture…")
    assert gui.window.background.box.currentText() == "beach.png"


def test_a_picture_that_cannot_be_read_is_told_and_changes_nothing(gui, monkeypatch, tmp_path):
    gui.choose(gui.window.background.box, "Green")
    gui.until(lambda: in_force(gui) == "green")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "broken.png"), ""))
    gui.choose(gui.window.background.box, "Picture…")
    gui.until(lambda: gui.banners)
    (banner,) = gui.banners
    assert "broken.png" in banner
    assert "choose another picture for the background" in banner
    assert (in_force(gui), gui.window.background.box.currentText()) == ("green", "Green")
    assert gui.saved[-1].background == "green"
    gui.choose(gui.window.background.box, "Its own")
    gui.until(lambda: in_force(gui) == "own")
    assert gui.banners == []


@pytest.mark.parametrize("text", ["blur", "white", "#102030"])
def test_the_background_comes_back_at_the_next_start(make_gui, tmp_path, text):
    gui = make_gui(Settings(recording_folder=str(tmp_path), background=text)).start()
    assert in_force(gui) == text
    assert parse_background(gui.window.background.box.currentData()) == parse_background(text)


def test_a_picture_that_is_gone_at_the_next_start_is_told_and_stays_remembered(make_gui, tmp_path):
    gone = str(tmp_path / "gone.png")
    gui = make_gui(Settings(recording_folder=str(tmp_path), background=gone)).start()
    gui.until(lambda: gui.banners)
    assert f"{gone}: there is no such file" in gui.banners[0]
    assert (in_force(gui), gui.window.background.box.currentText()) == ("own", "Its own")
    assert gui.controller.settings.background == gone  # its disk may come back


def test_an_actor_without_layers_says_why_there_is_no_choice(gui, monkeypatch):
    box, note = gui.window.background.box, gui.window.background.note
    gui.choose(box, "Green")
    gui.until(lambda: in_force(gui) == "green")
    monkeypatch.setattr(FakeActor, "plate", None)
    gui.until(lambda: not box.isEnabled())
    assert box.currentText() == "Its own"
    assert "has no layers" in box.toolTip()
    assert note.text() == "marble has no layers: its background is a part of its picture."
    monkeypatch.setattr(FakeActor, "plate", np.zeros((8, 8, 3), np.uint8))
    gui.until(box.isEnabled)
    assert box.currentText() == "Green"
    assert "has no layers" not in box.toolTip()
    assert not note.isVisible()


def test_a_transparent_background_says_what_it_needs(make_gui, tmp_path):
    gui = make_gui(Settings(recording_folder=str(tmp_path), background="transparent")).start()
    note = gui.window.background.note
    gui.until(note.isVisible)
    assert note.text() == "Calls get green. Recordings need the codec ProRes 4444 or VP9 with alpha."
    gui.window.output.changed.emit(OutputSettings(codec="prores-4444"))
    gui.until(lambda: note.text() == "Calls get green.")
