"""Random faces, walks and paths of planted latents."""

from __future__ import annotations

import numpy as np
import pytest
from planted_latents import MEAN, STD, planted_latents

from puppet.actor.expression_range import ExpressionRange
from puppet.core.types import Latent
from puppet.explore.exploration import explore
from puppet.explore.paths import LIVELY, LIVELY_LIMIT, RandomFaces, lively_target, path, walk_target


def test_random_faces_spread_as_the_footage_does_and_stay_within_it():
    random = np.random.default_rng(3)
    latents = planted_latents()
    correlated = latents.samples.copy()
    correlated[:, 1] = 0.5 * (correlated[:, 0] - MEAN[0])  # what belongs together must stay together
    latents = planted_latents(samples=correlated, axes=np.zeros((0, 6), np.float32))
    faces, expression_range = RandomFaces(latents), ExpressionRange(latents, np.ones(6, bool))
    drawn = np.array([faces.draw(random) for _ in range(2000)])
    assert np.allclose(drawn.mean(0), MEAN, atol=0.15)
    assert np.allclose(drawn.std(0), STD * [1, 1, 1, 1, 1, 1], rtol=0.25, atol=0.02)
    assert np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1] > 0.99
    assert max(expression_range.distance(Latent(face)) for face in drawn) < 1.01
    assert not np.array_equal(drawn[0], drawn[1])


def test_random_faces_of_a_file_without_samples_are_the_prior():
    latents = planted_latents(
        mean=np.zeros(6, np.float32), std=np.ones(6, np.float32), samples=np.zeros((0, 6), np.float32)
    )
    random = np.random.default_rng(3)
    drawn = np.array([RandomFaces(latents).draw(random) for _ in range(500)])
    assert np.allclose(drawn.mean(0), 0, atol=0.2)
    assert np.allclose(drawn.std(0), 1, atol=0.2)


def test_the_walk_takes_half_steps_along_one_direction_and_turns_round():
    at, random, seen = explore(planted_latents()), np.random.default_rng(1), set()
    for _ in range(400):
        target = walk_target(at, random)
        steps = {d.number: at.walk_to(target).coordinate(d.number) - at.coordinate(d.number) for d in at.directions}
        moved = [number for number, step in steps.items() if abs(step) > 1e-3]
        assert len(moved) == 1
        assert abs(steps[moved[0]]) == pytest.approx(0.5, abs=1e-3)
        seen.add(moved[0])
        at = at.walk_to(target)
        assert all(abs(at.coordinate(d.number)) < 2.01 for d in at.directions)
    assert seen == {d.number for d in at.directions}
    assert np.array_equal(at.undo().shown, MEAN)  # the whole walk is one step back


def test_a_walk_that_is_watched_moves_all_that_says_most_and_stays_near():
    at, random, moves = explore(planted_latents()), np.random.default_rng(1), []
    for _ in range(200):
        before = np.array([at.coordinate(d.number) for d in at.directions[:LIVELY]])
        at = at.walk_to(lively_target(at, random))
        after = np.array([at.coordinate(d.number) for d in at.directions[:LIVELY]])
        assert np.abs(after).max() < LIVELY_LIMIT + 0.01
        moves.append(np.linalg.norm(after - before))
    assert np.mean(moves) > 1.2  # a step of `walk_target` is 0.5 along one of them
    assert np.array_equal(at.undo().shown, MEAN)


def test_a_linear_path_is_even_and_has_both_ends():
    a, b = np.zeros(3, np.float32), np.array([1, 2, 4], np.float32)
    assert np.allclose(path(a, b, 5), np.linspace(0, 1, 5)[:, None] * b)


def test_a_spherical_path_keeps_its_distance_from_the_centre():
    latents = planted_latents()
    a, b = MEAN + 3 * STD * np.eye(6)[0], MEAN + 3 * STD * np.eye(6)[1]
    points = path(a.astype(np.float32), b.astype(np.float32), 9, True, latents)
    whitened = (points - MEAN) / STD
    assert np.allclose(np.linalg.norm(whitened, axis=1), 3, atol=1e-4)
    assert np.allclose(points[[0, -1]], [a, b], atol=1e-5)
    assert np.allclose(whitened[4, :2], 3 / np.sqrt(2), atol=1e-4)
    straight = path(a.astype(np.float32), b.astype(np.float32), 9)
    assert np.linalg.norm((straight[4] - MEAN) / STD) < 2.2  # the straight way passes nearer to the mean
    for away in (MEAN, 2 * MEAN - a):  # the centre itself, and the opposite side: no arc is defined
        away = away.astype(np.float32)
        assert np.allclose(path(a.astype(np.float32), away, 5, True, latents), path(a.astype(np.float32), away, 5))
