"""The report's sections with pictures."""

from __future__ import annotations

import pytest
from planted_spaces import PlantedSpace
from tiny_dataset import write_dataset

from models.data.dataset import open_dataset
from models.latent.analysis import views
from models.latent.analysis.study import study_space

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_the_lesson_an_autoencoders_empty_middle_is_told_from_a_vae(tmp_path):
    """The planted autoencoder puts its codes far out and draws black near 0, where N(0, 1) lies."""
    vae, ae = PlantedSpace("vae", 1.0), PlantedSpace("ae", 40.0, hole=4.0)
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        told = views.against(*(study_space(space, dataset, 24, seed=0) for space in (vae, ae)))
    found = told.figures["spaces"]
    assert found["ae"]["likeness_of_noise_alone"] < 10 < 25 < found["vae"]["likeness_of_noise_alone"]
    assert found["ae"]["likeness_with_noise_as_wide"] > 20  # scattered as its codes are, it stays out of the middle
    assert found["ae"]["spread_of_codes"] > 20 > 2 > found["vae"]["spread_of_codes"]
    assert "vae is the one to draw from" in told.body
