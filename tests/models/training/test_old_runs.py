"""Data sets and runs of version 0.1 open, load and go on as they did then (tests/data/version_0.1.zip)."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

import models
from models.data.dataset import open_dataset
from models.networks.config import train_config
from models.training import checkpoint
from models.training.checkpoint import EMA, MODEL, OPTIMIZER, check_tensors
from models.training.metrics_log import read_metrics
from models.training.run_folder import Overrides, data_facts, read_run_facts
from models.training.trainer import train

pytestmark = pytest.mark.usefixtures("one_torch_thread")

OLD = Path(__file__).resolve().parents[2] / "data" / "version_0.1.zip"
with zipfile.ZipFile(OLD) as _file:
    ARCHITECTURES = json.loads(_file.read("architectures.json"))
    CONTINUED = [json.loads(line) for line in _file.read("continued.jsonl").splitlines()]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with zipfile.ZipFile(OLD) as file:
        file.extractall(tmp_path)
    return tmp_path


def test_an_old_data_set_is_the_one_its_run_was_started_with(old: Path) -> None:
    with open_dataset(old / "data.h5") as dataset:
        assert (len(dataset), dataset.size, dataset.crop) == (8, 16, "upright")
        assert dataset.images().std() > 0
        assert data_facts(dataset)["sha256"] == read_run_facts(old / "run").data["sha256"]


def test_an_old_checkpoint_loads(old: Path) -> None:
    model, found = checkpoint.load_model(old / "run")
    assert found.step == 2
    assert all(found.has(part) for part in (MODEL, OPTIMIZER, EMA))
    averaged = found.tensors(EMA)
    assert all(torch.equal(value, averaged[name]) for name, value in model.state_dict().items())


def test_an_old_run_is_resumed_as_its_own_version_would(old: Path) -> None:
    data, run = old / "data.h5", old / "run"
    last = train(data, run, None, Overrides(steps=4), device="cpu", threads=1, driver_spec=str(data))
    assert last.step == 4
    rows = read_metrics(run)
    assert [(row["step"], row["kind"]) for row in rows] == [(row["step"], row["kind"]) for row in CONTINUED]
    for now, then in zip(rows, CONTINUED, strict=True):
        for name in ("terms", "metrics"):
            assert now.get(name) == pytest.approx(then[name], abs=1e-3) if name in then else name not in now


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_checkpoints_of_every_architecture_have_the_tensors_that_they_had(architecture: str) -> None:
    old = ARCHITECTURES[architecture]
    model = models.build(train_config(old["config"], architecture))
    content = save(model.state_dict())
    check_tensors(content)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert {name: [t["dtype"], t["shape"]] for name, t in header.items()} == old["tensors"]
