"""Which rows, learning rate and end a run has, and when it keeps a checkpoint."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_model import tiny_config

from models.training.schedule import checkpoint_is_due, learning_rate, rows_of_step, step_limit
from puppet.core.errors import DataError


def test_checkpoints_are_due_before_the_time_is_over():
    assert not checkpoint_is_due(50, 10, first=True)
    assert checkpoint_is_due(50, 10.1, first=True)
    assert not checkpoint_is_due(110, 10, first=False)
    assert checkpoint_is_due(110, 10.1, first=False)
    assert checkpoint_is_due(0, 500, first=False)


def test_every_epoch_shows_every_row_once_in_another_order():
    rows = np.arange(100, 112)
    epochs = [np.concatenate([rows_of_step(rows, 4, 3, step) for step in range(e * 3, e * 3 + 3)]) for e in range(3)]
    assert all(sorted(epoch) == sorted(rows) for epoch in epochs)
    assert not np.array_equal(epochs[0], epochs[1])
    assert np.array_equal(rows_of_step(rows, 4, 3, 5), rows_of_step(rows, 4, 3, 5))
    assert not np.array_equal(rows_of_step(rows, 12, 3, 0), rows_of_step(rows, 12, 4, 0))


def test_fewer_rows_than_a_batch_make_a_smaller_batch():
    assert sorted(rows_of_step(np.arange(3), 8, 0, 5)) == [0, 1, 2]


def test_learning_rate_warms_up_and_falls():
    c = tiny_config(learning_rate=1.0, warmup_steps=4)
    assert [learning_rate(c, step, 0.0) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert learning_rate(c, 100, 0.5) == pytest.approx(0.5)
    assert learning_rate(c, 100, 1.0) == pytest.approx(0.0)
    assert learning_rate(replace(c, schedule="constant"), 100, 0.9) == 1.0


def test_step_limit_is_the_first_of_steps_and_epochs():
    assert step_limit(tiny_config(None, epochs=3), 41) == 30
    assert step_limit(tiny_config(7, epochs=3), 41) == 7
    assert step_limit(tiny_config(None, minutes=1.0), 41) is None
    with pytest.raises(DataError, match="--steps or --minutes"):
        step_limit(tiny_config(None), 41)
