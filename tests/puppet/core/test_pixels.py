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


@pytest.mark.parametrize("side", [16, 90])
def test_premultiplied_colours_stay_below_their_alpha(side: int) -> None:
    person = np.zeros((32, 32, 4), np.uint8)
    person[8:24, 8:24] = (255, 255, 255, 255)
    person[8:24, 8] = (120, 120, 120, 120)
    made = pixels.resize(person, side, side)
    assert made.shape == (side, side, 4)
    assert (made[..., :3] <= made[..., 3:]).all()


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


def test_fit_keeps_alpha_and_leaves_nothing_at_the_sides() -> None:
    fitted = pixels.fit(np.full((10, 20, 4), 255, np.uint8), 40, 40)
    assert fitted.shape == (40, 40, 4)
    assert (fitted[10:30] == 255).all()
    assert not fitted[:10].any()


@pytest.mark.parametrize(("size", "side"), [((40, 20), 20), ((20, 40), 10), ((30, 31), 64)])
def test_cover_takes_the_middle_square(size: tuple[int, int], side: int) -> None:
    width, height = size
    image = np.full((height, width, 3), 9, np.uint8)
    whole = min(size)
    top, left = (height - whole) // 2, (width - whole) // 2
    image[top : top + whole, left : left + whole] = BLUE
    covered = pixels.cover(image, side)
    assert covered.shape == (side, side, 3)
    assert (covered == BLUE).all()


def test_a_picture_is_filled_with_red_green_and_blue() -> None:
    assert pixels.filled((1, 2, 3), 5, 4).shape == (4, 5, 3)
    assert pixels.filled((1, 2, 3), 5, 4)[3, 4].tolist() == [3, 2, 1]


@pytest.fixture
def layers() -> tuple[np.ndarray, np.ndarray]:
    """A premultiplied person with every alpha there is, and what is behind."""
    random = np.random.default_rng(3)
    alpha = np.arange(256, dtype=np.uint8).repeat(16).reshape(64, 64)
    colours = random.integers(0, 256, (64, 64, 3)) * (alpha[..., None] / 255)
    behind = random.integers(0, 256, (64, 64, 3), np.uint8)
    return np.dstack([np.rint(colours).astype(np.uint8), alpha]), behind


def test_a_person_over_a_background_takes_its_share_of_it(layers: tuple[np.ndarray, np.ndarray]) -> None:
    person, behind = layers
    share = 1 - person[..., 3:] / 255
    exact = np.minimum(person[..., :3] + share * behind, 255)
    assert np.abs(pixels.over(person, behind) - exact).max() <= 0.5
    assert (pixels.over(person, behind)[person[..., 3] == 0] == behind[person[..., 3] == 0]).all()


def test_straight_alpha_gives_the_same_colours_when_it_is_multiplied_again(
    layers: tuple[np.ndarray, np.ndarray],
) -> None:
    person, _ = layers
    made = pixels.straight(person)
    np.testing.assert_array_equal(made[..., 3], person[..., 3])
    again = made[..., :3] * (made[..., 3:] / 255)
    assert np.abs(again - person[..., :3]).max() <= 0.5
    assert not made[person[..., 3] == 0].any()


def test_an_opaque_picture_has_full_alpha() -> None:
    made = pixels.opaque(np.full((2, 3, 3), BLUE, np.uint8))
    assert made[1, 2].tolist() == [*BLUE, 255]
