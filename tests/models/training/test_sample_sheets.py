"""Sample sheets show held-out frames and the driver."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import tiny_model
from tiny_dataset import write_dataset
from tiny_model import tiny_config

from models.data.dataset import open_dataset, split_blocks
from models.training.trainer import train

pytestmark = pytest.mark.usefixtures("tiny_architecture")


def test_the_sheet_shows_held_out_frames_and_the_driver(data, tmp_path):
    driver = write_dataset(tmp_path / "driver.h5", n=10, size=128, crop="steady")
    run = tmp_path / "run"
    train(data, run, tiny_config(2), driver_spec=str(driver))
    sheet = cv2.imread(str(run / "sheets" / "step-00000002.png"))
    assert sheet is not None
    cell = tiny_model.SIDE + 4
    assert sheet.shape == (2 * (2 * cell + 16), 8 * cell, 3)
    with open_dataset(data) as dataset:
        _, held = split_blocks(len(dataset), dataset.time, 0.25)
        first = dataset.images(held[:1])[0, ::8, ::8, ::-1]
    assert np.array_equal(sheet[: tiny_model.SIDE, : tiny_model.SIDE], first)
    with open_dataset(driver) as dataset:
        small = cv2.resize(dataset.image(0)[..., ::-1], (8, 8), interpolation=cv2.INTER_AREA)
    top = 2 * cell + 16
    assert np.array_equal(sheet[top : top + 8, :8], small)
