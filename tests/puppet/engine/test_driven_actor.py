"""A face drives a tiny actor: pose, gains, smoothing, and what its footage never showed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny_actor
from planted_face import tracked
from planted_tracker import UPRIGHT
from puppeteer_stage import (
    HEIGHT,
    SIDE,
    WIDTH,
    Stage,
    looking,
    pixels_of,
    yaw_of,
)

from puppet.actor.runtime import Actor
from puppet.face.retarget import Gains, Retargeter


def test_the_planted_yaw_and_mouth_reach_the_latent(mesh: Actor) -> None:
    stage = Stage(mesh)
    rest = stage.step(None).latent
    result = stage.step(looking(15, opening=0.1))
    assert rest is not None
    assert result.latent is not None
    np.testing.assert_allclose(result.latent.values - rest.values, [0.5, 0, 0, 1, 0, 0, 0, 0], atol=1e-4)
    assert pixels_of(result).shape == (SIDE, SIDE, 3)
    assert result.face is stage.tracker.face
    assert result.crop is None


def test_a_head_that_moves_and_comes_nearer_reaches_the_latent(mesh: Actor) -> None:
    face = tracked(tiny_actor.neutral(), (0, 0, 0), scale=33, middle=(80 + 0.3 * 30, 40 - 0.1 * 30))
    for pose_gain in (1.0, 0.5):
        stage = Stage(mesh, pose_gain=pose_gain)
        rest, latent = stage.step(None).latent, stage.step(face).latent
        assert rest is not None
        assert latent is not None
        moved = np.array([0, 0, 0, 0, 0.3, -0.1, np.log(1.1), 0]) * pose_gain
        np.testing.assert_allclose(latent.values - rest.values, moved, atol=1e-3)


def test_smoothing_calms_the_heads_place_and_lets_it_move(mesh: Actor) -> None:
    """A tracker that trembles by 2 % of an eye distance; then a head that moves by half of one in 0.1 s."""
    rng = np.random.default_rng(0)
    at = np.concatenate([rng.normal(0, 0.02, 60), np.linspace(0, 0.5, 4), np.full(5, 0.5)])
    places = {}
    for strength in (0.0, 0.5):
        stage = Stage(mesh, smoothing=strength)
        results = [stage.step(tracked(tiny_actor.neutral(), (0, 0, 0), 30, (80 + 30 * x, 40))) for x in at]
        places[strength] = np.array([result.latent.values[4] for result in results if result.latent is not None])
    np.testing.assert_allclose(places[0.0], at, atol=1e-3)
    trembling = {strength: np.abs(np.diff(place[20:60])).mean() for strength, place in places.items()}
    assert trembling[0.5] < 0.75 * trembling[0.0]
    assert places[0.5][-1] == pytest.approx(0.5, abs=0.02)
    assert places[0.5][-6] > 0.4  # where the movement ends: within a frame of it


def test_gains(mesh: Actor) -> None:
    stage = Stage(mesh, pose_gain=0.5, expression_gain=2.0)
    rest = stage.step(None).latent
    latent = stage.step(looking(20, opening=0.05)).latent
    assert rest is not None
    assert latent is not None
    np.testing.assert_allclose((latent.values - rest.values)[[0, 3]], [10 / 30, 1], atol=1e-4)


def test_regions_gains_reach_the_retargeter(mesh: Actor) -> None:
    """The tiny actor's points lie in no order: every region has a say in its mouth; how much, the retargeter knows."""
    face = looking(0, opening=0.05)
    for gains in ({"mouth_gain": 2.0, "expression_gain": 0.75}, {"eyes_gain": 0.0}, {"brows_gain": 0.0}):
        stage = Stage(mesh)
        stage.puppeteer.options = replace(stage.puppeteer.options, **gains)
        chosen = Gains(*(gains.get(f"{name}_gain", 1.0) for name in ("expression", "eyes", "mouth", "brows")))
        expected, _ = Retargeter(mesh.neutral).drive(face, UPRIGHT, chosen)
        opening = 10 * (expected[tiny_actor.LOWER_LIP, 1] - expected[tiny_actor.UPPER_LIP, 1])
        latent = stage.step(face).latent
        assert latent is not None
        assert latent.values[3] == pytest.approx(opening, abs=1e-4)
        assert abs(opening - 0.7) > 0.02  # 0.2 at rest and 0.5 opened: the gain does something


def test_smoothing_lags_and_options_can_change_while_it_runs(mesh: Actor) -> None:
    lags = {}
    for strength in (0.0, 0.5, 1.0):
        stage = Stage(mesh, smoothing=strength)
        stage.steps(looking(0), 0.5)
        lags[strength] = 20 - yaw_of(stage.step(looking(20)))
        assert 20 - yaw_of(stage.steps(looking(20), 3)[-1]) == pytest.approx(0, abs=0.5)
    assert lags[0.0] == pytest.approx(0, abs=1e-3)
    assert lags[0.0] < lags[0.5] < lags[1.0]

    stage = Stage(mesh, smoothing=1.0)
    stage.steps(looking(0), 0.5)
    assert yaw_of(stage.step(looking(20))) < 19  # it does lag, so that the next line can tell
    stage.puppeteer.options = replace(stage.puppeteer.options, smoothing=0.0)
    assert yaw_of(stage.step(looking(20))) == pytest.approx(20, abs=1e-3)


def test_what_is_outside_the_actors_domain_is_told_and_eased(mesh: Actor) -> None:
    """The tiny actor's footage opens the mouth by 0.1 at most, a latent of 1; turning the head is no matter."""
    stage = Stage(mesh)
    assert stage.step(None).out_of_domain is None
    plain, wide, absurd = (stage.step(looking(40, opening=x)) for x in (0.05, 0.2, 2.0))
    assert plain.out_of_domain is not None
    assert wide.out_of_domain is not None
    assert absurd.out_of_domain is not None
    assert plain.out_of_domain < 1 < wide.out_of_domain < 2 < absurd.out_of_domain
    mouths = [float(result.latent.values[3]) for result in (plain, wide, absurd) if result.latent is not None]
    np.testing.assert_allclose(mouths[:2], [0.7, 2.2], atol=1e-3)  # 0.2 at rest; what is a little strange stays
    assert mouths[1] < mouths[2] < 10  # 20 were asked for
    assert yaw_of(absurd) == pytest.approx(40, abs=1e-3)
    assert stage.step(None).out_of_domain is None
    assert Stage(None).step(looking(0)).out_of_domain is None


def test_easing_is_continuous_in_time(mesh: Actor) -> None:
    """A mouth that opens steadily never goes back and never speeds up."""
    stage = Stage(mesh)
    results = [stage.step(looking(0, opening=x)) for x in np.arange(0, 2, 0.02)]
    mouths = np.array([result.latent.values[3] for result in results if result.latent is not None])
    steps = np.diff(mouths)
    assert (steps > -1e-4).all()
    assert (steps < 0.2 + 1e-3).all()
    assert np.abs(np.diff(steps)).max() < 0.03


def test_an_actor_that_sees_pixels_has_a_domain_too(image: Actor) -> None:
    grey, white = (np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (0, 255))
    stage = Stage(image)
    near, far = (stage.step(looking(0), picture).out_of_domain for picture in (grey, white))
    assert near is not None
    assert far is not None
    assert near == pytest.approx(0, abs=1e-3)  # its footage's mean is black
    assert far > 0.5
