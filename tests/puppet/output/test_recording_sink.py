"""Takes: layouts with the same timing, pause, pre-roll, and what a crash leaves."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from planted_layers import transparent_result
from video_fixtures import alpha_of, numbered, played, read_video, result_of, shown_number, told, until

from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.media import recorder as recorder_module
from puppet.media.codecs import Codec
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.output.compose import compose
from puppet.output.recording_sink import RecorderSink, begin_take, layout_path, recording_settings
from puppet.output.settings import OutputSettings

ALL = tuple(Layout)


def numbers_in(path: Path) -> list[int]:
    """What the left end of a file's pictures shows: the driver's or the actor's number."""
    pictures = read_video(path)
    if pictures and pictures[0].shape[1] > 2 * pictures[0].shape[0]:  # side by side
        pictures = [picture[:, : picture.shape[1] * 160 // 256] for picture in pictures]
    return [shown_number(picture) for picture in pictures]


def test_the_composed_picture_is_recorded_at_its_capture_time(tmp_path: Path):
    sink = RecorderSink(RecordingSettings(tmp_path / "take.mp4"))
    for index in (0, 1, 2):
        sink.write(result_of(numbered(index), index, 50 + index / 10))
    sink.close()
    assert sink.recording is not None
    assert sink.recording.path == sink.path
    assert [shown_number(image) for image in read_video(sink.path)] == [0] * 3 + [1] * 3 + [2] * 3
    assert (sink.seconds, sink.dropped) == (pytest.approx(0.3), 0)


def test_a_sink_that_gave_up_says_so_to_everybody_who_closes_it(tmp_path: Path):
    sink = RecorderSink(RecordingSettings(tmp_path / "take.mp4"))
    sink.recorder._executable = str(tmp_path / "none")
    sink.write(result_of(numbered(0)))
    with pytest.raises(RecordingError, match="could not be started"):
        sink.close()
    assert sink.error is not None
    with pytest.raises(RecordingError, match="could not be started"):  # the engine closed it first, then the window
        sink.close()


def test_three_files_of_one_take_have_the_same_timing(tmp_path: Path) -> None:
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), ALL)
    uneven = [0.0, 0.03, 0.1, 0.5, 0.51, 0.52, 1.0]  # gaps that are filled, and pictures that find no place
    for number, at in enumerate(uneven):
        take.write(played(number, 50 + at))
    take.close()
    assert [path.name for path in take.paths] == ["take_side-by-side.mp4", "take_actor.mp4", "take_driver.mp4"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(path.name for path in take.paths)
    shown = [numbers_in(path) for path in take.paths]
    assert shown[0] == shown[1] == shown[2]
    assert len(shown[0]) == take.recordings[0].frames == take.recordings[2].frames
    assert shown[0][round(0.5 * 30)] == 3
    stamps = [_stamps(path) for path in take.paths]
    assert stamps[0] == stamps[1] == stamps[2]
    sizes = [read_video(path)[0].shape[:2] for path in take.paths]
    assert sizes == [(192, 320 + 192), (96, 96), (96, 160)]


def test_a_take_that_begins_over_nothing_is_refused_where_the_codec_has_no_alpha(tmp_path: Path) -> None:
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), (Layout.DRIVER, Layout.ACTOR))
    take.write(transparent_result(0))
    assert "H.264 cannot show" in str(take.error)
    with pytest.raises(RecordingError, match="or another background"):
        take.close()
    assert list(tmp_path.iterdir()) == []
    driver = RecorderSink(RecordingSettings(tmp_path / "driver.mp4"), (Layout.DRIVER,))
    driver.write(transparent_result(0))
    driver.close()
    assert driver.recording is not None
    assert driver.recording.frames == 1


def test_a_background_that_goes_in_the_middle_of_a_take_becomes_green(tmp_path: Path) -> None:
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), (Layout.ACTOR,), wait=True)
    for number in range(6):
        take.write(played(number, number / 30, 128) if number < 3 else transparent_result(number))
    take.close()
    pictures = read_video(take.path)
    assert [shown_number(picture) for picture in pictures[:3]] == [0, 1, 2]
    assert np.abs(pictures[4][5, 120].astype(int) - (0, 255, 0)).max() < 12


def test_separate_files_have_alpha_where_the_actor_is(tmp_path: Path) -> None:
    settings = recording_settings(OutputSettings(codec="prores-4444"), tmp_path / "take.mov")
    take = RecorderSink(settings, ALL, badge=True, wait=True)
    for number in range(4):
        take.write(transparent_result(number))
    take.close()
    for path, layout in zip(take.paths, ALL, strict=True):
        alphas = alpha_of(path, Codec.PRORES_4444)
        assert len(alphas) == 4
        wanted = compose(transparent_result(3), layout, badge=True, alpha=True)
        alpha = wanted[..., 3] if wanted.shape[2] == 4 else np.full(wanted.shape[:2], 255)
        assert np.abs(alphas[3].astype(int) - alpha).max() <= 1


def test_a_full_queue_of_one_file_drops_the_picture_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_FRAMES", (4, 4))
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), ALL)
    held = take._recorders[1]
    gate = threading.Event()
    start = held._start
    monkeypatch.setattr(held, "_start", lambda image: (gate.wait(30), start(image))[1])
    take.write(played(0, 0.0))
    until(lambda: not held._queue)
    for number in range(1, 20):
        take.write(played(number, number / 30))
        until(lambda: not take._recorders[0]._queue)  # the others are quick
    assert take.dropped == 15
    gate.set()
    take.close()
    shown = [numbers_in(path) for path in take.paths]
    assert shown[0] == shown[1] == shown[2]
    assert set(shown[0]) == set(range(5))
    assert take.recordings[0].dropped == 15


