"""Films have as many pictures as were made, and say what they show."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from video_fixtures import read_video

from puppet.core.errors import RecordingError
from puppet.output.film import write_film
from puppet.provenance.badge import badged


def test_a_film_has_every_picture_and_its_length(tmp_path):
    pictures = [np.full((64, 64, 3), 20 * i, np.uint8) for i in range(10)]
    made = write_film(iter(pictures), tmp_path / "morph.mp4", fps=20)
    assert (made.frames, made.dropped) == (10, 0)
    assert cv2.VideoCapture(str(made.path)).get(cv2.CAP_PROP_FPS) == pytest.approx(20)
    assert np.allclose([image.mean() for image in read_video(made.path)], [20 * i for i in range(10)], atol=4)
    with pytest.raises(RecordingError, match="exists already"):
        write_film(iter(pictures), tmp_path / "morph.mp4")


def test_the_badge_of_a_film_is_that_of_recordings_and_is_told(tmp_path):
    grey = np.full((256, 256, 3), 120, np.uint8)
    there, gone = (write_film([grey] * 3, tmp_path / f"{badge}.mp4", badge=badge).path for badge in (True, False))
    for picture in read_video(there):
        assert np.abs(picture.astype(int) - badged(grey)).mean() < 3
        assert np.abs(picture.astype(int) - grey).max() > 60
    for picture in read_video(gone):
        assert np.abs(picture.astype(int) - grey).max() < 6
    assert (grey == 120).all()  # what was given is as it was
    assert b"Visible badge: on" in there.read_bytes()
    assert b"Visible badge: switched off by the user" in gone.read_bytes()


def test_a_film_that_is_stopped_is_short(tmp_path):
    asked = iter([False, False, False, True])
    pictures = (np.zeros((32, 32, 3), np.uint8) for _ in range(1000))
    assert write_film(pictures, tmp_path / "short.mp4", stopped=lambda: next(asked)).frames == 3
