"""Samples by the clock: a picture in the first minute, and figures that people understand."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from tiny_model import tiny_config

from models.training import live_sample, sample_sheets
from models.training.live_sample import LiveSample, Quality, quality_of
from models.training.trainer import train

pytestmark = pytest.mark.usefixtures("tiny_architecture")


def rows(run):
    return [json.loads(line) for line in (run / live_sample.FILE).read_text().splitlines()]


def test_there_is_a_sample_long_before_the_first_sheet_is_due(data, tmp_path, monkeypatch):
    seen = []  # the pictures are too small for figures of their own

    def quality(made, true):
        assert len(made) == len(true) > 0
        seen.append((run / live_sample.PICTURE).exists())
        return Quality(0.5, 0.25)

    monkeypatch.setattr(sample_sheets, "quality_of", quality)
    run = tmp_path / "run"
    train(data, run, tiny_config(15), driver_spec=str(data))  # a sheet is kept every 20 steps
    assert cv2.imread(str(run / live_sample.PICTURE)) is not None
    assert [row["step"] for row in rows(run)] == [1, 15]
    assert seen == [False, True]


def test_samples_follow_the_clock_and_are_rarer_where_drawing_is_slow(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live_sample.time, "monotonic", lambda: now[0])
    live, sheet = LiveSample(tmp_path, 0), np.zeros((8, 8, 3), np.uint8)
    assert live.due
    live.write(sheet, Quality(0.5, 0.25), 3, 7.0, took=0.1)
    assert not live.due
    now[0] += live_sample.EVERY
    assert live.due
    live.write(sheet, None, 4, 70.0, took=6.0)
    now[0] += live_sample.EVERY
    assert not live.due
    now[0] += 6.0 / live_sample.SHARE
    assert live.due
    assert rows(tmp_path) == [{"step": 3, "kind": "quality", "seconds": 7.0, "likeness": 0.5, "sharpness": 0.25}]


def test_what_came_after_the_checkpoint_is_dropped(tmp_path):
    live, sheet = LiveSample(tmp_path, 0), np.zeros((8, 8, 3), np.uint8)
    for step in (10, 20, 30):
        live.write(sheet, Quality(0.5, 0.5), step, 1.0, took=0.0)
    with (tmp_path / live_sample.FILE).open("a") as file:
        file.write('{"step": 40, "ki')
    LiveSample(tmp_path, 20)
    assert [row["step"] for row in rows(tmp_path)] == [10, 20]


def test_the_same_picture_is_alike_and_a_blurred_one_is_soft():
    true = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    true = [cv2.GaussianBlur(picture, (0, 0), 1.5) for picture in true]
    same = quality_of(true, true)
    assert same is not None
    assert (same.likeness, same.sharpness) == pytest.approx((1.0, 1.0), abs=1e-5)
    soft = quality_of([cv2.GaussianBlur(picture, (0, 0), 3) for picture in true], true)
    assert soft is not None
    assert soft.sharpness < 0.7
    assert soft.likeness < 0.9
    rough = quality_of(true, [cv2.GaussianBlur(picture, (0, 0), 3) for picture in true])
    assert rough is not None
    assert rough.sharpness == pytest.approx(soft.sharpness, rel=0.05)


def test_only_the_middle_counts_and_tiny_pictures_say_nothing():
    true = np.full((64, 64, 3), 90, np.uint8)
    true[20:44, 20:44] = 200
    framed = true.copy()
    framed[:8] = 0
    told = quality_of([framed], [true])
    assert told == quality_of([true], [true])
    assert quality_of([true[:8, :8]], [true[:8, :8]]) is None
