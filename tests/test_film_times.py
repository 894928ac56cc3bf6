"""When a file's pictures are due."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from video_fixtures import ffmpeg, numbered, write_video

from puppet.film_times import FilmTimes, film_times, read_times, steady_rate


def test_the_times_of_a_steady_file(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "in.mp4", [numbered(k) for k in range(20)], 25.0)
    times = film_times(clip)
    assert times.times == pytest.approx([k / 25 for k in range(20)])
    assert times.start == 0.0


def test_pictures_that_begin_after_the_sound_are_told(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "silent.mp4", [numbered(k) for k in range(20)])
    sound = "sine=440:duration=1"
    ffmpeg("-itsoffset", "0.4", "-i", clip, "-f", "lavfi", "-i", sound, "-c:v", "copy", tmp_path / "late.mkv")
    assert film_times(tmp_path / "late.mkv").start == pytest.approx(0.4, abs=0.03)


def test_what_is_no_video_has_no_times(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is no video")
    assert film_times(tmp_path / "text.mp4") == FilmTimes()
    assert film_times(tmp_path / "missing.mp4") == FilmTimes()
    assert read_times("", "") == FilmTimes()


def test_the_rate_at_which_every_picture_has_its_place() -> None:
    rounded = np.round(np.arange(90) / 29.97, 3)  # milliseconds, as in webm
    assert steady_rate(rounded, 29.97) == 29.97
    half = [*np.arange(30) / 30, *(1 + np.arange(30) / 10)]  # 30 per second, then 10
    assert steady_rate(half, 15.0) == 30.0
    gaps = np.delete(np.arange(100) / 60, [3, 40, 41, 42, 70])  # some are missing: the rate is still 60
    assert steady_rate(gaps, 57.0) in (57.0, 60.0)
    assert steady_rate([*np.arange(5) / 1000, *np.arange(1, 9)], 30.0) == 120.0
    assert steady_rate([0.0, 0.1], 30.0) == 30.0
