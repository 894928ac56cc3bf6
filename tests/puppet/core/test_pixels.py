"""Planted colours and sizes."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.core import pixels

BLUE = (255, 10, 0)  # BGR


def test_red_and_blue_are_swapped_into_a_new_array_and_back() -> None:
    image = np.full((2, 3, 3), BLUE, np.uint8)
    image.setflags(write=False)
    swapped = pixels.swap_red_blue(image)
    assert swapped[0, 0].tolist() == [0, 10, 255]
    assert not np.shares_memory(swapped, image)
    assert swapped.flags.c_contiguous
    np.testing.assert_array_equal(pixels.swap_red_blue(swapped), image)


def test_shrinking_averages_areas() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[:, ::2] = 200
    np.testing.assert_array_equal(pixels.resize(image, 2, 2), 100)


@pytest.mark.parametrize(("width", "height"), [(30, 20), (7, 50), (12, 8)])
def test_sizes_are_what_was_asked_for_and_plain_stays_plain(width: int, height: int) -> None:
    made = pixels.resize(np.full((8, 12, 3), BLUE, np.uint8), width, height)
    assert made.shape == (height, width, 3)
    np.testing.assert_array_equal(made, np.broadcast_to(np.array(BLUE, np.uint8), made.shape))


@pytest.mark.parametrize(
    ("size", "box", "inside"),
    [
        ((20, 10), (40, 40), (slice(10, 30), slice(0, 40))),  # wide: black above and below
        ((10, 20), (40, 40), (slice(0, 40), slice(10, 30))),  # tall: black at the sides
        ((16, 16), (16, 16), (slice(0, 16), slice(0, 16))),
    ],
)
def test_fit_keeps_the_aspect_and_fills_with_black(size, box, inside) -> None:
    white = np.full((size[1], size[0], 3), 255, np.uint8)
    fitted = pixels.fit(white, *box)
    expected = np.zeros((box[1], box[0], 3), np.uint8)
    expected[inside] = 255
    np.testing.assert_array_equal(fitted, expected)


def test_fit_of_an_extreme_strip_still_has_a_pixel() -> None:
    assert pixels.fit(np.full((1, 1000, 3), 255, np.uint8), 50, 50).any()
