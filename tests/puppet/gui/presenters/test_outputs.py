"""Outputs and their panel in the window."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from planted_window import PlantedWindow
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QFileDialog

from puppet.gui.kit.theme import colours_for
from puppet.output import disk
from puppet.output.disk import DiskSpace
from puppet.output.live_outputs import OutputStatus


def test_the_measured_delay_is_the_engine_s(gui: PlantedWindow) -> None:
    panel = gui.window.output
    panel.show_microphones(["Desk"])
    gui.choose(panel.microphone, "Desk")
    gui.until(lambda: "ms behind the camera (measured)" in panel.latency.text())


def test_a_choice_is_kept_and_reaches_the_outputs(gui: PlantedWindow) -> None:
    panel = gui.window.output
    gui.choose(panel.layout_box, "Driver only")
    assert gui.controller.settings.output.layout == "driver"
    assert gui.controller.context.services.outputs._settings.layout == "driver"


def test_a_clip_of_what_was_just_seen_is_saved(gui: PlantedWindow) -> None:
    gui.click(gui.window.output.gif)
    gui.until(lambda: len(list(gui.folder.glob("*.gif"))) == 1)
    gui.until(lambda: any("Saved" in banner for banner in gui.banners))


def test_a_device_that_fails_is_told_once_and_forgotten_when_it_works(gui: PlantedWindow, monkeypatch) -> None:
    outputs = gui.controller.context.services.outputs
    told = OutputStatus(None, None, None, "There is no virtual camera. 1. Do this", None, 0.0, None, DiskSpace(10**8))
    monkeypatch.setattr(outputs, "status", lambda: told)
    gui.until(lambda: "There is no virtual camera. 1. Do this" in gui.banners)
    assert sum("Little room" in banner for banner in gui.banners) == 1
    monkeypatch.setattr(
        outputs, "status", lambda: OutputStatus(None, None, None, None, None, 0.0, None, DiskSpace(50 * 10**9))
    )
    gui.until(lambda: not any("camera" in banner or "room" in banner for banner in gui.banners))


class PausedOutputs:
    """What the outputs say of a take that can be paused."""

    def __init__(self, gui: PlantedWindow) -> None:
        self.gui, self.said, self.paused = gui, [], False

    def pause(self, on: bool) -> None:
        self.said.append(on)
        self.paused = on

    def status(self) -> OutputStatus:
        paused = self.paused if self.gui.controller.recording is not None else None
        return OutputStatus(None, None, None, None, paused, 0.0, None, DiskSpace(50 * 10**9))


@pytest.fixture
def outputs(make_gui, monkeypatch) -> PausedOutputs:
    gui = make_gui()
    outputs = PausedOutputs(gui)
    real = gui.controller.context.services.outputs
    monkeypatch.setattr(real, "status", outputs.status)
    monkeypatch.setattr(real, "pause", outputs.pause)
    gui.start()
    return outputs


def test_a_paused_recording_is_amber_and_goes_on(outputs: PausedOutputs) -> None:
    gui = outputs.gui
    bar = gui.window.transport
    assert 0 < bar.pause.x() - bar.record.geometry().right() < 20  # beside Record
    assert not bar.pause.isEnabled()
    gui.press(Qt.Key.Key_P)
    assert outputs.said == []  # there is nothing to pause
    gui.press(Qt.Key.Key_R)
    gui.until(bar.pause.isEnabled)
    running, place = bar.record.grab().toImage(), bar.snapshot.pos()
    gui.press(Qt.Key.Key_P)
    assert outputs.said == [True]
    assert (bar.pause.text().strip(), bar.pause.accessibleName()) == ("Go on", "Go on")
    amber = QColor(colours_for(gui.window.palette()).paused)
    for button in (bar.record, bar.pause):
        image = button.grab().toImage()
        colours = {image.pixel(x, image.height() // 2) for x in range(image.width())}
        assert amber.rgb() in colours, button.text()
    assert bar.record.grab().toImage() != running
    assert bar.snapshot.pos() == place
    gui.click(bar.pause)
    assert outputs.said == [True, False]
    assert bar.pause.text().strip() == "Pause"
    gui.press(Qt.Key.Key_P)
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: bar.record.text().strip() == "Record")
    assert (bar.record.property("paused"), bar.pause.text().strip(), bar.pause.isEnabled()) == (False, "Pause", False)


def test_the_focus_stays_where_it_was_when_a_recording_ends(outputs: PausedOutputs) -> None:
    gui = outputs.gui
    bar = gui.window.transport
    bar.record.setFocus()
    for button in (bar.record, bar.pause):
        gui.qtbot.keyClick(bar.record, Qt.Key.Key_Space)
        gui.until(bar.pause.isEnabled)
        button.setFocus()
        gui.until(button.hasFocus)
        gui.press(Qt.Key.Key_R)
        assert bar.record.hasFocus()
        gui.until(lambda: bar.record.text().strip() == "Record")
        assert bar.record.hasFocus()


def test_a_click_while_the_last_recording_is_finished_begins_no_other(outputs: PausedOutputs) -> None:
    gui = outputs.gui
    gui.press(Qt.Key.Key_R)
    finish, close = threading.Event(), gui.takes[0].close
    gui.takes[0].close = lambda: (finish.wait(60), close())
    gui.press(Qt.Key.Key_R)
    assert gui.window.transport.record.text().strip() == "Saving…"
    gui.click(gui.window.transport.record)
    finish.set()
    gui.until(lambda: gui.window.transport.record.text().strip() == "Record")
    assert len(gui.takes) == 1


def test_recordings_go_to_another_folder_and_its_disk_is_measured(gui: PlantedWindow, tmp_path, monkeypatch) -> None:
    other, panel = tmp_path / "other", gui.window.output
    other.mkdir()
    room = {gui.folder: 50 * 10**9, other: 7 * 10**9}
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: SimpleNamespace(free=room[folder]))
    asked = []

    def choose(parent, title, first):
        asked.append(first)
        return str(other)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    gui.click(panel.folder)
    assert asked == [str(gui.folder)]
    gui.until(lambda: panel.folder.text() == "other")
    assert str(other) in panel.folder.toolTip()
    gui.until(lambda: panel.disk.text() == "7.0 GB free")
    assert gui.saved[-1].recording_folder == str(other)
    gui.press(Qt.Key.Key_R)
    assert gui.takes[-1].path.parent == other


def test_a_folder_that_cannot_be_written_is_refused_with_a_button_for_another(gui, tmp_path, monkeypatch) -> None:
    chosen = [str(tmp_path / "gone"), str(tmp_path)]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: chosen.pop(0))
    before = gui.controller.settings.recording_folder
    gui.click(gui.window.output.folder)
    gui.until(lambda: gui.banners)
    assert gui.banners[0].startswith(f"Cannot write to {tmp_path / 'gone'}: ")
    assert gui.controller.settings.recording_folder == before
    gui.click(gui.window.banners.banners[0].button)
    gui.until(lambda: not any("Cannot write" in text for text in gui.banners))
    assert gui.controller.settings.recording_folder == str(tmp_path)
