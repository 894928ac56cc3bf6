"""Frames with a turned head are in an epoch several times."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_person import ROWS, N, angles_of_frames

from models.data.dataset import Dataset
from models.networks.puppet.model import PuppetVAE
from models.networks.puppet.oversampling import TURN

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_turned_heads_are_shown_more_often(fitted: PuppetVAE, dataset: Dataset) -> None:
    shown = fitted.oversample(dataset, ROWS)
    turn = np.linalg.norm((angles_of_frames() - np.median(angles_of_frames(), 0))[:, :2], axis=1)
    np.testing.assert_array_equal(np.bincount(shown, minlength=N), 1 + (turn / TURN).astype(int))
    assert len(shown) > N
