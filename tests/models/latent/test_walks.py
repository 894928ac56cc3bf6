"""Points in a latent space: samples, straight lines and the random walk."""

from __future__ import annotations

import numpy as np
from planted_spaces import image_actor

from models.latent import walks
from models.latent.actor_space import ActorSpace
from puppet.actor.latents import Latents


def test_the_walk_goes_straight_from_corner_to_corner():
    corners = np.array([[0, 0], [11, 0], [11, 22]], np.float32)
    points = walks.through(corners, 11)
    assert len(points) == 2 * 11 + 1
    assert np.allclose(points[:12], [(i, 0) for i in range(12)])
    assert np.allclose(points[11:], [(11, 2 * i) for i in range(12)])


def test_the_random_walk_moves_one_useful_dimension_at_a_time_by_half_a_deviation():
    kl = np.array([3, 0.001, 3, 0.002, 0.001, 0.001, 0.001, 0.001], np.float32)
    std = np.array([2, 9, 4, 9, 9, 9, 9, 9], np.float32)
    latents = Latents(np.ones(8, np.float32), std, np.zeros((0, 8), np.float32), kl, np.zeros((0, 8), np.float32))
    points = walks.random_walk(latents, 12 * walks.WALK_PICTURES + 1, seed=1)
    assert np.array_equal(points[0], latents.mean)
    steps = np.diff(points[:: walks.WALK_PICTURES], axis=0)
    assert ((np.abs(steps) > 1e-6).sum(1) == 1).all()
    assert set(np.flatnonzero(np.abs(steps).max(0) > 1e-6)) == {0, 2}
    assert np.allclose(np.abs(steps).max(1)[steps[:, 0] != 0], 1.0)
    assert np.allclose(np.abs(steps).max(1)[steps[:, 2] != 0], 2.0)


def test_points_come_from_the_prior_or_as_the_footage_spreads(tmp_path):
    space = ActorSpace(image_actor(tmp_path))
    prior = walks.draw_points(space, 4000, seed=3)
    assert np.allclose(prior.mean(0), 0, atol=0.06)
    assert np.allclose(prior.std(0), 1, atol=0.05)
    samples = np.random.default_rng(0).normal(5, 0.1, (200, 4)).astype(np.float32)
    centre = samples.mean(0)
    footage = Latents(centre, samples.std(0), np.zeros((0, 4), np.float32), np.ones(4, np.float32), samples)
    drawn = walks.draw_points(space, 50, seed=3, footage=footage)
    assert np.abs(drawn - 5).max() < 1
