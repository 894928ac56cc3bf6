"""The latent space of an actor file: what is planted in the actor is encoded and drawn."""

from __future__ import annotations

import numpy as np
from planted_spaces import image_actor, ramp
from tiny_actor import IMAGE_SIZE, tiny_actor
from tiny_dataset import openings, write_dataset

from models.data.dataset import open_dataset
from models.latent.actor_space import ActorSpace

ROWS = np.arange(24)


def test_an_actor_file_encodes_and_draws_what_is_planted(tmp_path):
    space = ActorSpace(image_actor(tmp_path))
    with open_dataset(write_dataset(tmp_path / "d.h5", size=32)) as dataset:
        posterior = space.encode(dataset, ROWS)
        colours = dataset.images().mean((1, 2)) / 255
        assert np.allclose(posterior.mean[:, :3], colours, atol=1e-4)
        assert (posterior.logvar == 0).all()
        assert space.originals(dataset, ROWS).shape == (24, IMAGE_SIZE, IMAGE_SIZE, 3)
    points = np.array([[1, 0, 0, 9], [0.5, 0.2, 0.1, 0]], np.float32)
    assert np.abs(space.decode(points).astype(int) - [ramp(p[:3]) for p in points]).max() <= 1


def test_a_mesh_actor_is_driven_by_the_landmarks_of_the_rows(tmp_path):
    space = ActorSpace(str(tiny_actor(tmp_path / "tiny.actor")))
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        mean = space.encode(dataset, ROWS).mean
    assert np.corrcoef(mean[:, 3], openings(24))[0, 1] > 0.99
    assert np.corrcoef(mean[:, 0], np.sin(np.arange(24) * 0.4))[0, 1] > 0.99
