"""Parts of a picture that nothing shows, and medians over what does."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.head import filling
from puppet.head.filling import fill, median_where


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40, 40), (37, 61), (1, 9), (64, 5)])
def test_what_is_known_stays_and_nothing_new_is_made_up(shape: tuple[int, int], rng: np.random.Generator) -> None:
    picture = rng.uniform(50, 200, (*shape, 4)).astype(np.float32)
    known = rng.random(shape) < 0.2
    known[0, 0] = True
    filled = fill(picture, known)
    assert filled.dtype == np.float32
    np.testing.assert_array_equal(filled[known], picture[known])
    for channel in range(4):
        values = picture[known][:, channel]
        assert values.min() - 0.01 <= filled[..., channel].min()
        assert filled[..., channel].max() <= values.max() + 0.01


def test_a_hole_in_a_slope_is_a_slope_again() -> None:
    y, x = np.mgrid[:48, :48].astype(np.float32)
    slope = np.stack([2 * x, 3 * y, x + y], -1)
    known = np.ones((48, 48), bool)
    known[14:34, 10:30] = False
    filled = fill(np.where(known[..., None], slope, -1000), known)
    assert np.abs(filled - slope).max() < 12  # levels, where the slope changes by 60 across the hole
    assert np.abs(np.diff(filled, axis=0)).max() < 12  # and without a step at its rim
    assert np.abs(np.diff(filled, axis=1)).max() < 12


def test_the_unknown_is_like_what_is_nearest() -> None:
    halves = np.zeros((64, 64, 1), np.float32)
    halves[:, 32:] = 100
    known = np.zeros((64, 64), bool)
    known[:, [0, 63]] = True
    filled = fill(halves, known)[..., 0]
    assert filled[:, 4].max() < 20
    assert filled[:, 59].min() > 80


def test_of_nothing_comes_nothing() -> None:
    assert not fill(np.full((8, 8, 3), 7, np.float32), np.zeros((8, 8), bool)).any()


@pytest.mark.parametrize("count", [1, 2, 7, 8])
def test_medians_are_those_of_the_pictures_that_show_a_place(
    count: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "ROWS_AT_ONCE", 5)
    pictures = rng.integers(0, 256, (count, 12, 9, 4), np.uint8)
    pictures[:, :2] = 255  # the largest level is a level like others
    shown = rng.random((count, 12, 9)) < 0.6
    shown[:, 3, 4] = False
    median, known = median_where(pictures, shown)
    hidden = np.broadcast_to(~shown[..., None], pictures.shape)
    expected = np.ma.median(np.ma.masked_array(pictures.astype(float), hidden), axis=0).filled(0)
    np.testing.assert_array_equal(median, expected)
    assert median.dtype == np.float32
    np.testing.assert_array_equal(known, shown.any(0))
    assert not known[3, 4]
