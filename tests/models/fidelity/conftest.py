"""A run of a tiny network."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_model
from tiny_dataset import write_dataset
from tiny_model import tiny_config

import models
from models.networks import config
from models.training.trainer import train


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_torch_thread) -> Path:
    monkeypatch.setattr(models, "ARCHITECTURES", dict(models.ARCHITECTURES))
    monkeypatch.setattr(config, "MODEL_CONFIGS", dict(config.MODEL_CONFIGS))
    tiny_model.register()
    data = write_dataset(tmp_path / "data.h5")
    train(data, tmp_path / "run", tiny_config(10), driver_spec=str(data))
    return tmp_path / "run"
