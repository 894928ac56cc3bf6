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
from gui_stage import A_FACE, BLUE, GREEN, GREY, RED, colour_at, halves, make_stage, stage
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QComboBox, QFileDialog, QInputDialog, QLabel, QPushButton, QSlider

from puppet.commands.window import NO_CAMERA, choose_actor, choose_source
from puppet.core.errors import ActorFileError, RecordingError, SourceError
from puppet.core.types import Frame
from puppet.engine import watchdog
from puppet.engine.puppeteer import StepOptions
from puppet.gui.explorer.stage import explorer_style
from puppet.gui.kit import theme
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.qimage import to_icon, to_qimage
from puppet.gui.kit.shortcuts import SHORTCUTS
from puppet.gui.kit.widgets import RangeMeter, Switch
from puppet.gui.live.transport_panel import clock
from puppet.output.recording_sink import RecorderSink
from puppet.settings import MotionSettings, Settings, WindowSettings

__all__ = ["make_stage", "stage"]  # fixtures

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


def test_both_panes_show_what_belongs_there_mirrored_alike(stage):
    w = stage.window
    assert w.driver_pane.mirrored  # as in a mirror, from the start
    assert colour_at(w.driver_pane, 0.4) == BLUE
    assert colour_at(w.driver_pane, 0.6) == RED
    assert colour_at(w.actor_pane, 0.4) == GREY
    assert colour_at(w.actor_pane, 0.6) == GREEN
    stage.press(Qt.Key.Key_M)
    assert colour_at(w.driver_pane, 0.4) == RED
    assert colour_at(w.actor_pane, 0.4) == GREEN
    assert not w.transport.mirror_preview.isChecked()
    assert stage.saved[-1].mirror_preview is False
    stage.click(w.transport.mirror_preview)
    assert colour_at(w.driver_pane, 0.4) == BLUE


def test_pictures_are_scaled_to_the_pixels_of_the_screen(stage):
    pane = stage.window.driver_pane
    assert pane.image.width() == pane.device_size[0] or pane.image.height() == pane.device_size[1]


def test_the_last_picture_follows_the_window_after_the_end(make_stage):
    stage = make_stage(sources=lambda spec: FakeSource("clip.mp4", [Frame(halves(RED, BLUE), 0, 0.0)]))
    stage.start("clip.mp4", None)
    stage.until(lambda: "has ended" in stage.window.status_line.state.text())
    before = stage.window.driver_pane.image.size()
    stage.window.resize(1500, 1000)
    stage.until(lambda: stage.window.driver_pane.image.size() != before)
    pane = stage.window.driver_pane
    assert pane.image.width() == pane.device_size[0] or pane.image.height() == pane.device_size[1]


def test_without_a_face_a_note_stands_over_the_driver_only(stage):
    w = stage.window
    stage.until(lambda: w.driver_pane.note == "")
    stage.face = None
    stage.until(lambda: w.driver_pane.note == "No face in view")
    assert w.actor_pane.note == ""
    assert colour_at(w.actor_pane, 0.6) == GREEN  # the actor goes on
    stage.face = A_FACE
    stage.until(lambda: w.driver_pane.note == "")


def test_without_an_actor_the_actor_pane_stays_empty(make_stage):
    stage = make_stage().start(actor=None)
    stage.until(lambda: stage.engine.status().results > 5)
    stage.until(lambda: stage.window.actor_pane.placeholder == "Choose an actor")
    assert stage.window.actor_pane.image is None
    expected = QColor(theme.STAGE)
    assert colour_at(stage.window.actor_pane, 0.3, 0.3) == (expected.blue(), expected.green(), expected.red())


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


def test_record_by_button_and_by_key(stage):
    w = stage.window
    stage.click(w.transport.record)
    assert w.transport.record.property("recording") is True
    assert w.transport.record.accessibleName() == "Stop recording"
    (take,) = stage.takes
    assert take.actor == "marble"
    stage.until(lambda: re.fullmatch(r"Stop  (?!0:00)\d+:\d\d", w.transport.record.text().strip()))
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: any(text.startswith("Saved") for text in stage.banners))
    assert w.transport.record.text().strip() == "Record"
    assert w.transport.record.isEnabled()
    assert take.closed.is_set()
    assert stage.banners == [f"Saved take.mp4 ({take.seconds:.1f} s)"]
    count = len(take.images)
    reached = stage.engine.status().results
    stage.until(lambda: stage.engine.status().results > reached + 3)
    assert len(take.images) == count  # nothing is written any more
    stage.click(w.banners.banners[0].button)
    assert stage.folders_opened == [str(stage.folder)]


