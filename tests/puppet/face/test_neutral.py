"""The neutral of planted people is the face they were planted with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from planted_face import MIDDLE, SCALE, expression, rest_face, tracked

from puppet.core.types import LANDMARKS, Face
from puppet.face import align, neutral
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, LIPS
from puppet.face.measurements import measure
from puppet.face.neutral import (
    EASE,
    KEPT,
    SAMPLE_INTERVAL,
    AutomaticNeutral,
    Neutral,
    estimate_neutral,
    infer_neutral,
    median_pose,
    neutral_from_face,
)

FPS = 30
REST = rest_face()
EYES = EYE_RIGHT + EYE_LEFT


@pytest.fixture(autouse=True)
def _no_idea_of_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted face is a drawing, nobody whom the model of rest could know: what is seen must do here."""
    monkeypatch.setattr(neutral, "rest_correction", lambda *_: (np.zeros_like(REST), 0.0))


def performance(n: int = 300, smiling: float = 0.2, seed: int = 0) -> list[Face]:
    """Somebody who talks 30 % of the time, presses the lips 15 %, smiles a share and else rests; who blinks on top of
    it, nods and looks around; seen with the tracker's trembling."""
    rng = np.random.default_rng(seed)
    faces = []
    shares = {"rest": 0.55 - smiling, "talk": 0.3, "press": 0.15, "smile": smiling}
    kinds = rng.permutation([kind for kind, share in shares.items() for _ in range(round(share * n))])
    for kind in kinds:
        does = {
            "rest": {},
            "talk": {"open": rng.uniform(0.04, 0.3)},
            "press": {"press": rng.uniform(0.8, 1.0)},
            "smile": {"smile": rng.uniform(0.05, 0.12), "open": rng.uniform(0, 0.01)},
        }[kind]
        blink = rng.uniform(0.3, 1.0) if rng.random() < 0.06 else 0.0
        face = expression(REST, shut=blink, **does) + rng.normal(0, 0.0015, REST.shape).astype(np.float32)
        faces.append(tracked(face, tuple(rng.normal((4, -3, 1), (8, 5, 2)))))
    return faces


def deviation(found: np.ndarray, points: Sequence[int] = range(LANDMARKS)) -> float:
    """Largest distance in the picture plane, in eye distances."""
    return float(np.linalg.norm((found - REST)[list(points), :2], axis=1).max())


@pytest.mark.parametrize("smiling", [0.0, 0.2])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_rest_shape_of_a_lively_person_is_found(smiling: float, seed: int) -> None:
    found = infer_neutral(performance(smiling=smiling, seed=seed))
    assert deviation(found.landmarks) < 0.012
    got, true = measure(found.landmarks), measure(REST)
    assert got["lids_right"] == pytest.approx(true["lids_right"], abs=0.004)
    assert got["lids_left"] == pytest.approx(true["lids_left"], abs=0.004)
    assert got["mouth_open"] == pytest.approx(true["mouth_open"], abs=0.004)  # neither talking nor pressed
    assert got["mouth_width"] == pytest.approx(true["mouth_width"], abs=0.01)  # not smiling
    np.testing.assert_allclose(align.angles_of(found.pose.rotation), (4, -3, 1), atol=2)


def test_somebody_who_often_smiles_is_not_half_smiling_at_rest() -> None:
    """The mean of the closed mouths would be about 0.03 eye distances wider than the mouth at rest."""
    found = infer_neutral(performance(smiling=0.25, seed=3))
    assert measure(found.landmarks)["mouth_width"] == pytest.approx(measure(REST)["mouth_width"], abs=0.01)


def test_blinks_do_not_shut_the_neutral_eyes() -> None:
    shapes = np.stack([expression(REST, shut=float(i % 5 == 0)) for i in range(100)])
    found = estimate_neutral(shapes, np.zeros((100, 3), np.float32))
    # of the 0.12 that a blink moves the lid; what is left comes with the mouth's far slope
    assert deviation(found, EYES) < 0.001


