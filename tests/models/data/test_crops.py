"""Upright crops of a data set's rows."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from tiny_dataset import turns, write_dataset

from models.data.crops import upright_crops
from models.data.dataset import open_dataset


def test_steady_pictures_are_cut_upright(tmp_path):
    """The outer eye corners land where every upright crop has them, whatever the data set's crop is."""
    path = write_dataset(tmp_path / "d.h5", n=12, size=128, crop="steady")
    with h5py.File(path, "r+") as file:
        row = int(np.abs(turns(12)).argmin())
        x, y = (round(float(v)) for v in file["points"][row, 33, :2])  # pyright: ignore
        file["data"][row, y - 1 : y + 2, x - 1 : x + 2] = (0, 255, 0)  # pyright: ignore[reportIndexIssue]
    with open_dataset(path) as dataset:
        cut = upright_crops(dataset, np.array([row]), 64)[0].astype(int)
    green = cut[..., 1] - cut[..., 0]
    y, x = np.unravel_index(green.argmax(), green.shape)
    assert x == pytest.approx(31.5 - 0.5 * 0.52 * 64, abs=1.5)  # TIGHT_EYES 0.52 apart, centred
    assert y == pytest.approx(31.5 - 0.38 * 0.52 * 64, abs=1.5)  # TIGHT_CENTRE 0.38 below the eyes
