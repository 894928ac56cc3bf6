"""Posteriors of many rows, and statistics of the footage."""

from __future__ import annotations

import numpy as np
from planted_spaces import image_actor
from tiny_actor import tiny_latents
from tiny_dataset import write_dataset

from models.data.dataset import open_dataset
from models.latent import encoding
from models.latent.actor_space import ActorSpace


def test_latents_come_from_the_actor_file_or_are_measured(tmp_path):
    space = ActorSpace(image_actor(tmp_path))
    assert np.array_equal(encoding.latents_of(space).samples, tiny_latents(4).samples)
    data = write_dataset(tmp_path / "d.h5", size=32)
    with open_dataset(data) as dataset:
        colours = dataset.images().mean((1, 2)) / 255
    measured = encoding.latents_of(space, data)
    assert np.allclose(measured.mean[:3], colours.mean(0), atol=1e-4)
    assert np.allclose(measured.kl[:3], 0.5 * (colours**2).mean(0), atol=1e-4)