def test_frames_that_are_turned_away_count_less() -> None:
    """A third of the frames, turned by 40 degrees, are tracked with a wrong mouth."""
    shapes = np.stack([expression(REST, smile=0.1) if i % 3 == 0 else REST for i in range(90)])
    angles = np.zeros((90, 3), np.float32)
    angles[::3, 0] = 40
    assert deviation(estimate_neutral(shapes, angles), LIPS) < 1e-5


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("alike", [True, False])
def test_a_few_faces_are_enough(n: int, alike: bool) -> None:
    faces = [tracked(REST)] * n if alike else performance(40)[:n]
    found = infer_neutral(faces)
    assert np.isfinite(found.landmarks).all()
    np.testing.assert_allclose(found.pose.rotation @ found.pose.rotation.T, np.eye(3), atol=1e-6)
    assert found.landmarks.shape == REST.shape
    assert found.landmarks.dtype == np.float32
    if alike:
        assert deviation(found.landmarks) < 1e-5


def test_somebody_who_says_that_this_is_it_is_believed() -> None:
    face = tracked(expression(REST, smile=0.1, shut=0.3), (15, -10, 5))
    neutral = neutral_from_face(face)
    np.testing.assert_array_equal(neutral.landmarks, face.canonical)
    np.testing.assert_allclose(align.angles_of(neutral.pose.rotation), (15, -10, 5), atol=1e-3)
    assert neutral.pose.scale == pytest.approx(SCALE, rel=1e-4)
    np.testing.assert_allclose(neutral.pose.translation, (*MIDDLE, 0), atol=1e-2)


def test_the_usual_pose_is_the_median() -> None:
    seen = [(8, 58, 90), (10, 60, 96), (12, 62, 99), (80, 300, 900), (10, 60, 96)]  # yaw, scale, x
    faces = [tracked(REST, (yaw, 5, 0), scale, (x, 72)) for yaw, scale, x in seen]
    usual = median_pose([face.points for face in faces], REST)
    np.testing.assert_allclose(align.angles_of(usual.rotation), (10, 5, 0), atol=1e-2)
    assert usual.scale == pytest.approx(60, abs=1e-3)
    np.testing.assert_allclose(usual.translation, (96, 72, 0), atol=1e-2)


# --- live ---


def watched(faces: list[Face], every: float = 1 / FPS) -> list[Neutral]:
    automatic = AutomaticNeutral()
    return [automatic.update(face, 100 + i * every) for i, face in enumerate(faces)]


def test_the_first_face_is_the_first_neutral() -> None:
    face = tracked(expression(REST, smile=0.05))
    np.testing.assert_allclose(watched([face])[0].landmarks, face.canonical, atol=1e-5)


def test_the_automatic_neutral_knows_how_sure_it_is() -> None:
    """Unsure of one face, sure after a lively performance; unsure again of somebody who is always turned away."""
    automatic = AutomaticNeutral()
    assert automatic.confidence == 0
    automatic.update(tracked(REST), 0.0)
    assert automatic.confidence < 0.1
    for i, face in enumerate(performance(600)):
        automatic.update(face, i / FPS)
    assert automatic.confidence > 0.7
    away = AutomaticNeutral()
    for i in range(300):
        away.update(tracked(REST, (40, 0, 0)), i / FPS)
    assert away.confidence < 0.1


