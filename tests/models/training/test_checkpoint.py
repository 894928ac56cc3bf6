"""Checkpoints: whole or absent, damaged ones passed over, foreign ones refused."""

from __future__ import annotations

import json
import shutil
import warnings

import pytest
import torch
from torch import nn

from models.networks.config import PRESETS, SeedInt8Config, to_json
from models.networks.seeds.int8 import SeedInt8
from models.training import checkpoint
from models.training.checkpoint import MODEL, OPTIMIZER, load_model, load_optimizer, optimizer_tensors
from puppet.core.errors import DataError

CONFIG = PRESETS["seed-int8"]


def write(run, step: int, score: float | None = None, weight: float | None = None):
    tensors = {"weight": torch.full((4,), float(step) if weight is None else weight)}
    return checkpoint.write(run, step, 1.5, score, CONFIG, {"frames": 9}, {"psnr": 20.0}, {MODEL: tensors})


def steps(run) -> list[int]:
    return [checkpoint.read(folder).step for folder in sorted((run / "checkpoints").iterdir())]


def test_what_is_written_is_read(tmp_path):
    written = write(tmp_path, 5, 21.0)
    found = checkpoint.find(tmp_path)
    assert found == written
    assert found is not None
    assert found.config == CONFIG
    assert found.tensors(MODEL)["weight"].tolist() == [5.0] * 4
    assert not found.has(OPTIMIZER)


def test_no_checkpoint_is_none(tmp_path):
    assert checkpoint.find(tmp_path) is None


def test_the_last_two_and_the_best_are_kept(tmp_path):
    for step, score in [(1, 10.0), (2, 30.0), (3, 20.0), (4, None), (5, 25.0)]:
        write(tmp_path, step, score)
        checkpoint.tidy(tmp_path)
    assert steps(tmp_path) == [2, 4, 5]
    best, last = checkpoint.find(tmp_path, "best"), checkpoint.find(tmp_path, "last")
    assert best is not None
    assert last is not None
    assert (best.step, last.step) == (2, 5)


@pytest.mark.parametrize("how", ["facts", "weights", "half a file"])
def test_damaged_checkpoints_never_take_the_place_of_whole_ones(tmp_path, how):
    for step in range(1, 6):
        write(tmp_path, step)
    for step in (4, 5):
        folder = tmp_path / "checkpoints" / f"step-{step:08d}"
        damaged = folder / ("checkpoint.json" if how == "facts" else "model.safetensors")
        damaged.write_bytes(b"" if how == "facts" else damaged.read_bytes()[:-3])
    checkpoint.tidy(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = checkpoint.find(tmp_path)
    assert found is not None
    assert found.step == 3
    assert sorted(folder.name[-1] for folder in (tmp_path / "checkpoints").iterdir()) == ["2", "3", "4", "5"]


def test_a_checkpoint_is_judged_later(tmp_path):
    made = write(tmp_path, 3)
    judged = checkpoint.set_score(made, 21.0, {"psnr": 21.0})
    assert checkpoint.find(tmp_path, "best") == judged
    judged.verify()


def test_a_write_that_was_killed_leaves_nothing_that_counts(tmp_path):
    write(tmp_path, 1)
    partial = tmp_path / "checkpoints" / ".partial-step-00000002"
    shutil.copytree(tmp_path / "checkpoints" / "step-00000001", partial)
    found = checkpoint.find(tmp_path)
    assert found is not None
    assert found.step == 1
    checkpoint.tidy(tmp_path)
    assert not partial.exists()


def test_a_write_that_fails_leaves_the_one_before(tmp_path, monkeypatch):
    write(tmp_path, 1)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "replace", full)
    with pytest.raises(DataError, match=r"step-00000002: the checkpoint cannot be written \(No space left"):
        write(tmp_path, 2)
    assert steps(tmp_path) == [1]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-10])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "checkpoint.json"])
