"""When a file's pictures are due."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from video_fixtures import ffmpeg, numbered, write_video

from puppet.media.frame_times import (
    FrameTimes,
    frame_rate,
    nominal_rate,
    parse_times,
    probe_frame_times,
    steady_rate,
    usual_rate,
)
from puppet.media.video_facts import PictureFacts, VideoFacts


def test_the_times_of_a_steady_file(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "in.mp4", [numbered(k) for k in range(20)], 25.0)
    times = probe_frame_times(clip)
    assert times.times == pytest.approx([k / 25 for k in range(20)])
    assert (times.start, times.end) == (0.0, pytest.approx(20 / 25))


def test_pictures_that_begin_after_the_sound_are_told(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "silent.mp4", [numbered(k) for k in range(20)])
    sound = "sine=440:duration=1"
    ffmpeg("-itsoffset", "0.4", "-i", clip, "-f", "lavfi", "-i", sound, "-c:v", "copy", tmp_path / "late.mkv")
    assert probe_frame_times(tmp_path / "late.mkv").start == pytest.approx(0.4, abs=0.03)


def test_what_is_no_video_has_no_times(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is no video")
    assert probe_frame_times(tmp_path / "text.mp4") == FrameTimes()
    assert probe_frame_times(tmp_path / "missing.mp4") == FrameTimes()
    assert parse_times("", "") == FrameTimes()


def test_the_rate_at_which_every_picture_has_its_place() -> None:
    rounded = np.round(np.arange(90) / 29.97, 3)  # milliseconds, as in webm
    assert steady_rate(rounded, 29.97) == 29.97
    half = [*np.arange(30) / 30, *(1 + np.arange(30) / 10)]  # 30 per second, then 10
    assert steady_rate(half, 15.0) == 30.0
    gaps = np.delete(np.arange(100) / 60, [3, 40, 41, 42, 70])  # some are missing: the rate is still 60
    assert steady_rate(gaps, 57.0) in (57.0, 60.0)
    assert steady_rate([*np.arange(5) / 1000, *np.arange(1, 9)], 30.0) == 120.0
    assert steady_rate([0.0, 0.1], 30.0) == 30.0


def test_pauses_are_no_slow_pictures() -> None:
    """Whatever the average says, which is what files claim."""
    paused = np.where(np.arange(60) < 30, np.arange(60) / 30, np.arange(60) / 30 + 55)
    assert steady_rate(paused, 60 / 57) == 30
    often = np.arange(300) / 25 + 3 * (np.arange(300) // 60)  # a pause after every 60 pictures
    assert steady_rate(often, 11.0) == 25
    rounded = np.round(paused * 0.999001, 3)  # milliseconds, 30.03 per second
    assert steady_rate(rounded, 1.05) == pytest.approx(30.03, abs=0.05)
    assert steady_rate(np.arange(60) * 1001 / 30000 + 9 * (np.arange(60) > 40), 5.0) == 30000 / 1001
    assert usual_rate(np.cumsum(np.tile([0.02, 0.1, 0.05], 20))) is None


def test_pictures_that_share_a_stamp_share_its_time() -> None:
    assert steady_rate(np.arange(60) // 2 / 15, 30.0) == 30.0
    assert steady_rate(np.arange(60) // 2 / 15, 2.0) == 30.0


def test_half_pictures_do_not_double_the_rate() -> None:
    fields = tuple(np.arange(100) / 50)
    whole, half = (VideoFacts(True, pictures=PictureFacts(0, interlaced=i), stamps=fields) for i in (False, True))
    assert (nominal_rate(whole, 25.0), nominal_rate(half, 25.0)) == (50, 25)
    assert (frame_rate(FrameTimes(fields), whole, 25.0), frame_rate(FrameTimes(fields), half, 25.0)) == (50, 25)
    assert nominal_rate(VideoFacts(True), 1.05) == 1.05
    assert nominal_rate(VideoFacts(True, stamps=tuple(np.arange(50) / 29.97)), 29.83) == 29.83


def test_a_cut_without_encoding_hides_pictures_that_are_not_due(tmp_path: Path) -> None:
    """Phones trim so: an edit list leaves out what lies between the last key picture and the cut."""
    clip = write_video(tmp_path / "in.mp4", [numbered(k) for k in range(40)])
    ffmpeg("-ss", "0.6", "-i", clip, "-c", "copy", tmp_path / "cut.mp4")
    times = probe_frame_times(tmp_path / "cut.mp4")
    assert times.start == 0.0
    assert times.times == pytest.approx([k / 30 for k in range(22)], abs=1e-3)


def test_stamps_that_run_backwards_tell_no_rate() -> None:
    packets = "#tb 0: 1/30\n0, 0, 0, 1, 9, 0xab\n0, 1, 1, 1, 9, 0xab, F=0x0\n0, 2, 2, 4, 9, 0xab, F=0x4\n"
    assert parse_times(packets, "  Duration: 00:00:01.00, start: -0.5, b") == FrameTimes((0.0, 1 / 30), 0.5, 2 / 30)
    assert parse_times(packets, "Non-monotonic DTS; previous: 3") == FrameTimes()
