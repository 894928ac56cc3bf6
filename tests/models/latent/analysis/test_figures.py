"""Figures of a latent space: what is planted in arrays is found."""

from __future__ import annotations

import numpy as np
import pytest

from models.latent.analysis import figures
from models.latent.space import Posterior


def planted_posterior(frames: int = 4000) -> Posterior:
    """Dimension 0 says most, 2 less, 1 and 3 are dead: their posterior is the prior."""
    random = np.random.default_rng(0)
    mean, logvar = np.zeros((frames, 4)), np.zeros((frames, 4))
    for dimension, width in ((0, 0.1), (2, 0.5)):
        mean[:, dimension] = random.normal(0, np.sqrt(1 - width**2), frames)
        logvar[:, dimension] = 2 * np.log(width)
    return Posterior(mean.astype(np.float32), logvar.astype(np.float32))


def test_planted_dead_dimensions_rank_last_and_are_not_active():
    found = figures.units(planted_posterior())
    assert found.ranked[:2].tolist() == [0, 2]
    assert found.active.tolist() == [True, False, True, False]
    assert found.kl[[1, 3]] == pytest.approx([0, 0], abs=1e-6)
    assert found.kl[0] == pytest.approx(-np.log(0.1), abs=0.05)  # N(0, 1) as a whole: the KL is all information
    assert found.useful.tolist() == [0]
    assert found.shown.tolist() == [0, 2, 1, 3]  # one useful dimension is too few to show


def test_the_aggregate_of_a_perfect_posterior_is_the_prior():
    posterior, edges = planted_posterior(20000), np.linspace(-3, 3, 13)
    middle = (edges[1:] + edges[:-1]) / 2
    normal = np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi)
    for dimension in range(4):
        density = figures.aggregate_density(posterior.mean[:, dimension], posterior.logvar[:, dimension], edges)
        assert density == pytest.approx(normal, abs=0.02)


def test_pca_finds_the_planted_axes_and_tsne_keeps_groups_apart():
    random = np.random.default_rng(1)
    group = np.repeat([0, 1, 2], 20)
    points = random.normal(0, 0.1, (60, 6)) + np.eye(6)[group] * 5
    flat, shares = figures.pca(points)
    assert shares[:2].sum() > 0.95
    assert shares[0] >= shares[1] >= shares[2]
    for places in (flat, figures.tsne(points.astype(np.float32), seed=0)):
        centres = np.stack([places[group == g].mean(0) for g in range(3)])
        nearest = np.linalg.norm(places[:, None] - centres[None], axis=2).argmin(1)
        assert np.array_equal(nearest, group)


def test_thumbnails_are_one_a_cell_and_in_its_middle():
    places = np.array([[0, 0], [0.5, 0.5], [1, 1], [10, 10], [8.5, 8.4], [9.4, 9.5]], float)
    assert figures.one_per_cell(places, 10).tolist() == [1, 2, 4, 5]


def test_likeness_knows_a_real_picture_again():
    real = np.random.default_rng(2).integers(0, 255, (5, 32, 32, 3)).astype(np.uint8)
    made = np.stack([real[3], 255 - real[0]])
    assert figures.likeness(made, real)[0] == pytest.approx(100)
    assert figures.likeness(made, real)[1] < 12
    assert figures.psnr(np.full((1, 8, 8, 3), 100, np.uint8), np.full((1, 8, 8, 3), 110, np.uint8)) == pytest.approx(
        20 * np.log10(255 / 10)
    )
