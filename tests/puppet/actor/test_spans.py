"""Spans: exactly the pixels whose centres lie in a triangle, whatever part of the picture is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from puppet.actor import spans
from puppet.actor.spans import Window, cut_into_spans, half_planes, window_around

SIZE = 48


def triangles(count: int, seed: int = 0) -> NDArray[np.float64]:
    """Corners f64 (2, 3, M) of triangles in and around the picture."""
    return np.random.default_rng(seed).uniform(-12, SIZE + 12, (2, 3, count))


def cut(flat: NDArray[np.float64], window: Window) -> tuple[NDArray[np.float64], list[spans.Spans]]:
    (x, y) = flat[:, 1:] - flat[:, :1]
    planes = half_planes(flat, np.sign(x[0] * y[1] - x[1] * y[0]))
    return planes, list(cut_into_spans(flat, planes, window))


def pixels(parts: list[spans.Spans], window: Window, count: int) -> NDArray[np.bool_]:
    """Which pixels of the picture the spans of each triangle hold: (M, S, S)."""
    held = np.zeros((count, window.pixels), bool)
    for part in parts:
        for triangle, start, width in zip(part.triangle, part.start, part.width, strict=True):
            assert not held[triangle, start : start + width].any()
            held[triangle, start : start + width] = True
    whole = np.zeros((count, SIZE, SIZE), bool)
    whole[(slice(None), *window.slices)] = held.reshape(count, window.height, window.width)
    return whole


@pytest.mark.parametrize("at_once", [7, 1 << 18])
@pytest.mark.parametrize("part", [Window(0, 0, SIZE, SIZE), Window(11, 5, 20, 33)])
def test_spans_hold_the_pixels_whose_centres_lie_inside(monkeypatch, part, at_once):
    monkeypatch.setattr(spans, "SPANS_AT_ONCE", at_once)
    flat = triangles(30)
    planes, parts = cut(flat, part)
    y, x = np.indices((SIZE, SIZE))
    a, b, c = planes[..., None, None]
    inside = (a * x + b * y + c >= 0).all(0)
    spread = flat[:, :, :, None, None]
    low, high = spread.min(1) - spans.SLACK, spread.max(1) + spans.SLACK
    inside &= (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])
    wanted = np.zeros_like(inside)
    wanted[(slice(None), *part.slices)] = inside[(slice(None), *part.slices)]
    assert wanted.any((1, 2)).sum() > 15
    assert (pixels(parts, part, 30) == wanted).all()


def test_a_window_holds_all_triangles_and_a_pixel_around_them():
    flat: NDArray[np.float64] = np.array([[10.0, 20.5, 12.0], [5.2, 9.0, 30.0]])[..., None]
    assert window_around(flat, SIZE) == Window(9, 5, 13, 27)
    assert window_around(flat - 100.0, SIZE).pixels == 0
    assert window_around(flat[..., :0], SIZE).pixels == 0
    assert window_around(4.0 * flat - 40.0, SIZE) == Window(0, 0, 44, 48)


def test_of_too_many_spans_the_first_triangles_are_left_out(monkeypatch):
    flat = np.tile(np.array([[0.0, 40, 0], [0, 0, 40]])[..., None], 6)
    window = Window(0, 0, SIZE, SIZE)
    rows = len(cut(flat[..., :1], window)[1][0].width)
    monkeypatch.setattr(spans, "MAX_SPANS", 4 * rows)
    _, parts = cut(flat, window)
    assert np.unique(parts[0].triangle).tolist() == [2, 3, 4, 5]