def test_nothing_is_dropped_while_what_came_before_the_take_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_FRAMES", (4, 4))
    gate = threading.Event()
    start = recorder_module.Recorder._start
    monkeypatch.setattr(recorder_module.Recorder, "_start", lambda self, image: (gate.wait(60), start(self, image))[1])
    pre_roll = [played(number, number / 30) for number in range(6)]
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), pre_roll=pre_roll)
    for number in range(6, 18):
        take.write(played(number, number / 30))
    gate.set()
    take.close()
    assert take.dropped == 2  # 4 places, and 6 for the 6 that came before
    assert sorted(set(numbers_in(take.path))) == list(range(16))


def test_each_file_says_what_it_shows(tmp_path: Path) -> None:
    take = begin_take(
        OutputSettings("separate", hardware=False), tmp_path / "take.mp4", "marble", "Nobody: it is a statue."
    )
    take.write(played(1, 0.0))
    take.close()
    words = {path.stem: (told(path), path.read_bytes()) for path in take.paths}
    assert "Visible badge: on" in words["take_actor"][0]
    assert b"digitalsourcetype/trainedAlgorithmicMedia" in words["take_actor"][1]
    assert b"digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in words["take_side-by-side"][1]
    assert "Consent: Nobody: it is a statue." in words["take_side-by-side"][0]
    assert "nothing in them was made by it" in words["take_driver"][0]
    assert b"digitalsourcetype" not in words["take_driver"][1]


def test_a_name_that_is_taken_stops_all_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "take_driver.mp4").write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"take_driver\.mp4 exists already"):
        RecorderSink(RecordingSettings(tmp_path / "take.mp4"), ALL)
    assert [p.name for p in tmp_path.iterdir()] == ["take_driver.mp4"]


@pytest.mark.parametrize(
    ("height", "sizes"),
    [(0, {"actor": (96, 96), "driver": (96, 160)}), (480, {"actor": (480, 480), "driver": (480, 800)})],
)
def test_the_height_that_was_chosen_is_that_of_the_pictures(tmp_path: Path, height: int, sizes: dict) -> None:
    for layout, size in sizes.items():
        take = begin_take(OutputSettings(layout, height, hardware=False), tmp_path / f"{layout}.mp4")
        take.write(played(5, 0.0))
        take.close()
        assert read_video(take.path)[0].shape[:2] == size


def test_a_pause_is_not_in_the_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("puppet.output.recording_sink.time.perf_counter", lambda: now[0])
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"))
    for number in range(60):
        now[0] = 100 + number / 30
        if number == 20:
            take.pause()
            take.pause()
        if number == 50:
            take.resume()
        assert take.paused == (20 <= number < 50)
        take.write(result_of(numbered(number), number, now[0]))
    take.close()
    assert [shown_number(image) for image in read_video(take.path)] == [*range(20), *range(50, 60)]
    assert take.recording is not None
    assert take.recording.repeated == 0
    assert _stamps(take.path) == pytest.approx([number / 30 for number in range(30)], abs=1e-3)


def test_what_came_before_leads_the_take_in(tmp_path: Path) -> None:
    pre_roll = [played(number, 3 + number / 30) for number in range(30)]
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), ALL, pre_roll=pre_roll)
    for number in range(30, 45):
        take.write(played(number, 3 + number / 30))
    take.close()
    for path in take.paths:
        assert numbers_in(path) == list(range(45))


def _stamps(path: Path) -> list[float]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    found = []
    while capture.grab():
        found.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    return found


# --- what a crash leaves ---

MODES = (("h264", "side-by-side"), ("h264", "separate"), ("hevc", "driver"), ("ffv1", "driver"), ("prores", "actor"))


def die_while_recording(path: str, codec: str, layout: str, last: int, report) -> None:
    """Record numbered pictures at the pace of ffmpeg, and be killed right after picture `last` was handed over."""
    take = begin_take(OutputSettings(layout, codec=codec, hardware=False, badge=False), Path(path))
    for number in range(last + 1):
        take.write(played(number, number / 30))
        for recorder in take._recorders:  # live, the queue is empty when a picture comes
            with recorder._changed:
                recorder._changed.wait_for(lambda recorder=recorder: not recorder._queue)
    report.send(last)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_killing_the_app_in_twenty_takes_loses_at_most_the_last_second(tmp_path: Path) -> None:
    dice = np.random.default_rng(20)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["puppet.output.recording_sink", "video_fixtures"])
    takes = []
    for index in range(20):
        codec, layout = MODES[index % len(MODES)]
        settings = OutputSettings(layout, codec=codec)
        path = tmp_path / f"take{index}{settings.suffix}"
        last = int(dice.integers(1, 75))
        mine, theirs = context.Pipe()
        process = context.Process(target=die_while_recording, args=(str(path), codec, layout, last, theirs))
        process.start()
        takes.append((process, mine, [layout_path(path, part, settings.layouts) for part in settings.layouts], last))
        if index % 4 == 3:  # as many at once as a small machine bears
            for started, *_ in takes:
                started.join()
    for process, mine, paths, last in takes:
        assert process.exitcode == -signal.SIGKILL
        assert mine.recv() == last
        for path in paths:
            until(lambda path=path, last=last: len(numbers_in(path)) >= last + 1 - 30)
            shown = numbers_in(path)
            assert shown == list(range(len(shown)))
