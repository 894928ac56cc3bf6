"""Planted poses, similarities and crops must be recovered."""

from __future__ import annotations

import numpy as np
import pytest
from planted_face import expression, rest_face, tracked

from puppet.core.types import HeadPose
from puppet.face import align
from puppet.face.landmarks import OUTER_EYES, STABLE

ANGLES = [(0, 0, 0), (35, 0, 0), (0, 25, 0), (0, 0, -40), (-30, 20, 15), (60, -35, 100), (-80, 5, -170)]


@pytest.mark.parametrize("angles", ANGLES)
def test_a_planted_similarity_is_recovered(angles) -> None:
    source = np.random.default_rng(1).normal(size=(20, 3))
    rotation, translation = align.rotation_of(np.array(angles)), np.array([300.0, -20.0, 5.0])
    fitted = align.fit_similarity(source, np.stack([source, 87.0 * source @ rotation.T + translation]))
    for found, planted in zip(fitted, (rotation, 87.0, translation), strict=True):
        np.testing.assert_allclose(found[1], planted, atol=1e-6)
    for found, planted in zip(fitted, (np.eye(3), 1.0, np.zeros(3)), strict=True):
        np.testing.assert_allclose(found[0], planted, atol=1e-6)


def test_a_mirrored_cloud_never_gives_a_mirroring_rotation() -> None:
    source = np.random.default_rng(2).normal(size=(20, 3))
    (rotation,), _, _ = align.fit_similarity(source, (source * (-1, 1, 1))[None])
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize("angles", ANGLES)
def test_angles_and_rotations_are_inverses(angles) -> None:
    rotation = align.rotation_of(np.array(angles))
    np.testing.assert_allclose(align.angles_of(rotation), angles, atol=1e-4)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_signs_of_the_angles() -> None:
    """Axes: x right, y down, z away. The nose points to the viewer, the crown of the head up."""
    nose, crown = np.array([0, 0, -1.0]), np.array([0, -1.0, 0])
    assert (align.rotation_of(np.array([20, 0, 0])) @ nose)[0] > 0.3  # towards the image's right
    assert (align.rotation_of(np.array([0, 20, 0])) @ nose)[1] < -0.3  # up
    assert (align.rotation_of(np.array([0, 0, 20])) @ crown)[0] > 0.3  # tilts to the right


@pytest.mark.parametrize("angles", ANGLES)
@pytest.mark.parametrize("own", [False, True], ids=["average reference", "own reference"])
def test_a_planted_head_pose_is_taken_off_and_put_back(angles, own: bool) -> None:
    rest = rest_face()
    reference = None
    if own:  # a person whose bones are not the average ones
        rest[STABLE] += np.random.default_rng(3).normal(0, 0.03, (len(STABLE), 3)).astype(np.float32)
        reference = rest
    shape = expression(rest, open=0.2, smile=0.05, shut=0.5)
    planted = HeadPose(align.rotation_of(np.array(angles)), 55.0, np.array([100.0, 80.0, -7.0]))
    points = align.place(shape, planted)
    canonical, pose = align.canonicalise(points, reference)
    np.testing.assert_allclose(pose.rotation, planted.rotation, atol=1e-6)
    assert pose.scale == pytest.approx(55.0, abs=1e-4)
    np.testing.assert_allclose(pose.translation, planted.translation, atol=1e-4)
    np.testing.assert_allclose(canonical, shape, atol=2e-6)
    np.testing.assert_allclose(align.place(canonical, pose), points, atol=1e-4)


def test_a_steady_crop_puts_the_median_head_in_the_middle_and_does_not_turn() -> None:
    poses = [
        HeadPose(align.rotation_of(np.array([0, 0, 30])), 50.0, np.array([x, 90.0, 0.0])) for x in (180, 200, 200, 260)
    ]
    size = 128
    to_crop = align.steady_transform(poses, size)
    head = np.array([200, 90]) + align.HEAD_CENTRE * 50
    np.testing.assert_allclose(to_crop[:, :2] @ head + to_crop[:, 2], [(size - 1) / 2] * 2, atol=1e-9)
    np.testing.assert_allclose(to_crop[:, :2], np.eye(2) * align.STEADY_EYES * size / 50, atol=1e-9)


