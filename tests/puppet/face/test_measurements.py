"""Measurements of planted faces are what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from planted_face import LID_GAP, LIP_GAP, expression, rest_face

from puppet.core.types import LANDMARKS
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, LIPS
from puppet.face.measurements import MEASUREMENT_NAMES, measure, measurement_matrix, nearness


def changes(**planted: float) -> dict[str, float]:
    rest = rest_face()
    before, after = measure(rest), measure(expression(rest, **planted))
    return {name: float(after[name] - before[name]) for name in MEASUREMENT_NAMES}


def test_the_matrix_is_what_measure_does_and_batches_are_rows() -> None:
    faces = np.random.default_rng(0).normal(size=(3, LANDMARKS, 3)).astype(np.float32)
    matrix = measurement_matrix()
    assert matrix.shape == (len(MEASUREMENT_NAMES), 3 * LANDMARKS)
    together = np.stack(list(measure(faces).values()), 1)
    np.testing.assert_allclose(together, faces.reshape(3, -1) @ matrix.T, atol=1e-5)
    alone = np.array(list(measure(faces[1]).values()))
    np.testing.assert_allclose(alone, together[1], atol=1e-5)


def test_gaps_do_not_change_when_the_face_moves() -> None:
    """Each is a difference of places on the face, or a sum of such."""
    face = rest_face()
    moved = face + np.array((0.3, -0.2, 0.1), np.float32)
    np.testing.assert_allclose(list(measure(moved).values()), list(measure(face).values()), atol=2e-6)


def test_the_face_at_rest() -> None:
    values = measure(rest_face())
    per_lid = LID_GAP * np.mean(np.sin(np.array([4, 5, 3]) * np.pi / 8))
    assert values["lids_right"] == pytest.approx(per_lid, abs=1e-5)
    assert values["lids_left"] == pytest.approx(per_lid, abs=1e-5)
    middle = LIP_GAP * np.mean([1, 1 - 0.4**2, 1 - 0.4**2])
    assert values["mouth_open"] == pytest.approx(middle, abs=1e-5)
    assert values["mouth_width"] == pytest.approx(0.56, abs=1e-5)
    for name in ("gaze_x_right", "gaze_x_left", "mouth_side", "jaw_side"):
        assert values[name] == pytest.approx(0, abs=1e-3)


def test_what_is_planted_is_measured_and_nothing_else() -> None:
    gaze = changes(gaze=0.03)
    assert gaze.pop("gaze_x_right") == pytest.approx(0.03, abs=1e-5)
    assert gaze.pop("gaze_x_left") == pytest.approx(0.03, abs=1e-5)
    assert max(map(abs, gaze.values())) < 1e-6

    shut = changes(shut=1)
    at_rest = measure(rest_face())
    assert shut.pop("lids_right") == pytest.approx(-float(at_rest["lids_right"]), abs=1e-6)
    assert shut.pop("lids_left") == pytest.approx(-float(at_rest["lids_left"]), abs=1e-6)
    assert max(map(abs, shut.values())) < 1e-6


def test_an_open_mouth_and_a_smile() -> None:
    opened = changes(open=0.3)
    assert opened["mouth_open"] > 0.25
    assert opened["jaw_open"] == pytest.approx(0.3, abs=1e-5)
    assert opened["upper_lip"] == pytest.approx(0, abs=1e-6)
    smile = changes(smile=0.05)
    assert smile["mouth_width"] == pytest.approx(0.1, abs=1e-5)
    assert smile["mouth_corner_right"] == pytest.approx(-0.05, abs=1e-5)
    assert smile["mouth_corner_left"] == pytest.approx(-0.05, abs=1e-5)
    assert smile["mouth_open"] == pytest.approx(0, abs=0.01)


def test_nearness_is_one_on_the_region_and_fades() -> None:
    face = rest_face()
    near = nearness(face, LIPS, 0.1)
    np.testing.assert_array_equal(near[list(LIPS)], 1)
    assert near[list(EYE_RIGHT + EYE_LEFT)].max() < 1e-4
    face[0] = face[LIPS[0]] + np.array((-0.1, 0, 9), np.float32)  # one reach beside a corner, however deep
    assert nearness(face, LIPS[:1], 0.1).max() == 1
    assert nearness(face, LIPS[:1], 0.1)[0] == pytest.approx(np.exp(-0.5), rel=1e-4)


def test_regions_do_not_share_points() -> None:
    regions = EYE_RIGHT, EYE_LEFT, IRIS_RIGHT, IRIS_LEFT, LIPS
    together = [point for region in regions for point in region]
    assert len(together) == len(set(together))
    assert max(together) < LANDMARKS
