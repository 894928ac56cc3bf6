"""Outputs and their panel in the window."""

from __future__ import annotations

from planted_window import PlantedWindow

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
