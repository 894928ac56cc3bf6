"""What the actor does while no face is seen."""

from __future__ import annotations

import numpy as np
import pytest
from puppeteer_stage import (
    FPS,
    Stage,
    looking,
    pixels_of,
    rest_of,
    yaw_of,
)

from puppet.actor.runtime import Actor
from puppet.engine.presence import HOLD, RELAX, RETURN


def test_before_any_face_the_actor_rests(mesh: Actor) -> None:
    stage = Stage(mesh)
    for result in stage.steps(None, 1.2):
        assert result.face is None
        np.testing.assert_array_equal(pixels_of(result), rest_of(mesh))


def test_the_first_face_takes_over_at_once(mesh: Actor) -> None:
    stage = Stage(mesh)
    stage.steps(None, 1)
    assert yaw_of(stage.step(looking(20))) == pytest.approx(20, abs=1e-3)


def test_a_lost_face_is_held_then_eased_to_the_neutral_within_a_second(mesh: Actor) -> None:
    stage = Stage(mesh)
    held = stage.steps(looking(24), 0.5)[-1]
    gone = stage.steps(None, 1.0)
    holding = int(HOLD * FPS) - 1
    for result in gone[:holding]:
        np.testing.assert_array_equal(pixels_of(result), pixels_of(held))
    np.testing.assert_array_equal(pixels_of(gone[-1]), rest_of(mesh))
    yaws = np.array([24.0] + [yaw_of(result) for result in gone])
    assert yaws[-1] == 0
    assert (np.diff(yaws) <= 1e-5).all()
    # ease in and out: 3 p^2 - 2 p^3 is nowhere steeper than 1.5 in p, and p falls by one in RELAX
    assert np.abs(np.diff(yaws)).max() <= 24 * 1.5 / (RELAX * FPS) + 1e-3


def test_a_face_that_comes_back_eases_back(mesh: Actor) -> None:
    stage = Stage(mesh)
    stage.steps(looking(24), 0.5)
    stage.steps(None, 2.0)
    yaws = np.array([0.0] + [yaw_of(result) for result in stage.steps(looking(-24), 1.0)])
    assert np.abs(np.diff(yaws)).max() <= 24 * 1.5 / (RETURN * FPS) + 1e-3
    assert (np.diff(yaws) <= 1e-3).all()
    np.testing.assert_allclose(yaws[round(RETURN * FPS) + 1 :], -24, atol=1e-3)


def test_a_dropped_frame_is_no_loss(mesh: Actor) -> None:
    stage = Stage(mesh)
    stage.steps(looking(24), 0.5)
    assert yaw_of(stage.step(None)) == pytest.approx(24, abs=1e-3)
    assert yaw_of(stage.step(looking(20))) == pytest.approx(20, abs=1e-3)


def test_hold_and_relax_fit_into_the_promised_second() -> None:
    assert HOLD + RELAX < 1