def test_nothing_that_stands_over_the_pictures_gets_into_a_recording(stage):
    stage.face = None
    stage.until(lambda: stage.window.driver_pane.note)
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: len(stage.takes[0].images) > 3)
    for image in stage.takes[0].images:
        np.testing.assert_array_equal(image, stage.picture)


def test_a_refused_recording_says_why(stage):
    stage.refuse_recording = RecordingError("Cannot write to the folder; choose another one")
    stage.press(Qt.Key.Key_R)
    assert stage.banners == ["Cannot write to the folder; choose another one"]
    assert stage.window.banners.banners[0].kind == "error"
    assert not stage.window.transport.record.property("recording")
    stage.refuse_recording = None
    stage.press(Qt.Key.Key_R)  # and the next one works
    assert stage.window.transport.record.property("recording") is True


def test_a_recording_that_breaks_off_is_told_once_and_the_button_comes_back(stage):
    stage.press(Qt.Key.Key_R)
    stage.takes[0].fails = RecordingError("The recording stopped: the disk is full")
    stage.until(lambda: stage.banners)
    stage.until(lambda: stage.window.transport.record.text().strip() == "Record")
    stage.until(lambda: stage.engine.status().problems)
    stage.controller._show_status()
    assert stage.banners == ["The recording stopped: the disk is full"]


def test_pictures_left_out_of_a_recording_are_told(stage):
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: stage.takes[0].images)
    stage.takes[0].dropped = 4
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: stage.banners)
    assert "4 pictures left out" in stage.banners[0]


def test_without_an_actor_there_is_nothing_to_record(make_stage):
    stage = make_stage().start(actor=None)
    stage.press(Qt.Key.Key_R)
    assert stage.takes == []
    assert "nothing to record" in stage.banners[0]


def test_closing_the_window_finishes_the_recording(stage):
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: stage.takes[0].images)
    stage.window.close()
    assert stage.takes[0].closed.is_set()
    assert [recording.path.name for recording in stage.controller.finished] == ["take.mp4"]


def test_every_file_of_a_take_is_named(stage):
    stage.press(Qt.Key.Key_R)
    stage.takes[0].also = ("take_actor.mp4", "take_driver.mp4")
    stage.until(lambda: len(stage.takes[0].images) >= 3)
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: any(text.startswith("Saved") for text in stage.banners))
    length = f"{stage.takes[0].recording.seconds:.1f} s"
    assert f"Saved take.mp4, take_actor.mp4, take_driver.mp4 ({length})" in stage.banners
    assert len(stage.controller.finished) == 3


def test_a_real_recording_has_the_real_pictures(stage, monkeypatch):
    from puppet.media.ffmpeg_arguments import RecordingSettings
    from puppet.provenance.xmp import Provenance

    path = stage.folder / "real.mp4"
    monkeypatch.setattr(stage, "make_take", None)
    object.__setattr__(
        stage.controller.desk.services,
        "make_recorder",
        lambda asked, settings, actor: RecorderSink(RecordingSettings(path, about=Provenance(actor))),
    )
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: stage.controller.recording.seconds >= 0.5)
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: any(text.startswith("Saved real.mp4") for text in stage.banners))
    (recording,) = stage.controller.finished
    video = cv2.VideoCapture(str(path))
    images = []
    while (read := video.read())[0]:
        images.append(read[1])
    video.release()
    assert len(images) == recording.frames >= 15
    shown = stage.side_by_side()
    assert images[0].shape == shown.shape
    inside = (slice(8, 40), slice(8, 24))  # away from the edge between the colours
    assert np.abs(images[-1][inside].astype(int) - shown[inside]).mean() < 12


def test_a_recording_whose_ffmpeg_died_is_not_told_as_saved(stage):
    from puppet.media.ffmpeg_arguments import RecordingSettings

    take = RecorderSink(RecordingSettings(stage.folder / "cut.mp4"))
    object.__setattr__(stage.controller.desk.services, "make_recorder", lambda asked, settings, actor: take)
    stage.press(Qt.Key.Key_R)
    stage.until(lambda: take.seconds >= 0.2)
    process = take.recorder._process
    assert process is not None
    process.kill()
    stage.until(lambda: any("ffmpeg ended unexpectedly" in text for text in stage.banners))
    assert not any(text.startswith("Saved") for text in stage.banners)