@pytest.mark.parametrize("damage", [truncate, flip, lambda path: path.unlink()])
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path, name, damage):
    write(tmp_path, 1)
    path = write(tmp_path, 2).folder / name
    if damage is flip and name == "checkpoint.json":
        path.write_text(path.read_text().replace("puppet-checkpoint", "something-else"))
    else:
        damage(path)
    with pytest.warns(UserWarning, match=rf"step-00000002.*{name}.*using step-00000001 instead"):
        found = checkpoint.find(tmp_path)
    assert found is not None
    assert found.step == 1
    assert found.tensors(MODEL)["weight"].tolist() == [1.0] * 4


def test_when_all_are_damaged_the_file_is_named(tmp_path):
    truncate(write(tmp_path, 1).folder / "model.safetensors")
    with pytest.raises(
        DataError, match=r"no checkpoint of .* can be read: .*step-00000001/model\.safetensors: damaged"
    ):
        checkpoint.find(tmp_path)


def test_the_damaged_one_makes_way_when_its_step_is_reached_again(tmp_path):
    write(tmp_path, 1)
    truncate(write(tmp_path, 2, weight=7.0).folder / "model.safetensors")
    write(tmp_path, 2, weight=8.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = checkpoint.find(tmp_path)
    assert found is not None
    assert found.tensors(MODEL)["weight"].tolist() == [8.0] * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "version 99"),
        ({"format": "keras"}, "not a checkpoint of this program"),
        ({"step": "many"}, "facts are missing or wrong"),
        ({"config": {**to_json(CONFIG), "momentum": 1}}, "unknown setting momentum"),
    ],
)
def test_foreign_facts_are_refused(tmp_path, change, message):
    path = write(tmp_path, 1).folder / "checkpoint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DataError, match=message):
        checkpoint.read(path.parent)


def test_load_model_gives_the_weights_back(tmp_path):
    torch.manual_seed(1)
    model = SeedInt8(SeedInt8Config())
    checkpoint.write(tmp_path, 3, 0.0, None, CONFIG, {}, {}, {MODEL: model.state_dict()})
    loaded, facts = load_model(tmp_path)
    assert isinstance(loaded, SeedInt8)
    assert not loaded.training
    assert facts.step == 3
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in loaded.state_dict().items())


def test_load_model_refuses_what_does_not_fit(tmp_path):
    write(tmp_path, 1)
    message = r"model\.safetensors: does not fit this version's network \(.+\); .*train anew$"
    with pytest.raises(DataError, match=message):
        load_model(tmp_path)
    with pytest.raises(DataError, match="no such run folder"):
        load_model(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no checkpoint in this folder"):
        load_model(tmp_path / "empty")


def test_an_optimiser_goes_on_where_it_was(tmp_path):
    """Two more steps after a round trip land exactly where an uninterrupted optimiser lands."""

    def step(layer: nn.Linear, optimizer: torch.optim.Optimizer, x: float) -> None:
        optimizer.zero_grad()
        layer(torch.tensor([x])).square().sum().backward()
        optimizer.step()

    torch.manual_seed(0)
    layers = [nn.Linear(1, 2), nn.Linear(1, 2)]
    layers[1].load_state_dict(layers[0].state_dict())
    one, other = (torch.optim.AdamW(layer.parameters(), lr=0.1) for layer in layers)
    for x in (1.0, 2.0):
        step(layers[0], one, x)
        step(layers[1], other, x)
    fresh = torch.optim.AdamW(layers[1].parameters(), lr=0.1)
    kept = checkpoint.write(tmp_path, 1, 0.0, None, CONFIG, {}, {}, {MODEL: {}, OPTIMIZER: optimizer_tensors(other)})
    load_optimizer(fresh, kept)
    for x in (3.0, -1.0):
        step(layers[0], one, x)
        step(layers[1], fresh, x)
    assert torch.equal(layers[0].weight, layers[1].weight)
