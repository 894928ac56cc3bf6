"""Presets and configurations go through JSON; what does not fit is refused."""

from __future__ import annotations

import json

import pytest

from models.networks.config import PRESETS, TrainConfig, to_json, train_config
from puppet.core.errors import DataError


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_survive_json(preset):
    assert train_config(json.loads(json.dumps(to_json(PRESETS[preset]))), "x") == PRESETS[preset]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rat": 1.0}, "run.json: unknown setting learning_rat"),
        ({"batch_size": "8"}, "run.json: batch_size cannot be '8'"),
        ({"batch_size": True}, "run.json: batch_size cannot be True"),
        ({"schedule": "linear"}, "run.json: schedule cannot be 'linear'"),
        ({"betas": [0.9]}, r"run.json: betas cannot be \[0.9\]"),
        ({"model": {"latent": 3}}, "run.json: model: unknown setting latent"),
        ({"architecture": "gan"}, "run.json: unknown architecture 'gan'"),
    ],
)
def test_configurations_that_do_not_fit_are_refused(change, message):
    values = {**to_json(PRESETS["seed-int8"]), **change}
    with pytest.raises(DataError, match=message):
        train_config(values, "run.json")


def test_a_whole_number_is_a_float():
    values = {**to_json(PRESETS["seed-int8"]), "learning_rate": 1, "minutes": 3}
    read = train_config(values, "x")
    assert isinstance(read, TrainConfig)
    assert (read.learning_rate, read.minutes) == (1.0, 3.0)
