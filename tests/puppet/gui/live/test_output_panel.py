"""The outputs' panel, through its own controls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt

from puppet.gui.live.output_panel import OutputPanel
from puppet.media.codecs import Codec, Encoder
from puppet.output.disk import DiskSpace
from puppet.output.live_outputs import OutputStatus
from puppet.output.settings import OutputSettings

QUIET = OutputStatus(None, None, None, None, None, 0.0, None, DiskSpace(50_000_000_000))


@pytest.fixture
def panel(qtbot) -> OutputPanel:
    made = OutputPanel()
    qtbot.addWidget(made)
    made.show()
    return made


def test_what_is_shown_is_not_said_again(panel: OutputPanel, qtbot) -> None:
    chosen = OutputSettings("separate", 720, "ffv1", "small", False, False, "Desk", True, False, 80, 5.0)
    with qtbot.assertNotEmitted(panel.changed):
        panel.show_settings(chosen)
        panel.show_microphones(["Headset"])
        panel.show_codecs([Codec.H264])
        panel.show_status(QUIET)
    assert panel.layout_box.currentText() == "Three separate files"
    assert (panel.height_box.currentText(), panel.codec.currentText()) == ("720 px high", "FFV1")
    assert panel.microphone.currentText() == "Desk"  # chosen, though it is not there now
    assert [panel.codec.itemText(i) for i in range(panel.codec.count())] == ["H.264", "FFV1"]
    assert (panel.delay.value(), panel.pre_roll.value()) == (80, 5)
    assert panel.delay.isEnabled()
    assert not panel.quality.isEnabled()  # FFV1 has none to choose


def test_a_graphics_card_that_encodes_nothing_is_not_shown_as_used(panel: OutputPanel, qtbot) -> None:
    x264, nvenc = Encoder("libx264", Codec.H264), Encoder("h264_nvenc", Codec.H264, "NVIDIA NVENC")
    assert panel.hardware.isChecked()  # not known yet
    with qtbot.assertNotEmitted(panel.changed):
        panel.show_status(replace(QUIET, encoder=x264))
    assert not panel.hardware.isChecked()
    assert not panel.hardware.isEnabled()
    assert "No graphics card can encode H.264 here" in panel.hardware.toolTip()
    panel.show_status(replace(QUIET, encoder=nvenc))
    assert panel.hardware.isChecked()
    assert panel.hardware.isEnabled()
    qtbot.mouseClick(panel.hardware, Qt.MouseButton.LeftButton)
    panel.show_status(replace(QUIET, encoder=x264))  # the user does not want it, so nobody knows
    assert panel.hardware.isEnabled()
    assert not panel.hardware.isChecked()


def test_every_control_says_what_the_user_wanted(panel: OutputPanel, qtbot) -> None:
    said: list[OutputSettings] = []
    panel.changed.connect(said.append)
    panel.show_microphones(["Desk"])
    for box, words in (
        (panel.layout_box, "Actor only"),
        (panel.quality, "Good"),
        (panel.height_box, "1080 px high"),
        (panel.codec, "HEVC"),
        (panel.microphone, "Desk"),
    ):
        box.setCurrentText(words)
        box.activated.emit(box.currentIndex())
    for switch in (panel.hardware, panel.badge, panel.muted, panel.automatic_delay):
        qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    panel.delay.setValue(-120)
    panel.pre_roll.setValue(7)
    assert said[-1] == OutputSettings(
        "actor", 1080, "hevc", "good", False, False, "Desk", True, automatic_delay=False, delay_ms=-120, pre_roll=7.0
    )
    assert len(said) == 11
    for button, kind in ((panel.gif, "gif"), (panel.webp, "webp")):
        with qtbot.waitSignal(panel.clip_clicked) as clip:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert clip.args == [kind]


def test_it_shows_how_the_outputs_are_doing(panel: OutputPanel) -> None:
    panel.show_status(QUIET)
    assert not panel.level.isEnabled()
    assert panel.disk.text() == "50 GB free"
    assert not panel.note.isVisible()
    nvenc = Encoder("h264_nvenc", Codec.H264, "NVIDIA NVENC")
    busy = OutputStatus(-12.4, "Desk is gone", "/dev/video9", None, True, 3.0, nvenc, DiskSpace(10**8))
    panel.show_status(busy)
    assert panel.level.value() == -12
    assert panel.disk.text() == "Little room left: 0.1 GB free"
    assert panel.camera.isChecked()
    for words in ("Desk is gone", "camera /dev/video9", "Encoded by NVIDIA NVENC"):
        assert words in panel.note.text()


def test_it_says_which_delay_is_compensated(panel: OutputPanel) -> None:
    panel.show_latency(42.6)
    assert not panel.latency.isVisible()  # there is no sound
    panel.show_settings(OutputSettings(microphone="Desk", delay_ms=80))
    assert panel.latency.isVisible()
    assert "43 ms behind the camera (measured)" in panel.latency.text()
    assert "Extra delay of the sound: 0 ms" in panel.latency.text()
    panel.automatic_delay.click()
    assert "Extra delay of the sound: 80 ms" in panel.latency.text()
    panel.delay.setValue(-120)
    assert "Extra delay of the sound: -120 ms" in panel.latency.text()
    panel.show_latency(0.0)
    assert "measured" not in panel.latency.text()  # no picture has come yet


def test_everything_can_be_reached_and_has_a_name(panel: OutputPanel) -> None:
    for control in (panel.layout_box, panel.quality, panel.height_box, panel.codec, panel.microphone, panel.delay):
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
    for control in (panel.hardware, panel.muted, panel.badge, panel.camera, panel.gif, panel.webp):
        assert control.accessibleName() or control.text()
        assert control.toolTip()
