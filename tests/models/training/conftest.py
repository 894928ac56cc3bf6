"""The tiny architecture, known to the trainer, and a small data set."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_model
from tiny_dataset import write_dataset

import models
from models.networks import config


@pytest.fixture
def tiny_architecture(monkeypatch: pytest.MonkeyPatch, one_torch_thread: None) -> None:
    monkeypatch.setattr(models, "ARCHITECTURES", dict(models.ARCHITECTURES))
    monkeypatch.setattr(config, "MODEL_CONFIGS", dict(config.MODEL_CONFIGS))
    tiny_model.register()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data.h5")
