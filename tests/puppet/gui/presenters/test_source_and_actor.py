"""Choosing the source and the actor; what is remembered, and passwords that are not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from engine_fakes import FakeSource
from planted_window import BLUE, GREEN, RED, PlantedWindow, colour_at, halves
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QFileDialog, QInputDialog, QLabel, QWidget

from puppet.core.types import Frame
from puppet.engine import watchdog
from puppet.settings import Settings
from puppet.sources.network import passwords
from puppet.sources.network.passwords import reveal


def test_the_list_of_drivers(gui):
    box = gui.window.source.box
    words = [box.itemText(i) for i in range(box.count()) if box.itemText(i)]
    assert words == ["Front", "Back", "Demo clip", "Video file…", "Image folder…", "Address (URL)…"]
    assert box.currentText() == "Front"
    gui.cameras = ["Back"]  # one is unplugged, the list is opened
    box.showPopup()
    gui.until(lambda: gui.window.source.cameras == ("Back",))
    assert box.is_open
    assert box.findText("Front") >= 0  # still the one in use
    box.hidePopup()
    gui.choose(box, "Back")
    box.showPopup()
    gui.until(lambda: box.findText("Front") == -1)
    box.hidePopup()


def test_choosing_another_driver(gui):
    gui.picture = halves(GREEN, GREEN)
    gui.choose(gui.window.source.box, "Back")
    gui.until(lambda: gui.opened == ["Front", "Back"])
    gui.until(lambda: gui.window.driver_pane.image is not None)
    gui.until(lambda: colour_at(gui.window.driver_pane, 0.5) == GREEN)
    assert gui.saved[-1].source == "Back"
    gui.until(lambda: gui.window.status_line.state.text() == "Live: Back")


@pytest.mark.parametrize(
    ("row", "asks", "answer", "spec", "shown"),
    [
        ("Video file…", (QFileDialog, "getOpenFileName"), ("/videos/me.mov", ""), "/videos/me.mov", "me.mov"),
        ("Image folder…", (QFileDialog, "getExistingDirectory"), "/stills", "/stills", "stills"),
        ("Address (URL)…", (QInputDialog, "getText"), (" rtsp://phone/1 ", True), "rtsp://phone/1", "rtsp://phone/1"),
        ("Demo clip", None, None, "demo", "Demo clip"),
    ],
)
def test_other_kinds_of_drivers(gui, monkeypatch, row, asks, answer, spec, shown):
    if asks:
        monkeypatch.setattr(*asks, lambda *a, **k: answer)
    gui.choose(gui.window.source.box, row)
    gui.until(lambda: gui.opened == ["Front", spec])
    assert gui.window.source.box.currentText() == shown


@pytest.mark.parametrize(
    ("row", "asks", "answer"),
    [
        ("Video file…", (QFileDialog, "getOpenFileName"), ("", "")),
        ("Image folder…", (QFileDialog, "getExistingDirectory"), ""),
        ("Address (URL)…", (QInputDialog, "getText"), ("", False)),
    ],
)
def test_thinking_better_of_it_changes_nothing(gui, monkeypatch, row, asks, answer):
    monkeypatch.setattr(*asks, lambda *a, **k: answer)
    gui.choose(gui.window.source.box, row)
    assert gui.window.source.box.currentText() == "Front"
    assert gui.opened == ["Front"]


def test_swapping_the_actor(gui):
    box = gui.window.actor.box
    assert [box.itemText(i) for i in range(box.count()) if box.itemText(i)] == ["marble", "ada", "Open actor file…"]
    assert not box.itemIcon(0).isNull()
    gui.may_load.clear()
    gui.choose(box, "ada")
    results = gui.engine.status().results
    gui.until(lambda: gui.engine.status().results > results + 3)  # nothing waits while it loads
    assert box.currentText() == "marble"
    gui.may_load.set()
    gui.until(lambda: box.currentText() == "ada")
    assert gui.puppeteers[0].actor.name == "ada"
    assert len(gui.puppeteers) == 1  # nothing was made anew
    assert gui.saved[-1].actor == str(Path("actors/ada.actor"))


def test_a_bad_actor_is_told_and_the_old_one_goes_on(gui):
    gui.bad_actor = "ada"
    gui.choose(gui.window.actor.box, "ada")
    gui.until(lambda: gui.banners == ["ada.actor: digest does not match"])
    gui.until(lambda: gui.window.actor.box.currentText() == "marble")
    assert gui.puppeteers[0].actor.name == "marble"
    gui.bad_actor = None
    gui.choose(gui.window.actor.box, "ada")
    gui.until(lambda: gui.window.actor.box.currentText() == "ada")
    gui.until(lambda: gui.banners == [])


def test_an_actor_that_stalls_gives_way_to_the_one_before(gui, monkeypatch):
    monkeypatch.setattr(watchdog, "STALLED_AFTER", 0.4)
    gate, puppeteer = threading.Event(), gui.puppeteers[0]
    act = puppeteer.act

    def stalls(tracked):
        if puppeteer.actor is not None and puppeteer.actor.name == "ada":
            gate.wait(30)
        return act(tracked)

    puppeteer.act = stalls
    gui.choose(gui.window.actor.box, "ada")
    gui.until(lambda: gui.banners)
    assert gui.banners[0].startswith("ada took longer than 2 s for one picture")
    gui.until(lambda: gui.window.actor.box.currentText() == "marble")
    gui.until(lambda: gui.saved and gui.saved[-1].actor == str(Path("actors/marble.actor")))
    gate.set()
    gui.choose(gui.window.actor.box, "ada")  # another try is the user's choice
    gui.until(lambda: gui.window.actor.box.currentText() == "ada")
    gui.until(lambda: gui.banners == [])


def test_an_actor_from_elsewhere_joins_the_list(gui, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("/elsewhere/carl.actor", ""))
    gui.choose(gui.window.actor.box, "Open actor file…")
    gui.until(lambda: gui.window.actor.box.currentText() == "carl")
    assert gui.puppeteers[0].actor.name == "carl"


def test_a_video_that_has_ended_can_be_played_again(make_gui):
    gui = make_gui(sources=lambda spec: FakeSource(spec, [Frame(halves(RED, BLUE), 0, 0.0)]))
    gui.start("clip.mp4", None)
    gui.until(lambda: gui.banners == ["clip.mp4 has ended"])
    assert gui.window.banners.banners[0].button.text() == "Play again"
    gui.click(gui.window.banners.banners[0].button)
    gui.until(lambda: gui.opened == ["clip.mp4", "clip.mp4"])
    gui.until(lambda: gui.banners == ["clip.mp4 has ended"])
    gui.choose(gui.window.source.box, "Back")
    gui.until(lambda: gui.window.status_line.state.text() == "Back has ended")
    gui.until(lambda: gui.banners == ["Back has ended"])


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


def test_another_actor_is_shown_with_the_last_picture_of_a_video_that_has_ended(make_gui):
    gui = make_gui(sources=lambda spec: FakeSource(spec, [Frame(halves(RED, BLUE), n, 0.0) for n in range(3)]))
    gui.start("clip.mp4")
    gui.until(lambda: gui.window.status_line.state.text() == "clip.mp4 has ended")
    before, shown = gui.engine.status().results, gui.window.actor_pane.image
    gui.choose(gui.window.actor.box, "ada")
    gui.until(lambda: gui.window.actor.box.currentText() == "ada")
    gui.until(lambda: gui.engine.status().results > before)
    assert gui.controller.context.engine.actor.name == "ada"
    gui.until(lambda: gui.window.actor_pane.image is not shown)
    assert gui.window.status_line.state.text() == "clip.mp4 has ended"  # it shows it at rest


def test_a_slider_moves_the_picture_of_a_video_that_has_ended(make_gui):
    gui = make_gui(sources=lambda spec: FakeSource(spec, [Frame(halves(RED, BLUE), n, 0.0) for n in range(3)]))
    gui.start("clip.mp4")
    gui.until(lambda: gui.window.status_line.state.text() == "clip.mp4 has ended")
    before = gui.engine.status().results
    gui.window.motion.sliders["expression_gain"].slider.setValue(150)
    gui.until(lambda: gui.engine.status().results > before)
