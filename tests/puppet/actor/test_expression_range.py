"""Distances of planted latents from a planted footage."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from puppet.actor.expression_range import EASE_FROM, EASE_TO, ExpressionRange
from puppet.actor.latents import Latents
from puppet.core.types import Latent

SIZE = 6
EXPRESSION = np.array([True] * 4 + [False] * 2)  # the last two are head movement
STD = np.array([2.0, 1.0, 1.0, 0.5, 5.0, 3.0])


def footage(frames: int = 4000, seed: int = 0) -> Latents:
    """Normal, the first two dimensions correlated by 0.8; as an export measures it."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1, (frames, SIZE))
    z[:, 1] = 0.8 * z[:, 0] + 0.6 * z[:, 1]
    z = z * STD + np.arange(SIZE)
    centre = z.mean(0)
    _, spread, directions = np.linalg.svd(z - centre, full_matrices=False)
    axes = directions * (spread / np.sqrt(frames))[:, None]
    every = z[:: frames // 200]
    centre, std, axes, kl, samples = (a.astype(np.float32) for a in (centre, z.std(0), axes, np.zeros(SIZE), every))
    return Latents(centre, std, axes, kl, samples)


@pytest.fixture(scope="module")
def latents() -> Latents:
    return footage()


@pytest.fixture(scope="module")
def expression_range(latents: Latents) -> ExpressionRange:
    return ExpressionRange(latents, EXPRESSION)


def at(latents: Latents, *offset: float) -> Latent:
    values = latents.mean.copy()
    values[: len(offset)] += offset
    return Latent(values)


def test_the_edge_is_where_one_frame_in_a_hundred_lies_beyond(expression_range: ExpressionRange) -> None:
    distances = np.array([expression_range.distance(Latent(z)) for z in footage(seed=1).samples])
    assert 0 <= (distances > 1).mean() <= 0.04
    assert distances.max() < 1.5
    # half of a four-dimensional normal distribution lies within 1.83 standard deviations, 99 % within 3.64
    assert np.median(distances) == pytest.approx(1.83 / 3.64, abs=0.06)


def test_distances_know_what_goes_together_in_the_footage(latents: Latents, expression_range: ExpressionRange) -> None:
    """Two dimensions that move together: their sum is common, their difference is strange. Its Mahalanobis distance is
    3 times larger: sqrt((1 + 0.8) / (1 - 0.8))."""
    together, apart = expression_range.distance(at(latents, 2, 1)), expression_range.distance(at(latents, 2, -1))
    assert apart / together == pytest.approx(3, rel=0.1)
    assert expression_range.distance(at(latents)) == pytest.approx(0, abs=1e-6)
    assert expression_range.distance(at(latents, 4, 2)) == pytest.approx(2 * together, rel=1e-5)


def test_turning_the_head_is_not_strange(latents: Latents, expression_range: ExpressionRange) -> None:
    values = latents.mean.copy()
    values[4:] += 1000
    assert expression_range.distance(Latent(values)) == pytest.approx(0, abs=1e-6)
    values[0] += 100
    eased, _ = expression_range.ease(Latent(values))
    np.testing.assert_array_equal(eased.values[4:], values[4:])


def test_what_is_not_far_outside_stays_as_it_is(latents: Latents, expression_range: ExpressionRange) -> None:
    edge = 1 / expression_range.distance(at(latents, 1))
    latent = at(latents, (EASE_FROM - 1e-3) * edge)
    assert expression_range.ease(latent) == (latent, pytest.approx(EASE_FROM, abs=2e-3))


def test_what_is_far_outside_is_drawn_back_along_its_own_direction(
    latents: Latents, expression_range: ExpressionRange
) -> None:
    """Without a jump where it begins, always less than it was, never less than something less strange."""
    direction = np.array([1.0, -0.5, 2.0, 0.3])
    unit = expression_range.distance(at(latents, *direction))
    before = np.linspace(0, 12, 600)
    after = []
    for distance in before:
        eased, told = expression_range.ease(at(latents, *(direction * distance / unit)))
        assert told == pytest.approx(distance, abs=1e-4)
        offset = (eased.values - latents.mean)[:4]
        if distance > 0:
            np.testing.assert_allclose(
                offset / np.linalg.norm(offset), direction / np.linalg.norm(direction), atol=1e-3
            )
        after.append(expression_range.distance(eased))
    steps = np.diff(after) / np.diff(before)
    assert (steps > -1e-4).all()
    assert (steps <= 1 + 1e-3).all()
    assert np.abs(np.diff(steps)).max() < 0.05  # no kink
    assert max(after) <= EASE_TO + 1e-4
    assert np.interp(3.0, before, after) > 0.9 * 3  # three times an ordinary expression is left nearly alone


@pytest.mark.parametrize("change", ["no samples", "no axes", "a dead dimension", "nothing moves"])
def test_latents_that_say_little_are_enough(latents: Latents, change: str) -> None:
    empty = np.zeros((0, SIZE), np.float32)
    dead = np.array([1, 1, 0, 1, 1, 1], np.float32)
    little = {
        "no samples": {"samples": empty},
        "no axes": {"axes": empty},
        "a dead dimension": {"std": latents.std * dead, "axes": latents.axes * dead, "samples": latents.samples * dead},
        "nothing moves": {"std": latents.std * 0, "axes": empty, "samples": empty},
    }[change]
    expression_range = ExpressionRange(dataclasses.replace(latents, **little), EXPRESSION)
    far, farther = (expression_range.ease(at(latents, x, 0, x)) for x in (30.0, 60.0))
    assert 0 < far[1] < farther[1] < np.inf
    assert np.isfinite(farther[0].values).all()
    if change == "no samples":
        # 3.64 deviations, 0.6 of them unexplained
        assert expression_range.distance(at(latents, 7.28)) == pytest.approx(1.67, rel=0.1)


def test_an_encoder_without_any_expression_is_never_strange(latents: Latents) -> None:
    expression_range = ExpressionRange(latents, np.zeros(SIZE, bool))
    latent = at(latents, 50)
    assert expression_range.ease(latent) == (latent, 0.0)
