"""The window through its buttons and keys, on an engine with planted parts."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
import pytest
from engine_fakes import FakeSource
from planted_window import A_FACE, BLUE, GREEN, GREY, RED, colour_at, gui, halves, make_gui
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QComboBox, QFileDialog, QInputDialog, QLabel, QPushButton, QSlider

from puppet.commands.window import NO_CAMERA, choose_actor, choose_source
from puppet.core.errors import ActorFileError, RecordingError, SourceError
from puppet.core.motion import MotionSettings
from puppet.core.types import Frame
from puppet.engine import watchdog
from puppet.engine.puppeteer import StepOptions
from puppet.gui.explorer.style import explorer_style
from puppet.gui.kit import theme
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.qimage import to_icon, to_qimage
from puppet.gui.kit.shortcuts import SHORTCUTS
from puppet.gui.kit.widgets import RangeMeter, Switch
from puppet.gui.live.transport_panel import clock
from puppet.output.recording_sink import RecorderSink
from puppet.settings import Settings, WindowSettings

__all__ = ["make_gui", "gui"]  # fixtures

# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "expected"), [(64, 48, (64, 48)), (100, 48, (64, 48)), (30, 90, (30, 22))])
def test_a_picture_keeps_its_colours_and_its_aspect(qapp, width, height, expected):
    image = to_qimage(halves((10, 20, 30), (40, 50, 60)), width, height)
    assert (image.width(), image.height()) == expected
    left, right = QColor(image.pixel(1, 1)), QColor(image.pixel(image.width() - 2, 1))
    assert (left.blue(), left.green(), left.red()) == (10, 20, 30)
    assert (right.blue(), right.green(), right.red()) == (40, 50, 60)


def test_a_picture_survives_its_array(qapp):
    array = halves(RED, RED)
    image = to_qimage(array[:, ::2], 32, 48)  # not contiguous, and gone afterwards
    array[:] = 0
    assert QColor(image.pixel(5, 5)) == QColor("red")


def test_a_thumbnail_has_the_pixels_of_the_screen(qapp):
    pixmap = to_icon(halves(RED, RED, 64, 64), 30, 2.0).pixmap(30, 30)
    assert pixmap.toImage().pixelColor(3, 3) == QColor("red")


def test_both_panes_show_what_belongs_there_mirrored_alike(gui):
    w = gui.window
    assert w.driver_pane.mirrored  # as in a mirror, from the start
    assert colour_at(w.driver_pane, 0.4) == BLUE
    assert colour_at(w.driver_pane, 0.6) == RED
    assert colour_at(w.actor_pane, 0.4) == GREY
    assert colour_at(w.actor_pane, 0.6) == GREEN
    gui.press(Qt.Key.Key_M)
    assert colour_at(w.driver_pane, 0.4) == RED
    assert colour_at(w.actor_pane, 0.4) == GREEN
    assert not w.transport.mirror_preview.isChecked()
    assert gui.saved[-1].mirror_preview is False
    gui.click(w.transport.mirror_preview)
    assert colour_at(w.driver_pane, 0.4) == BLUE


def test_pictures_are_scaled_to_the_pixels_of_the_screen(gui):
    pane = gui.window.driver_pane
    assert pane.image.width() == pane.device_size[0] or pane.image.height() == pane.device_size[1]


def test_the_last_picture_follows_the_window_after_the_end(make_gui):
    gui = make_gui(sources=lambda spec: FakeSource("clip.mp4", [Frame(halves(RED, BLUE), 0, 0.0)]))
    gui.start("clip.mp4", None)
    gui.until(lambda: "has ended" in gui.window.status_line.state.text())
    before = gui.window.driver_pane.image.size()
    gui.window.resize(1500, 1000)
    gui.until(lambda: gui.window.driver_pane.image.size() != before)
    pane = gui.window.driver_pane
    assert pane.image.width() == pane.device_size[0] or pane.image.height() == pane.device_size[1]


def test_without_a_face_a_note_stands_over_the_driver_only(gui):
    w = gui.window
    gui.until(lambda: w.driver_pane.note == "")
    gui.face = None
    gui.until(lambda: w.driver_pane.note == "No face in view")
    assert w.actor_pane.note == ""
    assert colour_at(w.actor_pane, 0.6) == GREEN  # the actor goes on
    gui.face = A_FACE
    gui.until(lambda: w.driver_pane.note == "")


def test_without_an_actor_the_actor_pane_stays_empty(make_gui):
    gui = make_gui().start(actor=None)
    gui.until(lambda: gui.engine.status().results > 5)
    gui.until(lambda: gui.window.actor_pane.placeholder == "Choose an actor")
    assert gui.window.actor_pane.image is None
    expected = QColor(theme.PICTURE_BACKGROUND)
    assert colour_at(gui.window.actor_pane, 0.3, 0.3) == (expected.blue(), expected.green(), expected.red())


def test_latency_is_measured_when_the_picture_is_painted(qapp):
    pane = PreviewPane("pane")
    image = to_qimage(halves(RED, BLUE), 64, 48)
    assert pane.latency_ms == 0
    pane.show_image(image, captured_at=-1000.0)  # long before perf_counter began
    assert pane.latency_ms == 0  # nothing painted yet
    pane.grab()
    assert pane.latency_ms > 1_000_000
    first = pane.latency_ms
    pane.grab()  # painted again, but not for the first time
    assert pane.latency_ms == first


# -- recording, snapshot -------------------------------------------------------------------------------------------


def test_record_by_button_and_by_key(gui):
    w = gui.window
    gui.click(w.transport.record)
    assert w.transport.record.property("recording") is True
    assert w.transport.record.accessibleName() == "Stop recording"
    (take,) = gui.takes
    assert take.actor == "marble"
    gui.until(lambda: re.fullmatch(r"Stop  (?!0:00)\d+:\d\d", w.transport.record.text().strip()))
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: any(text.startswith("Saved") for text in gui.banners))
    assert w.transport.record.text().strip() == "Record"
    assert w.transport.record.isEnabled()
    assert take.closed.is_set()
    assert gui.banners == [f"Saved take.mp4 ({take.seconds:.1f} s)"]
    count = len(take.images)
    reached = gui.engine.status().results
    gui.until(lambda: gui.engine.status().results > reached + 3)
    assert len(take.images) == count  # nothing is written any more
    gui.click(w.banners.banners[0].button)
    assert gui.folders_opened == [str(gui.folder)]


def test_nothing_that_stands_over_the_pictures_gets_into_a_recording(gui):
    gui.face = None
    gui.until(lambda: gui.window.driver_pane.note)
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: len(gui.takes[0].images) > 3)
    for image in gui.takes[0].images:
        np.testing.assert_array_equal(image, gui.picture)


def test_a_refused_recording_says_why(gui):
    gui.refuse_recording = RecordingError("Cannot write to the folder; choose another one")
    gui.press(Qt.Key.Key_R)
    assert gui.banners == ["Cannot write to the folder; choose another one"]
    assert gui.window.banners.banners[0].kind == "error"
    assert not gui.window.transport.record.property("recording")
    gui.refuse_recording = None
    gui.press(Qt.Key.Key_R)  # and the next one works
    assert gui.window.transport.record.property("recording") is True


def test_a_recording_that_breaks_off_is_told_once_and_the_button_comes_back(gui):
    gui.press(Qt.Key.Key_R)
    gui.takes[0].fails = RecordingError("The recording stopped: the disk is full")
    gui.until(lambda: gui.banners)
    gui.until(lambda: gui.window.transport.record.text().strip() == "Record")
    gui.until(lambda: gui.engine.status().problems)
    gui.controller._show_status()
    assert gui.banners == ["The recording stopped: the disk is full"]


def test_pictures_left_out_of_a_recording_are_told(gui):
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: gui.takes[0].images)
    gui.takes[0].dropped = 4
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: gui.banners)
    assert "4 pictures left out" in gui.banners[0]


def test_without_an_actor_there_is_nothing_to_record(make_gui):
    gui = make_gui().start(actor=None)
    gui.press(Qt.Key.Key_R)
    assert gui.takes == []
    assert "nothing to record" in gui.banners[0]


def test_closing_the_window_finishes_the_recording(gui):
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: gui.takes[0].images)
    gui.window.close()
    assert gui.takes[0].closed.is_set()
    assert [recording.path.name for recording in gui.controller.finished] == ["take.mp4"]


def test_every_file_of_a_take_is_named(gui):
    gui.press(Qt.Key.Key_R)
    gui.takes[0].also = ("take_actor.mp4", "take_driver.mp4")
    gui.until(lambda: len(gui.takes[0].images) >= 3)
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: any(text.startswith("Saved") for text in gui.banners))
    length = f"{gui.takes[0].recording.seconds:.1f} s"
    assert f"Saved take.mp4, take_actor.mp4, take_driver.mp4 ({length})" in gui.banners
    assert len(gui.controller.finished) == 3


def test_a_real_recording_has_the_real_pictures(gui, monkeypatch):
    from puppet.media.ffmpeg_arguments import RecordingSettings
    from puppet.provenance.xmp import Provenance

    path = gui.folder / "real.mp4"
    monkeypatch.setattr(gui, "make_take", None)
    object.__setattr__(
        gui.controller.context.services,
        "make_recorder",
        lambda asked, settings, actor: RecorderSink(RecordingSettings(path, about=Provenance(actor))),
    )
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: gui.controller.recording.seconds >= 0.5)
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: any(text.startswith("Saved real.mp4") for text in gui.banners))
    (recording,) = gui.controller.finished
    video = cv2.VideoCapture(str(path))
    images = []
    while (read := video.read())[0]:
        images.append(read[1])
    video.release()
    assert len(images) == recording.frames >= 15
    shown = gui.side_by_side()
    assert images[0].shape == shown.shape
    inside = (slice(8, 40), slice(8, 24))  # away from the edge between the colours
    assert np.abs(images[-1][inside].astype(int) - shown[inside]).mean() < 12


def test_a_recording_whose_ffmpeg_died_is_not_told_as_saved(gui):
    from puppet.media.ffmpeg_arguments import RecordingSettings

    take = RecorderSink(RecordingSettings(gui.folder / "cut.mp4"))
    object.__setattr__(gui.controller.context.services, "make_recorder", lambda asked, settings, actor: take)
    gui.press(Qt.Key.Key_R)
    gui.until(lambda: take.seconds >= 0.2)
    process = take.recorder._process
    assert process is not None
    process.kill()
    gui.until(lambda: any("ffmpeg ended unexpectedly" in text for text in gui.banners))
    assert not any(text.startswith("Saved") for text in gui.banners)


def test_snapshot(gui):
    gui.press(Qt.Key.Key_S)
    (file,) = gui.folder.glob("*.png")
    assert "marble" in file.name
    np.testing.assert_array_equal(cv2.imread(str(file)), gui.side_by_side())
    assert gui.banners == [f"Saved {file.name}"]
    gui.click(gui.window.transport.snapshot)
    assert len(list(gui.folder.glob("*.png"))) == 2


def test_a_snapshot_into_a_place_that_is_no_folder_says_why(make_gui, tmp_path):
    (tmp_path / "file").write_text("in the way")
    gui = make_gui(Settings(recording_folder=str(tmp_path / "file"))).start()
    gui.press(Qt.Key.Key_S)
    assert gui.window.banners.banners[0].kind == "error"
    assert str(tmp_path / "file") in gui.banners[0]


# -- calibration, motion -------------------------------------------------------------------------------------------


@pytest.fixture
def film(make_gui):
    """A film is calibrated on at once; how a camera is, tests/puppet/gui/test_calibration.py tells."""
    gui = make_gui(sources=lambda spec: gui.camera("talk.mp4", live=False))
    return gui.start("talk.mp4")


def test_calibrate_and_back(film):
    gui, w = film, film.window
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    gui.until(lambda: gui.controller.context.status.face_seen)
    gui.press(Qt.Key.Key_C)
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: captured")
    assert gui.puppeteers[0].neutral_is_captured
    assert w.transport.automatic.isVisible()
    gui.press(Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    gui.click(w.transport.calibrate)
    gui.until(lambda: w.transport.automatic.isVisible())
    gui.click(w.transport.automatic)
    gui.until(lambda: not w.transport.automatic.isVisible())


def test_calibrating_without_a_face_says_so(film):
    gui = film
    gui.face = None
    gui.until(lambda: not gui.controller.context.status.face_seen)
    gui.press(Qt.Key.Key_C)
    assert "No face is in view" in gui.banners[0]
    assert not gui.puppeteers[0].neutral_is_captured


def test_a_neutral_that_is_still_being_learned_is_told_with_what_to_do(gui):
    w = gui.window
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    gui.puppeteers[0].neutral_confidence = 0.2
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: still learning")
    gui.until(lambda: w.driver_pane.note == "Learning your face: look relaxed, or press C")
    gui.face = None
    gui.until(lambda: w.driver_pane.note == "No face in view")
    gui.face = A_FACE
    gui.until(lambda: gui.controller.context.status.face_seen)
    gui.until(lambda: w.driver_pane.note == "Learning your face: look relaxed, or press C")
    gui.puppeteers[0].capture_neutral()
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: captured")
    gui.until(lambda: w.driver_pane.note == "")


def test_a_film_is_not_told_to_look_relaxed(make_gui):
    gui = make_gui(sources=lambda spec: gui.camera("talk.mp4", live=False))
    gui.start("talk.mp4")
    gui.puppeteers[0].neutral_confidence = 0.2
    gui.until(lambda: gui.window.status_line.neutral.text() == "Neutral: still learning")
    assert gui.window.driver_pane.note == ""


def test_sliders_begin_together(gui):
    left = [s.slider.mapTo(gui.window, s.slider.rect().topLeft()).x() for s in gui.window.motion.sliders.values()]
    assert len(left) == 6
    assert len(set(left)) == 1


def test_sliders_and_their_reset(gui):
    motion = gui.window.motion
    sliders = {name: slider.slider for name, slider in motion.sliders.items()}
    sliders["expression_gain"].setFocus()
    gui.qtbot.keyClick(sliders["expression_gain"], Qt.Key.Key_PageUp)
    assert gui.options.expression_gain == 1.1
    gui.qtbot.keyClick(sliders["smoothing"], Qt.Key.Key_Home)
    gui.qtbot.keyClick(sliders["pose_gain"], Qt.Key.Key_End)
    gui.qtbot.keyClick(sliders["mouth_gain"], Qt.Key.Key_PageDown)
    assert (gui.options.smoothing, gui.options.pose_gain, gui.options.mouth_gain) == (0.0, 2.0, 0.9)
    expected = MotionSettings(smoothing=0.0, expression_gain=1.1, mouth_gain=0.9, pose_gain=2.0)
    assert gui.controller.settings.motion == expected
    gui.click(motion.reset)
    assert gui.options == StepOptions()
    assert gui.controller.settings.motion == MotionSettings()


def test_a_double_click_resets_one_slider(gui):
    motion = gui.window.motion
    for name, where in (
        ("eyes_gain", motion.sliders["eyes_gain"].slider),
        ("brows_gain", motion.sliders["brows_gain"]),
    ):
        gui.qtbot.keyClick(motion.sliders[name].slider, Qt.Key.Key_Home)
        gui.qtbot.keyClick(motion.sliders["pose_gain"].slider, Qt.Key.Key_Home)
        assert (getattr(gui.options, name), gui.options.pose_gain) == (0.0, 0.0)
        gui.qtbot.mouseDClick(where, Qt.MouseButton.LeftButton)
        assert (getattr(gui.options, name), gui.options.pose_gain) == (1.0, 0.0)


def test_every_slider_can_be_reached_by_key_and_says_what_it_does(gui):
    names = set()
    for slider in gui.window.motion.sliders.values():
        assert slider.slider.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert slider.toolTip().endswith("Double-click: back to 50 %" if not names else "Double-click: back to 100 %")
        names.add(slider.slider.accessibleName())
    assert len(names) == 6


def test_the_range_meter_follows_the_pictures_and_says_more_than_colour(gui):
    meter = gui.window.status_line.range
    gui.until(lambda: gui.puppeteers)
    assert meter.value is None
    gui.puppeteers[0].strange = 0.5
    gui.until(lambda: meter.value is not None)
    assert meter.accessibleDescription() == "within"
    beyond = theme.colours_for(meter.palette()).beyond_range
    assert beyond not in beyond_the_mark(meter)
    gui.puppeteers[0].strange = 2.5
    gui.until(lambda: meter.value > 2)
    assert meter.accessibleDescription() == "beyond"
    assert beyond in beyond_the_mark(meter)
    assert len(beyond_the_mark(meter)) >= 2  # hatched
    assert "press C" in meter.toolTip()
    gui.puppeteers[0].strange = None
    gui.until(lambda: meter.value is None)


def beyond_the_mark(meter: RangeMeter) -> set[str]:
    """Colours of the second third of the bar."""
    grabbed, third = meter.grab().toImage(), meter.WIDTH // 3
    return {grabbed.pixelColor(6 + x, meter.height() // 2).name() for x in range(third + 3, 2 * third - 3)}


def test_the_range_meter_is_calm(qapp):
    """One strange frame is not seen, several are."""
    meter = RangeMeter("Range")
    meter.show_value(0.4)
    meter.show_value(3.0)
    assert meter.value is not None
    assert meter.value < 1
    for _ in range(20):
        meter.show_value(3.0)
    assert meter.value > 2.5


def test_mirror_output_reaches_the_puppeteer(gui):
    assert gui.options.mirror_output is False
    gui.press(Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert gui.options.mirror_output is True
    assert gui.window.transport.mirror_output.isChecked()
    assert gui.saved[-1].mirror_output is True
    gui.click(gui.window.transport.mirror_output)
    assert gui.options.mirror_output is False


def test_settings_are_shown_used_and_kept(make_gui, tmp_path):
    chosen = Settings(
        recording_folder=str(tmp_path),
        mirror_preview=False,
        mirror_output=True,
        motion=MotionSettings(smoothing=0.2, expression_gain=1.5, brows_gain=0.3, pose_gain=0.5),
    )
    gui = make_gui(chosen).start()
    w = gui.window
    assert {name: slider.value for name, slider in w.motion.sliders.items()} == asdict(chosen.motion)
    assert w.transport.mirror_output.isChecked()
    assert not w.driver_pane.mirrored
    assert gui.options == StepOptions(0.2, 1.5, brows_gain=0.3, pose_gain=0.5, mirror_output=True)
    gui.click(w.side.groups["motion"].heading)
    assert not w.motion.isVisible()
    w.resize(1234, 801)
    w.close()
    assert gui.saved[-1] == Settings(
        recording_folder=str(tmp_path),
        mirror_preview=False,
        mirror_output=True,
        motion=chosen.motion,
        window=WindowSettings(1234, 801, folded="motion"),
    )


def test_settings_that_cannot_be_saved_stop_nothing(gui):
    def fail(settings):
        raise OSError(28, "No space left on device")

    object.__setattr__(gui.controller.context.services, "save_settings", fail)
    gui.press(Qt.Key.Key_M)
    gui.until(lambda: gui.banners)
    assert "No space left on device" in gui.banners[0]
    assert not gui.window.driver_pane.mirrored
    assert gui.controller.shutdown() == ["The settings could not be saved: No space left on device"]


# -- sources and actors --------------------------------------------------------------------------------------------


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


def test_a_provider_that_is_not_used_is_told_in_words(make_gui):
    gui = make_gui()
    gui.actor_notice = "CUDA is not used: libcudnn.so.9 is missing"
    gui.start()
    line = gui.window.status_line
    gui.until(lambda: line.provider.text() == "CPU")
    assert line.provider.property("alert") is True
    assert line.provider.toolTip() == gui.actor_notice
    assert any(gui.actor_notice in text for text in gui.banners)


# -- errors, status ------------------------------------------------------------------------------------------------


def test_an_error_is_a_banner_that_can_be_dismissed_and_goes_when_all_is_well(make_gui):
    away = threading.Event()
    away.set()

    def sources(spec):
        error = SourceError(f"{spec} is used by another program", "busy") if away.is_set() else None
        source = gui.camera(spec)
        source.open_error = error
        return source

    gui = make_gui(sources=sources)
    gui.controller.start("Front", None)
    gui.window.show()
    gui.until(lambda: gui.banners == ["Front is used by another program"])
    assert gui.window.isEnabled()
    gui.until(lambda: gui.window.status_line.state.text() == "Waiting for Front to come back…")
    gui.click(gui.window.banners.banners[0].close_button)
    assert gui.banners == []
    tries = len(gui.opened)
    gui.until(lambda: len(gui.opened) > tries + 3)
    gui.controller._show_status()
    assert gui.banners == []  # dismissed is dismissed
    away.clear()
    gui.until(lambda: gui.window.driver_pane.image is not None)
    gui.until(lambda: gui.window.status_line.state.text() == "Live: Front")
    away.set()
    gui.choose(gui.window.source.box, "Back")
    gui.until(lambda: gui.banners == ["Back is used by another program"])
    away.clear()
    gui.until(lambda: gui.banners == [])  # came back by itself, so the message went


def test_a_film_that_has_ended_can_be_played_again(make_gui):
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


def test_the_status_line(gui):
    line = gui.window.status_line
    gui.until(lambda: line.fps.text().endswith(" fps") and line.fps.text() != "0 fps")
    gui.until(lambda: line.latency.text() not in ("", "– ms"))
    assert line.dropped.text() == f"{gui.controller.context.status.dropped} dropped"
    assert line.provider.text() == "CPU"
    gui.until(lambda: "decode: 2.0 ms" in line.latency.toolTip())


def test_only_so_many_banners_stand(gui):
    for n in range(5):
        gui.window.banners.say(str(n), f"message {n}")
    assert gui.banners == ["message 2", "message 3", "message 4"]
    gui.window.banners.say("4", "message 4 again")
    assert gui.banners == ["message 2", "message 3", "message 4 again"]


# -- keys, access, looks -------------------------------------------------------------------------------------------


def test_the_table_of_keys_makes_the_keys_and_the_sheet(gui):
    keys = [key for shortcut in SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))
    assert {shortcut.command for shortcut in SHORTCUTS} == set(gui.window.commands)
    gui.press(Qt.Key.Key_F1)
    sheet = gui.window.sheet
    assert sheet is not None
    assert sheet.isVisible()
    words = {label.text() for label in sheet.findChildren(QLabel)}
    for shortcut in SHORTCUTS:
        assert {shortcut.words, *shortcut.keys} <= words
    sheet.close()
    gui.click(gui.window.help_button)
    assert sheet.isVisible()


def test_the_question_mark_opens_the_sheet(gui):
    gui.qtbot.keyClick(gui.window, "?")
    gui.until(lambda: gui.window.sheet is not None and gui.window.sheet.isVisible())


def test_full_screen(gui):
    gui.press(Qt.Key.Key_F11)
    gui.until(gui.window.isFullScreen)
    gui.press(Qt.Key.Key_F11)
    gui.until(lambda: not gui.window.isFullScreen())


def test_every_control_has_a_name_a_reason_and_a_way_by_keyboard(gui):
    gui.window.banners.say("x", "message")
    controls = [c for kind in (QPushButton, QComboBox, QSlider, Switch) for c in gui.window.findChildren(kind)]
    assert len(controls) >= 12
    for control in controls:
        name = control.accessibleName() or control.text()
        assert name.strip(), control
        assert control.toolTip() or control.parent().toolTip(), name
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, name


def test_nothing_is_clipped_at_the_smallest_size(gui):
    w = gui.window
    w.transport.show_recording(3725.0)
    w.transport.show_neutral(True)
    w.resize(w.minimumSizeHint())
    gui.until(lambda: w.width() <= max(w.minimumSizeHint().width(), 900))
    controls = [w.help_button, *w.transport.findChildren(QPushButton), *w.transport.findChildren(Switch)]
    controls += [*w.motion.findChildren(QLabel), *w.motion.findChildren(QPushButton)]
    for control in controls:
        assert control.width() >= control.minimumSizeHint().width(), control.accessibleName()
        assert control.height() >= control.minimumSizeHint().height(), control.accessibleName()
    assert abs(w.driver_pane.width() - w.actor_pane.width()) <= 1


@pytest.mark.parametrize(("window", "expected"), [("#ffffff", theme.LIGHT), ("#1e1e1e", theme.DARK)])
def test_light_and_dark(qapp, window, expected):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(window))
    assert theme.colours_for(palette) is expected
    assert theme.colours_for(theme.palette_of(expected)) is expected


def test_the_system_s_scheme_is_followed_while_the_window_is_open(make_gui, qapp):
    gui = make_gui().start(actor=None)
    w, hints, before = gui.window, qapp.styleHints(), qapp.palette()
    gui.window.show_page("explore")
    explorer = gui.controller.latent.explorer
    try:
        for colours, scheme in ((theme.DARK, Qt.ColorScheme.Dark), (theme.LIGHT, Qt.ColorScheme.Light)):
            hints.colorSchemeChanged.emit(scheme)  # as Qt does: first this,
            qapp.setPalette(theme.palette_of(colours))  # then its palette
            gui.until(lambda colours=colours: colours.window in w.styleSheet())
            assert w.palette().color(QPalette.ColorRole.Window).name() == colours.window
            gui.until(lambda colours=colours: explorer.styleSheet() == explorer_style(colours))
            assert w.grab().toImage().pixelColor(2, w.height() // 2).name() == colours.window
    finally:
        qapp.setPalette(before)


@pytest.mark.parametrize("scheme", [theme.LIGHT, theme.DARK])
def test_text_stands_out_from_what_is_behind_it(scheme):
    def luminance(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def contrast(a, b):  # WCAG 2.1
        low, high = sorted((luminance(a), luminance(b)))
        return (high + 0.05) / (low + 0.05)

    for behind in (scheme.window, scheme.card, scheme.notice, scheme.warning, scheme.error):
        assert contrast(scheme.text, behind) >= 7
    for behind in (scheme.window, scheme.card):
        assert contrast(scheme.muted, behind) >= 4.5
        assert contrast(scheme.accent, behind) >= 4.5
        assert contrast(scheme.danger, behind) >= 4.5
    assert contrast(scheme.on_accent, scheme.accent) >= 4.5


@pytest.mark.parametrize(("seconds", "expected"), [(0, "0:00"), (75.9, "1:15"), (3725, "1:02:05")])
def test_clock(seconds, expected):
    assert clock(seconds) == expected


# -- what to start with --------------------------------------------------------------------------------------------


def test_which_source(tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    assert choose_source("7", "Front", ["Front"]) == ("7", None)
    assert choose_source(None, "Back", ["Front", "Back"]) == ("Back", None)
    assert choose_source(None, "", ["Front", "Back"]) == ("Front", None)
    assert choose_source(None, "", []) == ("demo", NO_CAMERA)
    assert choose_source(None, str(clip), []) == (str(clip), None)
    assert choose_source(None, "rtsp://phone/1", []) == ("rtsp://phone/1", None)
    spec, notice = choose_source(None, "Gone", ["Front"])
    assert spec == "Front"
    assert notice is not None
    assert "Gone" in notice
    spec, notice = choose_source(None, str(tmp_path / "gone.mp4"), [])
    assert spec == "demo"
    assert notice is not None
    assert "demo clip" in notice


def test_which_actor(tmp_path, monkeypatch):
    from puppet.actor import runtime as actor

    there = SimpleNamespace(names=["marble", "ada"])

    def find(name="marble"):
        if name not in there.names:
            raise ActorFileError(f"no actor is called {name!r}")
        return Path(f"{name}.actor")

    monkeypatch.setattr(actor, "find_actor", find)
    monkeypatch.setattr(actor, "list_actors", lambda: [Path(f"{name}.actor") for name in there.names])
    assert choose_actor("ada", "marble") == (Path("ada.actor"), None)
    assert choose_actor(None, "ada") == (Path("ada.actor"), None)
    assert choose_actor(None, "") == (Path("marble.actor"), None)
    path, notice = choose_actor(None, "gone")
    assert path == Path("marble.actor")
    assert notice is not None
    assert "gone" in notice
    with pytest.raises(ActorFileError, match="gone"):
        choose_actor("gone", "ada")
    there.names = ["ada"]
    assert choose_actor(None, "")[0] == Path("ada.actor")
    there.names = []
    path, notice = choose_actor(None, "")
    assert path is None
    assert notice is not None


# -- pages and groups ----------------------------------------------------------------------------------------------


def test_pages_are_tabs_with_keys_and_keep_their_keys_to_themselves(gui):
    w = gui.window
    other = QLabel("another page")
    w.add_page("other", "Other", other)
    shown = []
    w.page_shown.connect(shown.append)
    assert w.page == "live"
    gui.press(Qt.Key(Qt.Key.Key_0 + w.tabs.count()), Qt.KeyboardModifier.ControlModifier)
    gui.until(other.isVisible)
    assert (w.page, shown) == ("other", ["other"])
    assert not w.driver_pane.isVisible()
    gui.press(Qt.Key.Key_R)  # belongs to the live page
    assert gui.takes == []
    gui.press(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    gui.until(w.driver_pane.isVisible)
    gui.press(Qt.Key.Key_R)
    assert len(gui.takes) == 1
    w.show_page("nothing of that name")
    assert w.page == "live"


def test_groups_fold_by_key_and_say_so(gui):
    side = gui.window.side
    late = QLabel("late")
    side.fold(["late"])
    group = side.add_group("late", "Late", late)
    assert side.folded == ["late"]
    assert not late.isVisible()
    assert group.heading.accessibleDescription() == "folded"
    gui.until(group.isVisible)
    group.heading.setFocus()
    gui.qtbot.keyClick(group.heading, Qt.Key.Key_Space)
    assert late.isVisible()
    assert (side.folded, group.heading.accessibleDescription()) == ([], "open")
