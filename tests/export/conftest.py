"""A run to export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of the real pixel baseline, not trained, with its data set beside it."""
    import torch  # here, since the tests of morphing_faces run without it
    from tiny_dataset import write_dataset

    import models
    from models.data.dataset import open_dataset
    from models.networks.config import PRESETS
    from models.training import checkpoint
    from models.training.run_folder import data_facts

    data, run = write_dataset(tmp_path / "data.h5"), tmp_path / "run"
    torch.manual_seed(0)
    config = PRESETS["seed-int8"]
    model = models.build(config)
    with open_dataset(data) as dataset:
        model.fit_statistics(dataset, np.arange(len(dataset)))
        facts = data_facts(dataset)
    checkpoint.write(run, 12, 34.5, 20.0, config, facts, {"psnr": 20.0}, {"model": model.state_dict()})
    return run
