"""BlazeFace's raw outputs as faces."""

from __future__ import annotations

import numpy as np

from puppet.face.blaze_face import anchors, detections

SIZE = 128


def raw_box(middle: tuple[float, float], side: float, at: np.ndarray) -> np.ndarray:
    """The raw values, px from the anchor `at`, of a square box with all six points in its middle; shares of 1."""
    x, y = (np.array(middle) - at) * SIZE
    return np.array([x, y, side * SIZE, side * SIZE, *[x, y] * 6], np.float32)


def test_anchors_lie_in_the_middles_of_the_cells_row_by_row() -> None:
    middles = anchors(128, [(8, 2), (16, 6)])
    assert middles.shape == (16 * 16 * 2 + 8 * 8 * 6, 2)
    np.testing.assert_allclose(middles[[0, 1, 2, 32]], np.array([[4, 4], [4, 4], [12, 4], [4, 12]]) / 128)
    np.testing.assert_allclose(middles[[512, 517, 518, -1]], np.array([[8, 8], [8, 8], [24, 8], [120, 120]]) / 128)


def test_boxes_are_told_from_their_anchors_and_the_surest_comes_first() -> None:
    at = np.array([[0.25, 0.25], [0.75, 0.75], [0.5, 0.5]], np.float32)
    raw = np.array([raw_box((0.3, 0.2), 0.2, at[0]), raw_box((0.7, 0.7), 0.3, at[1]), raw_box((0.5, 0.5), 0.1, at[2])])
    first, second = detections(raw, np.array([1.0, 3.0, -0.5], np.float32), at, SIZE, 0.5)
    np.testing.assert_allclose(first.box, [0.55, 0.55, 0.85, 0.85], atol=1e-6)
    np.testing.assert_allclose(first.points, np.full((6, 2), 0.7), atol=1e-6)
    np.testing.assert_allclose(second.box, [0.2, 0.1, 0.4, 0.3], atol=1e-6)
    assert (round(first.score, 4), round(second.score, 4)) == (0.9526, 0.7311)


def test_boxes_of_one_face_are_one_box_in_proportion_to_their_scores() -> None:
    at = np.full((3, 2), 0.5, np.float32)
    raw = np.array([raw_box((0.5 + shift, 0.5), 0.4, at[0]) for shift in (0, 0.1, 0.35)])
    scores = np.log(np.array([4.0, 1.5, 2.0], np.float32))  # 0.8, 0.6, 0.667
    near, far = detections(raw, scores, at, SIZE, 0.5)
    shift = 0.1 * 0.6 / 1.4
    np.testing.assert_allclose(near.box, [0.3 + shift, 0.3, 0.7 + shift, 0.7], atol=1e-5)
    np.testing.assert_allclose(far.box, [0.65, 0.3, 1.05, 0.7], atol=1e-5)
    assert near.score > far.score


def test_boxes_inside_out_and_without_extent_do_no_harm() -> None:
    at = np.full((3, 2), 0.5, np.float32)
    raw = np.array([raw_box((0.5, 0.5), side, at[0]) for side in (-0.2, 0.0, 0.2)])
    found = detections(raw, np.array([1000, 900, 2], np.float32), at, SIZE, 0.5)
    assert [round(float(one.box[2] - one.box[0]), 3) for one in found] == [0.0, 0.2]


def test_nothing_sure_enough_is_no_face() -> None:
    assert detections(np.zeros((3, 16), np.float32), np.full(3, -1, np.float32), np.zeros((3, 2)), SIZE, 0.5) == []
