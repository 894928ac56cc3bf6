"""Squares around faces: cutting, and the way back."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from puppet.face.face_rect import FaceRect, joined, rect_around, rect_of_points


def test_a_crop_shows_what_lies_in_the_square() -> None:
    """A whole-pixel square is copied, in RGB."""
    image = np.random.default_rng(1).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    crop = FaceRect(30, 25, 32).cut(image, 32, cv2.BORDER_REPLICATE)
    np.testing.assert_array_equal(crop, image[9:41, 14:46, ::-1])


@pytest.mark.parametrize(("border", "value"), [(cv2.BORDER_CONSTANT, 0), (cv2.BORDER_REPLICATE, 200)])
def test_outside_the_picture_is_black_or_its_edge(border: int, value: int) -> None:
    image = np.full((20, 20, 3), 200, np.uint8)
    crop = FaceRect(0, 10, 20).cut(image, 20, border)
    assert (crop[:, :9] == value).all()
    assert (crop[:, 11:] == 200).all()


def test_points_of_a_turned_crop_come_back_to_their_place() -> None:
    """Clockwise, as seen: what is at the right of the crop's middle lies right of and below the square's."""
    rect = FaceRect(100, 50, 96, math.radians(30))
    points = np.array([[24, 24, 12], [48, 24, -12], [24, 48, 0]], np.float32)
    expected = [
        [100, 50, 24],
        [100 + 48 * math.cos(math.pi / 6), 50 + 24, -24],
        [100 - 24, 50 + 48 * math.cos(math.pi / 6), 0],
    ]
    np.testing.assert_allclose(rect.place(points, 48), expected, atol=1e-4)


def test_a_turned_crop_shows_a_point_where_its_coordinates_say() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    rect = FaceRect(100, 100, 80, math.radians(-40))
    (x, y, _), *_ = rect.place(np.array([[60, 30, 0]], np.float32), 80)
    cv2.circle(image, (round(float(x)), round(float(y))), 3, (255, 255, 255), -1)
    crop = rect.cut(image, 80, cv2.BORDER_CONSTANT)
    ys, xs = np.nonzero(crop[..., 0] > 128)
    assert xs.mean() == pytest.approx(60, abs=0.6)
    assert ys.mean() == pytest.approx(30, abs=0.6)


def test_the_square_is_half_again_as_large_as_the_face_and_turned_with_its_eyes() -> None:
    rect = rect_around(np.array([10, 20]), np.array([50, 80]), np.array([20, 40]), np.array([40, 60]))
    assert rect == FaceRect(30, 50, 90, math.radians(45))


def test_the_next_square_follows_the_points() -> None:
    points = np.random.default_rng(2).uniform(100, 200, (478, 3)).astype(np.float32)
    points[[0, 1]] = [[100, 120, 0], [210, 190, 0]]
    points[2] = [150, 100, 0]
    points[3] = [150, 200, 0]
    points[[33, 263]] = [[120, 150, 0], [180, 150, 0]]
    rect = rect_of_points(points)
    assert (rect.x, rect.y, rect.side, rect.angle) == (155, 150, 165, 0)


def test_a_face_that_is_followed_is_not_found_again() -> None:
    followed, beside = FaceRect(100, 100, 80, 0.2), FaceRect(300, 100, 80)
    again = FaceRect(105, 98, 84)
    assert joined([again, beside], [followed]) == [beside, followed]
    assert joined([beside], []) == [beside]
    assert joined([], [followed]) == [followed]
    assert again.overlap(followed) > 0.8
    assert followed.overlap(beside) == 0


def test_the_square_follows_a_picture_that_changes_its_size() -> None:
    assert FaceRect(100, 50, 80, 0.1).scaled((640, 480), (320, 240)) == FaceRect(50, 25, 40, 0.1)
    assert FaceRect(100, 50, 80).scaled((640, 480), (640, 480)) == FaceRect(100, 50, 80)