def test_the_automatic_neutral_never_jumps() -> None:
    """An estimate is, coordinate by coordinate, a weighted mean of faces that were seen, so it lies between the
    smallest and the largest of them, and so does the current neutral. Each frame goes 1 - e^(-3 dt / EASE) of the way
    to the target, at most that share of the range."""
    faces = performance(450)
    neutrals = watched(faces)
    share = 1 - np.exp(-3 / FPS / EASE)
    shapes = np.stack([face.canonical for face in faces])
    steps = np.abs(np.diff(np.stack([neutral.landmarks for neutral in neutrals]), axis=0)).max(0)
    assert (steps <= share * np.ptp(shapes, 0) + 0.001).all()  # 0.001: each face is placed on the median face anew
    own = np.stack([align.angles_of(face.pose.rotation) for face in faces])
    angles = np.stack([align.angles_of(neutral.pose.rotation) for neutral in neutrals])
    assert (np.abs(np.diff(angles, axis=0)).max(0) <= share * np.ptp(own, 0) + 0.1).all()
    assert steps.max() > 0  # it does learn


def test_a_first_impression_of_a_smile_is_corrected() -> None:
    smiling = [tracked(expression(REST, smile=0.1))] * 15
    neutrals = watched(smiling + performance(900, smiling=0.1))
    assert deviation(neutrals[0].landmarks, LIPS) > 0.09
    assert deviation(neutrals[-1].landmarks, LIPS) < 0.015


def test_the_usual_place_follows_a_chair_that_is_moved_and_never_jumps() -> None:
    """One eye distance to the right and a quarter nearer, for good."""
    here, there = [tracked(REST)] * (10 * FPS), [tracked(REST, (0, 0, 0), 1.25 * SCALE, (MIDDLE[0] + SCALE, MIDDLE[1]))]
    poses = [neutral.pose for neutral in watched(here + there * (30 * FPS))]
    x, scale = np.array([pose.translation[0] for pose in poses]), np.array([pose.scale for pose in poses])
    np.testing.assert_allclose((x[299], scale[299]), (MIDDLE[0], SCALE), atol=1e-2)
    np.testing.assert_allclose((x[-1], scale[-1]), (MIDDLE[0] + SCALE, 1.25 * SCALE), atol=0.5)
    share = 1 - np.exp(-3 / FPS / EASE)
    assert np.abs(np.diff(x)).max() <= share * SCALE + 1e-3
    assert np.abs(np.diff(scale)).max() <= share * 0.25 * SCALE + 1e-3


def test_a_single_picture_is_no_rest_live_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mouth that never closes in it is open: rest is what `neutral_from_picture` makes of the face."""
    monkeypatch.setattr(neutral, "rest_from_picture", lambda canonical: REST)
    shown = tracked(REST)
    wide = replace(shown, canonical=np.where(np.arange(478)[:, None] == 14, shown.canonical + 0.3, shown.canonical))
    live, still = AutomaticNeutral(), AutomaticNeutral()
    for i in range(29):
        live.update(wide, i / FPS)
        still.update(wide, i / FPS, still=True)
    as_it_is, guessed = live.update(wide, 29 / FPS), still.update(wide, 29 / FPS, still=True)
    assert abs(as_it_is.landmarks[14, 1] - wide.canonical[14, 1]) < 0.05
    np.testing.assert_array_equal(guessed.landmarks, REST)
    assert still.confidence == 1


def test_the_past_is_thinned_but_not_forgotten() -> None:
    automatic = AutomaticNeutral()
    first = tracked(REST, (30, 0, 0))
    automatic.update(first, 0.0)
    for i in range(1, 2 * KEPT + 60):  # one face per SAMPLE_INTERVAL, with a thousandth more for rounding
        automatic._eased_at = automatic._estimated_at = (
            i * SAMPLE_INTERVAL * 1.001
        )  # no estimates: this is about memory
        automatic.update(tracked(REST), i * SAMPLE_INTERVAL * 1.001)
    assert automatic._kept[0] is first
    assert KEPT / 2 <= len(automatic._kept) <= KEPT


def test_a_clock_that_stands_still_changes_nothing() -> None:
    automatic = AutomaticNeutral()
    before = automatic.update(tracked(REST), 5.0)
    after = automatic.update(tracked(expression(REST, open=0.3)), 5.0)
    np.testing.assert_array_equal(after.landmarks, before.landmarks)
