"""Planted users on planted actors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted_face import LID_GAP, MIDDLE, MOUTH_MIDDLE, SCALE, UPRIGHT, expression, rest_face, tracked

from puppet.core.types import HeadPose
from puppet.face import align
from puppet.face.landmarks import (
    BROWS,
    CHEEKS,
    EYE_LEFT,
    EYE_RIGHT,
    IRIS_LEFT,
    IRIS_RIGHT,
    JAW,
    LIP_TOP,
    LIPS,
    NOSE_BASE,
    STABLE,
    UPPER_LIP,
)
from puppet.face.measurements import measure
from puppet.face.neutral import Neutral
from puppet.face.retarget import KNEE, LIP_ROOM, MAX_REGION_GAIN, MAX_RESPONSE_GAIN, Gains, Retargeter

LIDS = ("lids_right", "lids_left")
LOWER_LIP = 14
CORNERS = (61, 291)


def neutral(landmarks: np.ndarray) -> Neutral:
    return Neutral(landmarks, UPRIGHT)


@pytest.mark.parametrize("does", [{}, {"open": 0.25}, {"shut": 1.0, "smile": 0.08}, {"gaze": -0.04, "press": 1.0}])
def test_the_actors_own_face_drives_itself_exactly(does) -> None:
    actor = rest_face()
    shape = expression(actor, **does)
    landmarks, pose = Retargeter(actor).drive(tracked(shape, (25, -10, 5)), neutral(actor))
    np.testing.assert_allclose(landmarks, shape, atol=5e-6)
    np.testing.assert_allclose(pose, (25, -10, 5, 0, 0, 0), atol=1e-3)


def test_a_face_at_rest_gives_the_actor_at_rest_whoever_it_is() -> None:
    actor, user = rest_face(), rest_face(lid_gap=0.07, mouth=1.3)
    user += np.random.default_rng(0).normal(0, 0.05, user.shape).astype(np.float32)
    landmarks, _ = Retargeter(actor).drive(tracked(user, (10, 5, 0)), neutral(user))
    np.testing.assert_allclose(landmarks, actor, atol=1e-5)


@pytest.mark.parametrize("of_user", [0.6, 0.8, 1.25, 1.7])
def test_a_shut_eye_shuts_however_large_the_two_eyes_are(of_user: float) -> None:
    actor, user = rest_face(), rest_face(lid_gap=of_user * LID_GAP)
    landmarks, _ = Retargeter(actor).drive(tracked(expression(user, shut=1)), neutral(user))
    for name in LIDS:
        assert measure(user)[name] == pytest.approx(of_user * float(measure(actor)[name]), rel=1e-3)
        assert measure(landmarks)[name] == pytest.approx(0, abs=1e-4)
    half, _ = Retargeter(actor).drive(tracked(expression(user, shut=0.5)), neutral(user))
    for name in LIDS:
        assert measure(half)[name] == pytest.approx(float(measure(actor)[name]) / 2, abs=1e-4)


def test_gaze_is_not_scaled_with_the_lids() -> None:
    actor, user = rest_face(), rest_face(lid_gap=0.6 * LID_GAP)
    landmarks, _ = Retargeter(actor).drive(tracked(expression(user, gaze=0.04)), neutral(user))
    moved = (landmarks - actor)[list(IRIS_RIGHT + IRIS_LEFT)]
    np.testing.assert_allclose(moved, np.tile((0.04, 0, 0), (10, 1)), atol=1e-5)
    gains = Retargeter(actor).gains(user)
    np.testing.assert_allclose(gains[list(IRIS_RIGHT + IRIS_LEFT), 1], 1, atol=1e-3)
    assert gains[list(EYE_RIGHT + EYE_LEFT), 1].min() > 1.5


@pytest.mark.parametrize("width", [0.7, 1.4])
def test_a_mouth_moves_by_its_width(width: float) -> None:
    actor, user = rest_face(), rest_face(mouth=width)
    landmarks, _ = Retargeter(actor).drive(tracked(expression(user, open=0.2)), neutral(user))
    assert landmarks[LOWER_LIP, 1] - actor[LOWER_LIP, 1] == pytest.approx(0.2 / width, rel=1e-3)


@pytest.mark.parametrize("lid_gap", [0.0, 1e-4, 1.0])
def test_gains_stay_within_bounds_for_the_strangest_face(lid_gap: float) -> None:
    actor = rest_face()
    gains = Retargeter(actor).gains(rest_face(lid_gap=lid_gap, mouth=0.01))
    assert np.isfinite(gains).all()
    # where eye and mouth both count (nowhere on a face), the two could add up
    assert gains.min() >= 1 / MAX_REGION_GAIN - 1e-2
    assert gains.max() <= MAX_REGION_GAIN + 1e-2


def test_the_expression_gain_scales_the_offset_and_not_the_pose() -> None:
    actor = rest_face()
    face = tracked(expression(actor, open=0.2), (15, 0, 0))
    none, pose = Retargeter(actor).drive(face, neutral(actor), Gains(0.0))
    np.testing.assert_array_equal(none, actor)
    np.testing.assert_allclose(pose, (15, 0, 0, 0, 0, 0), atol=1e-3)
    twice, _ = Retargeter(actor).drive(face, neutral(actor), Gains(2.0))
    assert twice[LOWER_LIP, 1] - actor[LOWER_LIP, 1] == pytest.approx(0.4, abs=1e-4)


REGIONS = {
    "eyes": EYE_RIGHT + EYE_LEFT + IRIS_RIGHT + IRIS_LEFT,
    "mouth": LIPS + JAW + CHEEKS,
    "brows": BROWS,
}


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("gain", [0.0, 0.5, 2.0])
def test_a_regions_gain_scales_that_region_and_no_other(region: str, gain: float) -> None:
    """Everything moves by a tenth to the side; gains of `overall` multiply."""
    actor, moved = rest_face(), rest_face()
    loose = np.setdiff1d(np.arange(len(actor)), STABLE)
    moved[loose, 0] += 0.1
    chosen = replace(Gains(0.5), **{region: gain})
    driven, _ = Retargeter(actor).drive(tracked(moved), neutral(actor), chosen)
    for name, points in REGIONS.items():
        points = np.setdiff1d(points, STABLE)
        share = (driven - actor)[points, 0] / (moved - actor)[points, 0]
        np.testing.assert_allclose(share, 0.5 * (gain if name == region else 1), atol=0.05)


@pytest.mark.parametrize(
    ("share", "gain"), [(0.5, 2), (0.8, 1.25), (1.0, 1), (1.4, 1), (0.1, MAX_RESPONSE_GAIN), (-1, MAX_RESPONSE_GAIN)]
)
def test_more_is_asked_of_brows_that_answer_weakly(share: float, gain: float) -> None:
    actor, moved = rest_face(), rest_face()
    loose = np.setdiff1d(np.arange(len(actor)), STABLE)
    moved[loose, 0] += 0.1
    for chosen in (Gains(), Gains(0.5, brows=0.8)):
        plain, _ = Retargeter(actor).drive(tracked(moved), neutral(actor), chosen)
        driven, _ = Retargeter(actor, {"brows": share}).drive(tracked(moved), neutral(actor), chosen)
        for name, points in REGIONS.items():
            points = np.setdiff1d(points, STABLE)
            factor = (driven - actor)[points, 0] / (plain - actor)[points, 0]
            np.testing.assert_allclose(factor, gain if name == "brows" else 1, atol=0.1)


def test_between_regions_the_gain_changes_smoothly() -> None:
    """Neighbours a twentieth of an eye distance apart never differ by more than a third in what is added to one."""
    actor = rest_face()
    lines = np.linspace((-0.35, -0.6), (-0.35, 1.2), 37)  # down through brow, eye, cheek and jaw, 0.05 apart
    for region in REGIONS:
        mask = Retargeter(actor)._chosen(np.zeros_like(actor), Gains(**{region: 2}))[:, 0] - 1
        assert mask.min() >= 0
        assert mask.max() <= 1
        nearest = np.linalg.norm(actor[None, :, :2] - lines[:, None], axis=2).argmin(1)
        gap = np.linalg.norm(np.diff(actor[nearest, :2], axis=0), axis=1)
        assert (np.abs(np.diff(mask[nearest])) <= np.maximum(gap, 0.05) / 0.05 * 0.5).all()


@pytest.mark.parametrize("shut", [0.3, 0.6, 0.9, 1.0])
def test_a_gain_never_turns_a_shut_eye_inside_out(shut: float) -> None:
    actor = rest_face()
    driven, _ = Retargeter(actor).drive(tracked(expression(actor, shut=shut)), neutral(actor), Gains(1.3, eyes=1.5))
    for name in LIDS:
        expected = float(measure(actor)[name]) * max(0.0, 1 - 1.95 * shut)
        assert measure(driven)[name] == pytest.approx(expected, abs=2e-3)
    assert (driven[EYE_RIGHT[1:8][::-1], 1] >= driven[EYE_RIGHT[9:], 1] - 2e-3).all()


def test_a_gain_widens_eyes_and_turns_the_gaze_all_the_way() -> None:
    actor = rest_face()
    face = tracked(expression(actor, shut=-0.3, gaze=0.03))
    driven, _ = Retargeter(actor).drive(face, neutral(actor), Gains(eyes=2.0))
    for name in LIDS:
        assert measure(driven)[name] == pytest.approx(1.6 * float(measure(actor)[name]), rel=1e-2)
    assert measure(driven)["gaze_x_left"] - measure(actor)["gaze_x_left"] == pytest.approx(0.06, abs=1e-3)


def test_pose_counts_from_how_the_user_holds_the_head() -> None:
    actor = rest_face()
    slouched = align.rotation_of(np.array([0, -12, 0]))
    turned = align.angles_of(align.rotation_of(np.array([20, 0, 0])) @ slouched)
    user = Neutral(actor, replace(UPRIGHT, rotation=slouched))
    at_rest = Retargeter(actor).drive(tracked(actor, (0, -12, 0)), user)[1]
    np.testing.assert_allclose(at_rest, 0, atol=1e-3)
    pose = Retargeter(actor).drive(tracked(actor, (float(turned[0]), float(turned[1]), float(turned[2]))), user)[1]
    np.testing.assert_allclose(pose, (20, 0, 0, 0, 0, 0), atol=1e-3)


@pytest.mark.parametrize("usual_scale", [SCALE, 35.0])
def test_moving_and_coming_nearer_count_in_the_users_own_eye_distances(usual_scale: float) -> None:
    """Half an eye distance to the right, a quarter up and 20 % nearer, seen by a near and by a far camera."""
    actor = rest_face()
    usual = HeadPose(np.eye(3), usual_scale, np.array([*MIDDLE, 0.0]))
    middle = MIDDLE[0] + 0.5 * usual_scale, MIDDLE[1] - 0.25 * usual_scale
    face = tracked(actor, (10, 0, 0), 1.2 * usual_scale, middle)
    landmarks, pose = Retargeter(actor).drive(face, Neutral(actor, usual))
    assert pose.dtype == np.float32
    np.testing.assert_allclose(pose, (10, 0, 0, 0.5, -0.25, np.log(1.2)), atol=1e-3)
    np.testing.assert_allclose(landmarks, actor, atol=1e-5)


def test_bones_of_another_shape_leave_nothing_in_the_pose() -> None:
    """A long face, seen at 30 degrees: against the average face the pose would be off, against its own it is not."""
    user = rest_face()
    user[:, 1] *= 1.2
    user[STABLE, 2] *= 0.8
    face = tracked(user, (30, 10, 0))
    assert np.abs(align.angles_of(face.pose.rotation) - (30, 10, 0)).max() > 0.5
    landmarks, pose = Retargeter(rest_face()).drive(face, neutral(user))
    np.testing.assert_allclose(pose, (30, 10, 0, 0, 0, 0), atol=1e-3)
    np.testing.assert_allclose(landmarks, rest_face(), atol=1e-5)
    assert landmarks[LOWER_LIP, 1] < MOUTH_MIDDLE + 0.01


def raised(face: np.ndarray, rise: float) -> np.ndarray:
    """The upper lip goes up by so many eye distances, and nothing else."""
    moved = face.copy()
    moved[list(UPPER_LIP), 1] -= rise
    return moved


def test_the_upper_lip_is_the_upper_lip() -> None:
    face = rest_face()
    seam = np.interp(0, *face[list(CORNERS)].T[:2])
    assert len(set(UPPER_LIP)) == 18
    assert (face[list(UPPER_LIP), 1] < seam).all()
    assert (face[list(set(LIPS) - set(UPPER_LIP)), 1] >= seam - 1e-6).all()


def test_an_upper_lip_goes_up_as_the_users_does_and_ends_below_the_nose() -> None:
    """Whatever it is: twice and a half the room there is, too."""
    actor = rest_face()
    room = LIP_ROOM * float(actor[LIP_TOP, 1] - actor[NOSE_BASE, 1])
    reached = []
    for rise in np.linspace(0, 2.5 * room, 26):
        driven, _ = Retargeter(actor).drive(tracked(raised(actor, rise)), neutral(actor))
        moved = actor[:, 1] - driven[:, 1]
        reached.append(moved[LIP_TOP])
        assert moved[list(UPPER_LIP)] == pytest.approx(moved[LIP_TOP], abs=1e-4)
        others = np.setdiff1d(LIPS, UPPER_LIP)
        assert moved[others] == pytest.approx(0, abs=1e-5)
        if rise <= KNEE * room:
            assert moved[LIP_TOP] == pytest.approx(rise, abs=1e-5)
    assert reached[-1] < room + 1e-5
    assert reached[-1] > 0.98 * room
    assert (np.diff(reached) > -1e-6).all()


def test_a_gain_lifts_no_lip_into_the_nose_either() -> None:
    actor = rest_face()
    driven, _ = Retargeter(actor).drive(tracked(raised(actor, 0.1)), neutral(actor), Gains(2.0, mouth=2.0))
    assert driven[LIP_TOP, 1] > actor[NOSE_BASE, 1] + 0.2 * (actor[LIP_TOP, 1] - actor[NOSE_BASE, 1])
