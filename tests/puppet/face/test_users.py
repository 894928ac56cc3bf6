"""Another face in front of the camera is noticed, and somebody who was there before is known again."""

from __future__ import annotations

import numpy as np
import pytest
from planted_face import rest_face, tracked

from puppet.core.types import Floats
from puppet.face.identity import CONTRASTS, SHAPE_LANDMARKS
from puppet.face.neutral import SAMPLE_INTERVAL, infer_with_confidence, neutral_from_face
from puppet.face.users import KnownUsers

ME, MY_FACE = 0.0, tracked(rest_face())
YOU, YOUR_FACE = 0.7, tracked(rest_face(mouth=1.2))
MINE = neutral_from_face(MY_FACE)


def looks(who: float, seed: int) -> Floats:
    """What `identity_descriptor` would give: everybody differs by as much along the shape, with some trembling."""
    shape = who + np.random.default_rng(seed).normal(0, 0.05, 3 * len(SHAPE_LANDMARKS))
    return np.concatenate([shape, np.zeros(3 * len(CONTRASTS) + 2)]).astype(np.float32)


class Stage:
    def __init__(self) -> None:
        self.users, self.at, self.scene = KnownUsers(), 0.0, 0

    def shows(self, who: float, seconds: float) -> float | None:
        """Seconds after which another face was noticed; None when none was."""
        face, noticed = (MY_FACE if who == ME else YOUR_FACE), None
        for k in range(round(seconds / SAMPLE_INTERVAL)):
            self.at += SAMPLE_INTERVAL
            if self.users.update(looks(who, k), self.at, self.scene):
                noticed = k * SAMPLE_INTERVAL
            self.users.neutral_for(face, self.at)
        return noticed


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_another_face_after_a_loss_is_noticed_and_learned_anew(stage: Stage) -> None:
    stage.shows(ME, 10)
    learned = stage.users.confidence
    stage.at += 2
    noticed = stage.shows(YOU, 4)
    assert noticed is not None
    assert noticed < 2.5
    assert stage.users.confidence < learned or learned == 0
    wanted = infer_with_confidence([YOUR_FACE] * 5)[0].landmarks
    np.testing.assert_allclose(stage.users.neutral_for(YOUR_FACE, stage.at).landmarks, wanted, atol=2e-3)


def test_another_face_is_noticed_without_a_loss(stage: Stage) -> None:
    stage.shows(ME, 12)
    assert stage.shows(YOU, 9) is not None


def test_the_same_face_is_not_another_one_after_a_loss(stage: Stage) -> None:
    stage.shows(ME, 10)
    for _ in range(4):
        stage.at += 2
        assert stage.shows(ME, 5) is None


def test_a_captured_neutral_belongs_to_its_user_and_waits_for_them(stage: Stage) -> None:
    stage.shows(ME, 6)
    stage.users.captured = MINE
    stage.at += 2
    stage.shows(YOU, 5)
    assert stage.users.captured is None
    stage.at += 2
    stage.shows(ME, 5)
    assert stage.users.captured is MINE
    assert stage.users.neutral_for(MY_FACE, stage.at) is MINE


def test_in_another_picture_a_captured_neutral_keeps_its_face_and_learns_how_the_head_is_held(stage: Stage) -> None:
    stage.shows(ME, 6)
    stage.users.captured = MINE
    stage.scene = 1
    assert stage.shows(ME, 5) is None
    nearer = tracked(rest_face(), scale=2 * MINE.pose.scale)
    neutral = stage.users.neutral_for(nearer, stage.at)
    np.testing.assert_array_equal(neutral.landmarks, MINE.landmarks)
    assert neutral is not MINE
    stage.scene = 0
    stage.shows(ME, 1)
    assert stage.users.neutral_for(MY_FACE, stage.at) is MINE