def test_snapshot(stage):
    stage.press(Qt.Key.Key_S)
    (file,) = stage.folder.glob("*.png")
    assert "marble" in file.name
    np.testing.assert_array_equal(cv2.imread(str(file)), stage.side_by_side())
    assert stage.banners == [f"Saved {file.name}"]
    stage.click(stage.window.transport.snapshot)
    assert len(list(stage.folder.glob("*.png"))) == 2


def test_a_snapshot_into_a_place_that_is_no_folder_says_why(make_stage, tmp_path):
    (tmp_path / "file").write_text("in the way")
    stage = make_stage(Settings(recording_folder=str(tmp_path / "file"))).start()
    stage.press(Qt.Key.Key_S)
    assert stage.window.banners.banners[0].kind == "error"
    assert str(tmp_path / "file") in stage.banners[0]


# -- calibration, motion -------------------------------------------------------------------------------------------


@pytest.fixture
def film(make_stage):
    """A film is calibrated on at once; how a camera is, tests/puppet/gui/test_calibration.py tells."""
    stage = make_stage(sources=lambda spec: stage.camera("talk.mp4", live=False))
    return stage.start("talk.mp4")


def test_calibrate_and_back(film):
    stage, w = film, film.window
    stage.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    stage.until(lambda: stage.controller.desk.status.face_seen)
    stage.press(Qt.Key.Key_C)
    stage.until(lambda: w.status_line.neutral.text() == "Neutral: captured")
    assert stage.puppeteers[0].neutral_is_captured
    assert w.transport.automatic.isVisible()
    stage.press(Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    stage.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    stage.click(w.transport.calibrate)
    stage.until(lambda: w.transport.automatic.isVisible())
    stage.click(w.transport.automatic)
    stage.until(lambda: not w.transport.automatic.isVisible())


def test_calibrating_without_a_face_says_so(film):
    stage = film
    stage.face = None
    stage.until(lambda: not stage.controller.desk.status.face_seen)
    stage.press(Qt.Key.Key_C)
    assert "No face is in view" in stage.banners[0]
    assert not stage.puppeteers[0].neutral_is_captured


def test_a_neutral_that_is_still_being_learned_is_told_with_what_to_do(stage):
    w = stage.window
    stage.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    stage.puppeteers[0].neutral_confidence = 0.2
    stage.until(lambda: w.status_line.neutral.text() == "Neutral: still learning")
    stage.until(lambda: w.driver_pane.note == "Learning your face: look relaxed, or press C")
    stage.face = None
    stage.until(lambda: w.driver_pane.note == "No face in view")
    stage.face = A_FACE
    stage.until(lambda: stage.controller.desk.status.face_seen)
    stage.until(lambda: w.driver_pane.note == "Learning your face: look relaxed, or press C")
    stage.puppeteers[0].capture_neutral()
    stage.until(lambda: w.status_line.neutral.text() == "Neutral: captured")
    stage.until(lambda: w.driver_pane.note == "")


def test_a_film_is_not_told_to_look_relaxed(make_stage):
    stage = make_stage(sources=lambda spec: stage.camera("talk.mp4", live=False))
    stage.start("talk.mp4")
    stage.puppeteers[0].neutral_confidence = 0.2
    stage.until(lambda: stage.window.status_line.neutral.text() == "Neutral: still learning")
    assert stage.window.driver_pane.note == ""


def test_sliders_begin_together(stage):
    left = [s.slider.mapTo(stage.window, s.slider.rect().topLeft()).x() for s in stage.window.motion.sliders.values()]
    assert len(left) == 6
    assert len(set(left)) == 1


def test_sliders_and_their_reset(stage):
    motion = stage.window.motion
    sliders = {name: slider.slider for name, slider in motion.sliders.items()}
    sliders["expression_gain"].setFocus()
    stage.qtbot.keyClick(sliders["expression_gain"], Qt.Key.Key_PageUp)
    assert stage.options.expression_gain == 1.1
    stage.qtbot.keyClick(sliders["smoothing"], Qt.Key.Key_Home)
    stage.qtbot.keyClick(sliders["pose_gain"], Qt.Key.Key_End)
    stage.qtbot.keyClick(sliders["mouth_gain"], Qt.Key.Key_PageDown)
    assert (stage.options.smoothing, stage.options.pose_gain, stage.options.mouth_gain) == (0.0, 2.0, 0.9)
    expected = MotionSettings(smoothing=0.0, expression_gain=1.1, mouth_gain=0.9, pose_gain=2.0)
    assert stage.controller.settings.motion == expected
    stage.click(motion.reset)
    assert stage.options == StepOptions()
    assert stage.controller.settings.motion == MotionSettings()


def test_a_double_click_resets_one_slider(stage):
    motion = stage.window.motion
    for name, where in (
        ("eyes_gain", motion.sliders["eyes_gain"].slider),
        ("brows_gain", motion.sliders["brows_gain"]),
    ):
        stage.qtbot.keyClick(motion.sliders[name].slider, Qt.Key.Key_Home)
        stage.qtbot.keyClick(motion.sliders["pose_gain"].slider, Qt.Key.Key_Home)
        assert (getattr(stage.options, name), stage.options.pose_gain) == (0.0, 0.0)
        stage.qtbot.mouseDClick(where, Qt.MouseButton.LeftButton)
        assert (getattr(stage.options, name), stage.options.pose_gain) == (1.0, 0.0)


def test_every_slider_can_be_reached_by_key_and_says_what_it_does(stage):
    names = set()
    for slider in stage.window.motion.sliders.values():
        assert slider.slider.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert slider.toolTip().endswith("Double-click: back to 50 %" if not names else "Double-click: back to 100 %")
        names.add(slider.slider.accessibleName())
    assert len(names) == 6


def test_the_range_meter_follows_the_pictures_and_says_more_than_colour(stage):
    meter = stage.window.status_line.range
    stage.until(lambda: stage.puppeteers)
    assert meter.value is None
    stage.puppeteers[0].strange = 0.5
    stage.until(lambda: meter.value is not None)
    assert meter.accessibleDescription() == "within"
    strange = theme.colours_for(meter.palette()).strange
    assert strange not in beyond_the_mark(meter)
    stage.puppeteers[0].strange = 2.5
    stage.until(lambda: meter.value > 2)
    assert meter.accessibleDescription() == "beyond"
    assert strange in beyond_the_mark(meter)
    assert len(beyond_the_mark(meter)) >= 2  # hatched
    assert "press C" in meter.toolTip()
    stage.puppeteers[0].strange = None
    stage.until(lambda: meter.value is None)


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


def test_mirror_output_reaches_the_puppeteer(stage):
    assert stage.options.mirror_output is False
    stage.press(Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert stage.options.mirror_output is True
    assert stage.window.transport.mirror_output.isChecked()
    assert stage.saved[-1].mirror_output is True
    stage.click(stage.window.transport.mirror_output)
    assert stage.options.mirror_output is False


def test_settings_are_shown_used_and_kept(make_stage, tmp_path):
    chosen = Settings(
        recording_folder=str(tmp_path),
        mirror_preview=False,
        mirror_output=True,
        motion=MotionSettings(smoothing=0.2, expression_gain=1.5, brows_gain=0.3, pose_gain=0.5),
    )
    stage = make_stage(chosen).start()
    w = stage.window
    assert {name: slider.value for name, slider in w.motion.sliders.items()} == asdict(chosen.motion)
    assert w.transport.mirror_output.isChecked()
    assert not w.driver_pane.mirrored
    assert stage.options == StepOptions(0.2, 1.5, brows_gain=0.3, pose_gain=0.5, mirror_output=True)
    stage.click(w.side.groups["motion"].heading)
    assert not w.motion.isVisible()
    w.resize(1234, 801)
    w.close()
    assert stage.saved[-1] == Settings(
        recording_folder=str(tmp_path),
        mirror_preview=False,
        mirror_output=True,
        motion=chosen.motion,
        window=WindowSettings(1234, 801, folded="motion"),
    )


def test_settings_that_cannot_be_saved_stop_nothing(stage):
    def fail(settings):
        raise OSError(28, "No space left on device")

    object.__setattr__(stage.controller.desk.services, "save_settings", fail)
    stage.press(Qt.Key.Key_M)
    stage.until(lambda: stage.banners)
    assert "No space left on device" in stage.banners[0]
    assert not stage.window.driver_pane.mirrored
    assert stage.controller.shutdown() == ["The settings could not be saved: No space left on device"]


# -- sources and actors --------------------------------------------------------------------------------------------


def test_the_list_of_drivers(stage):
    box = stage.window.source.box
    words = [box.itemText(i) for i in range(box.count()) if box.itemText(i)]
    assert words == ["Front", "Back", "Demo clip", "Video file…", "Image folder…", "Address (URL)…"]
    assert box.currentText() == "Front"
    stage.cameras = ["Back"]  # one is unplugged, the list is opened
    box.showPopup()
    stage.until(lambda: stage.window.source.cameras == ("Back",))
    assert box.is_open
    assert box.findText("Front") >= 0  # still the one in use
    box.hidePopup()
    stage.choose(box, "Back")
    box.showPopup()
    stage.until(lambda: box.findText("Front") == -1)
    box.hidePopup()


def test_choosing_another_driver(stage):
    stage.picture = halves(GREEN, GREEN)
    stage.choose(stage.window.source.box, "Back")
    stage.until(lambda: stage.opened == ["Front", "Back"])
    stage.until(lambda: stage.window.driver_pane.image is not None)
    stage.until(lambda: colour_at(stage.window.driver_pane, 0.5) == GREEN)
    assert stage.saved[-1].source == "Back"
    stage.until(lambda: stage.window.status_line.state.text() == "Live: Back")


@pytest.mark.parametrize(
    ("row", "asks", "answer", "spec", "shown"),
    [
        ("Video file…", (QFileDialog, "getOpenFileName"), ("/videos/me.mov", ""), "/videos/me.mov", "me.mov"),
        ("Image folder…", (QFileDialog, "getExistingDirectory"), "/stills", "/stills", "stills"),
        ("Address (URL)…", (QInputDialog, "getText"), (" rtsp://phone/1 ", True), "rtsp://phone/1", "rtsp://phone/1"),
        ("Demo clip", None, None, "demo", "Demo clip"),
    ],
)
def test_other_kinds_of_drivers(stage, monkeypatch, row, asks, answer, spec, shown):
    if asks:
        monkeypatch.setattr(*asks, lambda *a, **k: answer)
    stage.choose(stage.window.source.box, row)
    stage.until(lambda: stage.opened == ["Front", spec])
    assert stage.window.source.box.currentText() == shown


@pytest.mark.parametrize(
    ("row", "asks", "answer"),
    [
        ("Video file…", (QFileDialog, "getOpenFileName"), ("", "")),
        ("Image folder…", (QFileDialog, "getExistingDirectory"), ""),
        ("Address (URL)…", (QInputDialog, "getText"), ("", False)),
    ],
)
def test_thinking_better_of_it_changes_nothing(stage, monkeypatch, row, asks, answer):
    monkeypatch.setattr(*asks, lambda *a, **k: answer)
    stage.choose(stage.window.source.box, row)
    assert stage.window.source.box.currentText() == "Front"
    assert stage.opened == ["Front"]


def test_swapping_the_actor(stage):
    box = stage.window.actor.box
    assert [box.itemText(i) for i in range(box.count()) if box.itemText(i)] == ["marble", "ada", "Open actor file…"]
    assert not box.itemIcon(0).isNull()
    stage.may_load.clear()
    stage.choose(box, "ada")
    results = stage.engine.status().results
    stage.until(lambda: stage.engine.status().results > results + 3)  # nothing waits while it loads
    assert box.currentText() == "marble"
    stage.may_load.set()
    stage.until(lambda: box.currentText() == "ada")
    assert stage.puppeteers[0].actor.name == "ada"
    assert len(stage.puppeteers) == 1  # nothing was made anew
    assert stage.saved[-1].actor == str(Path("actors/ada.actor"))


def test_a_bad_actor_is_told_and_the_old_one_goes_on(stage):
    stage.bad_actor = "ada"
    stage.choose(stage.window.actor.box, "ada")
    stage.until(lambda: stage.banners == ["ada.actor: digest does not match"])
    stage.until(lambda: stage.window.actor.box.currentText() == "marble")
    assert stage.puppeteers[0].actor.name == "marble"
    stage.bad_actor = None
    stage.choose(stage.window.actor.box, "ada")
    stage.until(lambda: stage.window.actor.box.currentText() == "ada")
    stage.until(lambda: stage.banners == [])


def test_an_actor_that_stalls_gives_way_to_the_one_before(stage, monkeypatch):
    monkeypatch.setattr(watchdog, "STALLED_AFTER", 0.4)
    gate, puppeteer = threading.Event(), stage.puppeteers[0]
    act = puppeteer.act

    def stalls(tracked):
        if puppeteer.actor is not None and puppeteer.actor.name == "ada":
            gate.wait(30)
        return act(tracked)

    puppeteer.act = stalls
    stage.choose(stage.window.actor.box, "ada")
    stage.until(lambda: stage.banners)
    assert stage.banners[0].startswith("ada took longer than 2 s for one picture")
    stage.until(lambda: stage.window.actor.box.currentText() == "marble")
    stage.until(lambda: stage.saved and stage.saved[-1].actor == str(Path("actors/marble.actor")))
    gate.set()
    stage.choose(stage.window.actor.box, "ada")  # another try is the user's choice
    stage.until(lambda: stage.window.actor.box.currentText() == "ada")
    stage.until(lambda: stage.banners == [])


def test_an_actor_from_elsewhere_joins_the_list(stage, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("/elsewhere/carl.actor", ""))
    stage.choose(stage.window.actor.box, "Open actor file…")
    stage.until(lambda: stage.window.actor.box.currentText() == "carl")
    assert stage.puppeteers[0].actor.name == "carl"


def test_a_provider_that_is_not_used_is_told_in_words(make_stage):
    stage = make_stage()
    stage.actor_notice = "CUDA is not used: libcudnn.so.9 is missing"
    stage.start()
    line = stage.window.status_line
    stage.until(lambda: line.provider.text() == "CPU")
    assert line.provider.property("alert") is True
    assert line.provider.toolTip() == stage.actor_notice
    assert any(stage.actor_notice in text for text in stage.banners)


# -- errors, status ------------------------------------------------------------------------------------------------


def test_an_error_is_a_banner_that_can_be_dismissed_and_goes_when_all_is_well(make_stage):
    away = threading.Event()
    away.set()

    def sources(spec):
        error = SourceError(f"{spec} is used by another program", "busy") if away.is_set() else None
        source = stage.camera(spec)
        source.open_error = error
        return source

    stage = make_stage(sources=sources)
    stage.controller.start("Front", None)
    stage.window.show()
    stage.until(lambda: stage.banners == ["Front is used by another program"])
    assert stage.window.isEnabled()
    stage.until(lambda: stage.window.status_line.state.text() == "Waiting for Front to come back…")
    stage.click(stage.window.banners.banners[0].close_button)
    assert stage.banners == []
    tries = len(stage.opened)
    stage.until(lambda: len(stage.opened) > tries + 3)
    stage.controller._show_status()
    assert stage.banners == []  # dismissed is dismissed
    away.clear()
    stage.until(lambda: stage.window.driver_pane.image is not None)
    stage.until(lambda: stage.window.status_line.state.text() == "Live: Front")
    away.set()
    stage.choose(stage.window.source.box, "Back")
    stage.until(lambda: stage.banners == ["Back is used by another program"])
    away.clear()
    stage.until(lambda: stage.banners == [])  # came back by itself, so the message went


def test_a_film_that_has_ended_can_be_played_again(make_stage):
    stage = make_stage(sources=lambda spec: FakeSource(spec, [Frame(halves(RED, BLUE), 0, 0.0)]))
    stage.start("clip.mp4", None)
    stage.until(lambda: stage.banners == ["clip.mp4 has ended"])
    assert stage.window.banners.banners[0].button.text() == "Play again"
    stage.click(stage.window.banners.banners[0].button)
    stage.until(lambda: stage.opened == ["clip.mp4", "clip.mp4"])
    stage.until(lambda: stage.banners == ["clip.mp4 has ended"])
    stage.choose(stage.window.source.box, "Back")
    stage.until(lambda: stage.window.status_line.state.text() == "Back has ended")
    stage.until(lambda: stage.banners == ["Back has ended"])


def test_the_status_line(stage):
    line = stage.window.status_line
    stage.until(lambda: line.fps.text().endswith(" fps") and line.fps.text() != "0 fps")
    stage.until(lambda: line.latency.text() not in ("", "– ms"))
    assert line.dropped.text() == f"{stage.controller.desk.status.dropped} dropped"
    assert line.provider.text() == "CPU"
    stage.until(lambda: "decode: 2.0 ms" in line.latency.toolTip())


def test_only_so_many_banners_stand(stage):
    for n in range(5):
        stage.window.banners.say(str(n), f"message {n}")
    assert stage.banners == ["message 2", "message 3", "message 4"]
    stage.window.banners.say("4", "message 4 again")
    assert stage.banners == ["message 2", "message 3", "message 4 again"]


# -- keys, access, looks -------------------------------------------------------------------------------------------


def test_the_table_of_keys_makes_the_keys_and_the_sheet(stage):
    keys = [key for shortcut in SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))
    assert {shortcut.wish for shortcut in SHORTCUTS} == set(stage.window.wishes)
    stage.press(Qt.Key.Key_F1)
    sheet = stage.window.sheet
    assert sheet is not None
    assert sheet.isVisible()
    words = {label.text() for label in sheet.findChildren(QLabel)}
    for shortcut in SHORTCUTS:
        assert {shortcut.words, *shortcut.keys} <= words
    sheet.close()
    stage.click(stage.window.help_button)
    assert sheet.isVisible()


def test_the_question_mark_opens_the_sheet(stage):
    stage.qtbot.keyClick(stage.window, "?")
    stage.until(lambda: stage.window.sheet is not None and stage.window.sheet.isVisible())


def test_full_screen(stage):
    stage.press(Qt.Key.Key_F11)
    stage.until(stage.window.isFullScreen)
    stage.press(Qt.Key.Key_F11)
    stage.until(lambda: not stage.window.isFullScreen())


def test_every_control_has_a_name_a_reason_and_a_way_by_keyboard(stage):
    stage.window.banners.say("x", "message")
    controls = [c for kind in (QPushButton, QComboBox, QSlider, Switch) for c in stage.window.findChildren(kind)]
    assert len(controls) >= 12
    for control in controls:
        name = control.accessibleName() or control.text()
        assert name.strip(), control
        assert control.toolTip() or control.parent().toolTip(), name
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, name


def test_nothing_is_clipped_at_the_smallest_size(stage):
    w = stage.window
    w.transport.show_recording(3725.0)
    w.transport.show_neutral(True)
    w.resize(w.minimumSizeHint())
    stage.until(lambda: w.width() <= max(w.minimumSizeHint().width(), 900))
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


def test_the_system_s_scheme_is_followed_while_the_window_is_open(make_stage, qapp):
    stage = make_stage().start(actor=None)
    w, hints, before = stage.window, qapp.styleHints(), qapp.palette()
    stage.window.show_page("explore")
    explorer = stage.controller.latent.explorer
    try:
        for colours, scheme in ((theme.DARK, Qt.ColorScheme.Dark), (theme.LIGHT, Qt.ColorScheme.Light)):
            hints.colorSchemeChanged.emit(scheme)  # as Qt does: first this,
            qapp.setPalette(theme.palette_of(colours))  # then its palette
            stage.until(lambda colours=colours: colours.window in w.styleSheet())
            assert w.palette().color(QPalette.ColorRole.Window).name() == colours.window
            stage.until(lambda colours=colours: explorer.styleSheet() == explorer_style(colours))
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
    from puppet.actor import catalogue as actor

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


def test_pages_are_tabs_with_keys_and_keep_their_keys_to_themselves(stage):
    w = stage.window
    other = QLabel("another page")
    w.add_page("other", "Other", other)
    shown = []
    w.page_shown.connect(shown.append)
    assert w.page == "live"
    stage.press(Qt.Key(Qt.Key.Key_0 + w.tabs.count()), Qt.KeyboardModifier.ControlModifier)
    stage.until(other.isVisible)
    assert (w.page, shown) == ("other", ["other"])
    assert not w.driver_pane.isVisible()
    stage.press(Qt.Key.Key_R)  # belongs to the live page
    assert stage.takes == []
    stage.press(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    stage.until(w.driver_pane.isVisible)
    stage.press(Qt.Key.Key_R)
    assert len(stage.takes) == 1
    w.show_page("nothing of that name")
    assert w.page == "live"


def test_groups_fold_by_key_and_say_so(stage):
    side = stage.window.side
    late = QLabel("late")
    side.fold(["late"])
    group = side.add_group("late", "Late", late)
    assert side.folded == ["late"]
    assert not late.isVisible()
    assert group.heading.accessibleDescription() == "folded"
    stage.until(group.isVisible)
    group.heading.setFocus()
    stage.qtbot.keyClick(group.heading, Qt.Key.Key_Space)
    assert late.isVisible()
    assert (side.folded, group.heading.accessibleDescription()) == ([], "open")