@pytest.mark.parametrize(
    ("eyes", "scaled"), [(0.31, False), (0.325, False), (0.295, False), (0.345, True), (0.28, True)]
)
def test_a_steady_crop_of_about_the_right_size_copies_pixels(eyes: float, scaled: bool) -> None:
    size = 128
    pose = HeadPose(np.eye(3), eyes * size, np.array([151.3, 97.8, 0.0]))
    to_crop = align.steady_transform([pose], size)
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    crop = align.cut(image, to_crop, size).image
    left, top = np.round(-to_crop[:, 2]).astype(int)
    assert np.array_equal(crop, image[top : top + size, left : left + size]) is not scaled
    head = np.array([151.3, 97.8]) + align.HEAD_CENTRE * pose.scale
    np.testing.assert_allclose(to_crop[:, :2] @ head + to_crop[:, 2], [(size - 1) / 2] * 2, atol=0.5 + 1e-9)


@pytest.mark.parametrize("roll", [0, 25, -70, 130])
def test_an_upright_crop_puts_the_eyes_at_the_same_place_whatever_the_roll(roll: float) -> None:
    face = tracked(rest_face(), (0, 0, roll), scale=47, middle=(150, 110))
    size = 64
    inside = align.transform_points(face.points, align.upright_transform(face, size))
    left, right = inside[list(OUTER_EYES)]
    eyes = align.TIGHT_EYES * size
    np.testing.assert_allclose(right - left, [eyes, 0, 0], atol=1e-3)
    middle = (size - 1) / 2 - align.TIGHT_CENTRE * eyes
    np.testing.assert_allclose((left + right)[:2] / 2, middle, atol=1e-3)


def test_cut_shows_a_planted_spot_where_the_transform_says() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[90:95, 140:145] = 255  # centre (142, 92)
    face = tracked(rest_face(), (0, 0, 40), scale=90, middle=(150, 100))
    to_crop = align.upright_transform(face, 128)
    crop = align.cut(image, to_crop, 128)
    assert crop.image.shape == (128, 128, 3)
    assert crop.image.dtype == np.uint8
    mass = crop.image[..., 0].astype(float)
    y, x = np.indices(mass.shape)
    found = np.array([(x * mass).sum(), (y * mass).sum()]) / mass.sum()
    np.testing.assert_allclose(found, to_crop[:, :2] @ (142, 92) + to_crop[:, 2], atol=0.1)


def test_cut_without_change_is_the_picture_and_edges_are_replicated() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(align.cut(image, np.eye(2, 3), 32).image, image)
    shifted = align.cut(image, np.array([[1.0, 0, 5], [0, 1, 0]]), 32).image
    np.testing.assert_array_equal(shifted[:, :5], np.repeat(image[:, :1], 5, 1))


def test_shrinking_averages_instead_of_aliasing() -> None:
    """Stripes of one pixel: their average is grey, whichever pixels the crop happens to hit."""
    image = np.zeros((256, 256, 3), np.uint8)
    image[:, ::2] = 255
    crop = align.cut(image, np.array([[0.25, 0, 0], [0, 0.25, 0]]), 64).image[8:-8, 8:-8].astype(int)
    assert np.abs(crop - 128).max() <= 12


def test_points_follow_the_crop_and_depth_is_scaled_alike() -> None:
    points = np.array([[10, 20, 30], [0, 0, -4]], np.float32)
    quarter_turn = np.array([[0, 2.0, 5], [-2.0, 0, 7]])
    moved = align.transform_points(points, quarter_turn)
    np.testing.assert_allclose(moved, [[45, -13, 60], [5, 7, -8]], atol=1e-5)
    assert moved.dtype == np.float32
