"""Data sets and runs of version 0.1 open, load and go on as they did then (tests/support/old_files.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from old_files import THEN, Arrays, OldFiles, write_old_checkpoint, write_old_files

from models.data.dataset import open_dataset
from models.networks.config import to_json, train_config
from models.training import checkpoint
from models.training.checkpoint import EMA, MODEL, OPTIMIZER, Checkpoint, Tensors
from models.training.metrics_log import read_metrics
from models.training.run_folder import Overrides, data_facts, read_run_facts
from models.training.trainer import train
from puppet.core.errors import DataError

pytestmark = pytest.mark.usefixtures("one_torch_thread")

ARCHITECTURES = THEN["architectures"]


@pytest.fixture
def old(tmp_path: Path) -> OldFiles:
    return write_old_files(tmp_path)


def resume(old: OldFiles, steps: int) -> Checkpoint:
    return train(old.data, old.run, None, Overrides(steps=steps), device="cpu", threads=1, driver_spec=str(old.data))


def assert_same(found: Tensors, planted: Arrays) -> None:
    assert found.keys() == planted.keys()
    for name, value in found.items():
        assert value.dtype == torch.from_numpy(planted[name]).dtype, name
        np.testing.assert_array_equal(value.numpy(), planted[name], err_msg=name)


def test_an_old_data_set_is_the_one_its_run_was_started_with(old: OldFiles) -> None:
    with open_dataset(old.data) as dataset:
        assert (len(dataset), dataset.size, dataset.crop) == (8, 16, "upright")
        assert [*dataset.sources] == THEN["data.h5"]["attributes"]["sources"]
        assert dataset.report == THEN["data.h5"]["attributes"]["report"]
        assert old.fields.keys() == dataset.file.keys()
        for name, planted in old.fields.items():
            found = dataset.images() if name == "data" else getattr(dataset, name)
            assert found.dtype == planted.dtype, name
            np.testing.assert_array_equal(found, planted, err_msg=name)
        assert data_facts(dataset)["sha256"] == read_run_facts(old.run).data["sha256"]


def test_an_old_checkpoint_loads(old: OldFiles) -> None:
    model, found = checkpoint.load_model(old.run)
    then = THEN["checkpoint.json"]
    facts = (found.step, found.seconds, found.score, found.metrics)
    assert facts == tuple(then[name] for name in ("step", "seconds", "score", "metrics"))
    for part in (MODEL, OPTIMIZER, EMA):
        assert_same(found.tensors(part), old.parts[part])
    assert_same(model.state_dict(), old.parts[EMA])


def test_an_old_run_is_resumed_from_its_weights_and_its_optimiser(old: OldFiles) -> None:
    started = read_run_facts(old.run)
    again = resume(old, steps=2)  # its end: nothing is learnt, and the checkpoint is written anew
    assert again.metrics != THEN["checkpoint.json"]["metrics"]
    assert (again.step, again.config) == (2, started.config)
    for part in (MODEL, OPTIMIZER, EMA):
        assert_same(again.tensors(part), old.parts[part])


def test_an_old_run_goes_on_as_in_its_own_version(old: OldFiles) -> None:
    had, continued = THEN["metrics.jsonl"], THEN["continued.jsonl"]
    last = resume(old, steps=4)
    assert last.step == 4
    assert last.seconds > THEN["checkpoint.json"]["seconds"]
    assert to_json(last.config) == to_json(train_config({**THEN["run.json"]["config"], "steps": 4}, "then"))
    rows = read_metrics(old.run)
    assert rows[: len(had)] == had
    for now, then in zip(rows[len(had) :], continued, strict=True):
        assert now.keys() == {*then, "seconds"}
        assert (now["step"], now["kind"]) == (then["step"], then["kind"])
        for name in then.keys() - {"step", "kind"}:
            assert now[name] == pytest.approx(then[name], rel=1e-5, abs=1e-5), name


def write_checkpoint(folder: Path, architecture: str) -> Arrays:
    """A checkpoint as version 0.1 wrote it, and the weights that it shows."""
    config, layout = ARCHITECTURES[architecture]["config"], ARCHITECTURES[architecture]["tensors"]
    shown = MODEL if config["ema_decay"] is None else EMA
    facts = THEN["run.json"]["data"] | {"sha256": ""}
    return write_old_checkpoint(folder, config, facts, {MODEL: layout, shown: layout})[shown]


@pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if name != "puppet"])
def test_old_checkpoints_of_architectures_that_are_the_same_load(architecture: str, tmp_path: Path) -> None:
    weights = write_checkpoint(tmp_path, architecture)
    model, found = checkpoint.load_model(tmp_path)
    assert found.config == train_config(ARCHITECTURES[architecture]["config"], architecture)
    assert_same(model.state_dict(), weights)


def test_an_old_checkpoint_of_the_default_actor_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """It had no layers. Actors that were exported from such runs play on (tests/puppet/actor/test_card.py)."""
    write_checkpoint(tmp_path, "puppet")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match="go on with the version that trained it, or train anew"):
        checkpoint.load_model(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
