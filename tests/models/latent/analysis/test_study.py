"""A space and a data set, encoded once for all sections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted_spaces import PlantedSpace
from tiny_actor import tiny_actor
from tiny_dataset import write_dataset

from models.data.dataset import open_dataset
from models.latent.actor_space import ActorSpace
from models.latent.analysis.study import study_space
from models.latent.space import TrainingData
from models.training.run_folder import data_facts

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_held_out_frames_are_known_only_for_the_data_set_of_the_run(tmp_path):
    space = PlantedSpace("s", 1.0)
    with open_dataset(write_dataset(tmp_path / "d.h5", n=40)) as dataset:
        facts = data_facts(dataset)
        space.training = TrainingData(tmp_path / "d.h5", facts["sha256"], 0.25)
        known = study_space(space, dataset, 40, seed=0)
        assert known.unseen
        assert np.array_equal(np.flatnonzero(known.held_out), dataset.split(0.25)[1])
        space.training = replace(space.training, sha256="another")
        assert not study_space(space, dataset, 40, seed=0).unseen


def test_a_mesh_actor_is_studied_by_its_landmarks(tmp_path):
    space = ActorSpace(str(tiny_actor(tmp_path / "tiny.actor")))
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        looked_at = study_space(space, dataset, 24, seed=0)
    assert looked_at.mean.shape == (24, 8)
    assert looked_at.units.active[[0, 3]].all()  # yaw and mouth move, the last latent never does
    assert not looked_at.units.active[7]
    assert looked_at.pictures.shape[1:] == (64, 64, 3)
