"""Recordings and snapshots, through their buttons and keys."""

from __future__ import annotations

import re

import cv2
import numpy as np
from PyQt6.QtCore import Qt

from puppet.core.errors import RecordingError
from puppet.output.recording_sink import RecorderSink
from puppet.settings import Settings


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
