"""What the footage never shows of the teeth, on planted pictures."""

from __future__ import annotations

import numpy as np
import pytest

from models.networks.puppet.unseen_texels import EDGE, GUM_ROWS, continued, shown

SIZE = 40
TEETH, LIP, GUMS = (220, 220, 210), (180, 90, 90), (120, 60, 60)
MIDDLE = (slice(18, 40), slice(14, 26))  # rows and columns that some frames show


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Four frames: teeth in the middle of three, with a lip over what is around; the fourth shows lip alone."""
    frames = np.full((4, SIZE, SIZE, 3), LIP, np.uint8)
    seen = np.zeros((4, SIZE, SIZE), bool)
    for i in range(3):
        frames[i][MIDDLE] = np.array(TEETH) + 5 * (i - 1)
        seen[i][MIDDLE] = True
    return frames, seen


def test_a_texel_is_shown_where_a_pixel_was_taken_from() -> None:
    y, x = np.mgrid[10:20:0.9, 5:15:0.9].astype(np.float32)
    texels = shown(x, y, SIZE)
    assert texels[10:20, 5:15].all()
    assert texels.sum() <= 13 * 13
    assert not shown(np.full_like(x, 39), np.zeros_like(x), SIZE)[5:].any()


def test_only_frames_that_show_a_texel_count() -> None:
    frames, seen = pictures()
    edge = round(EDGE * SIZE)
    inner = continued(frames, seen)[MIDDLE[0].start + edge :, MIDDLE[1].start + edge : MIDDLE[1].stop - edge]
    np.testing.assert_array_equal(inner, np.broadcast_to(TEETH, inner.shape))
    assert inner.size


def test_what_no_frame_shows_is_like_what_lies_beside_and_darker_the_further_away() -> None:
    picture = continued(*pictures())
    row = picture[-1, :, 0]
    assert (np.diff(row[: MIDDLE[1].start]) > 0).all()
    assert (np.diff(row[MIDDLE[1].stop :]) < 0).all()
    hue = picture / picture.sum(2, keepdims=True)
    np.testing.assert_allclose(hue, np.broadcast_to(np.array(TEETH) / sum(TEETH), hue.shape), atol=0.01)  # of no lip


def test_above_the_teeth_there_are_gums() -> None:
    frames, seen = pictures()
    picture = continued(frames, seen, np.array(GUMS, np.float32))
    np.testing.assert_array_equal(picture[: MIDDLE[0].start - 1], np.broadcast_to(GUMS, (17, SIZE, 3)))
    assert MIDDLE[0].start < GUM_ROWS * SIZE
    assert picture[-1, :, 1].max() == TEETH[1]


def test_of_teeth_that_are_hardly_shown_all_counts() -> None:
    frames, seen = pictures()
    seen[:, : SIZE - 2] = False
    assert continued(frames, seen)[-2:, MIDDLE[1]] == pytest.approx(np.broadcast_to(TEETH, (2, 12, 3)))


def test_footage_that_shows_nothing_of_the_teeth_gets_the_mean_of_what_is_there() -> None:
    frames, seen = pictures()
    assert continued(frames, np.zeros_like(seen)) == pytest.approx(frames.mean(0))
