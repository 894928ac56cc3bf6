"""Whatever lies in the files of a run: what it says, or a DataError of one line."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_dataset import write_dataset
from tiny_model import register, tiny_config
from torch import nn

import export.__main__
import models.__main__
from models.networks.config import PRESETS, to_json, train_config
from models.training import checkpoint
from models.training.checkpoint import (
    EMA,
    MODEL,
    OPTIMIZER,
    check_tensors,
    load_average,
    load_optimizer,
    optimizer_tensors,
)
from models.training.metrics_log import MetricsLog, read_metrics
from models.training.run_folder import read_run_facts
from models.training.trainer import train
from puppet.core.errors import DataError
from puppet.core.texts import is_plain

pytestmark = pytest.mark.usefixtures("one_torch_thread")


CONFIG = PRESETS["seed-int8"]


def a_checkpoint(run: Path, **facts: Any) -> Path:
    made = checkpoint.write(run, 3, 1.5, None, CONFIG, {"frames": 9}, {"psnr": 20.0}, {MODEL: {"w": torch.ones(4)}})
    file = made.folder / "checkpoint.json"
    text = json.dumps({**json.loads(file.read_text()), **facts})
    file.write_text(text.replace('"HUGE"', "9" * 400))
    return made.folder


HOSTILE_FACTS: list[dict[str, Any]] = [
    *({"step": value} for value in (1e30, 3.0, "HUGE", -1, True, "3", None, [], 10**12)),
    *({"seconds": value} for value in ("1", None, -1.0, 1e300, float("nan"), float("inf"), True)),
    *({"score": value} for value in ("1", [], True, 1e300)),
    *({"metrics": value} for value in ([], {"a": "b"}, {"a\x1b": 1.0}, None)),
    *({"data": value} for value in ([], None, {"file": 3}, {"file": "\0"}, {"one_sided": "\x1b"})),
    *({"data": value} for value in ({"x": 1e30}, {"x": "\x1b"})),
    *({"sha256": value} for value in ([], {}, {"../../x.safetensors": "0"}, {"model.safetensors": 3}, None)),
    *({"config": value} for value in (None, [], {"architecture": []}, {"architecture": "\x1b"})),
    *({"config": {**to_json(CONFIG), key: value}} for key, value in (
        ("batch_size", 0), ("batch_size", 10**9), ("steps", -1), ("learning_rate", 1e300), ("betas", [2, 0]),
        ("eps", -1), ("model", []),
        ("log_every", 0), ("seed", -1), ("held_out", 7), ("ema_decay", 2.0), ("warmup_steps", True), ("minutes", "NaN"),
        ("model", {"latent_size": 10**9}), ("model", {"latent_size": 0}), ("model", {"latent_size": True}),
    )),
]  # fmt: skip


@pytest.mark.parametrize("facts", HOSTILE_FACTS, ids=lambda facts: next(iter(facts)))
def test_hostile_facts_of_a_checkpoint_are_refused(tmp_path: Path, facts: dict[str, Any]) -> None:
    assert checkpoint.read(a_checkpoint(tmp_path / "good")).step == 3
    folder = a_checkpoint(tmp_path / "run", **facts)
    with pytest.raises(DataError) as error:
        checkpoint.read(folder)
    assert is_plain(str(error.value))
    assert len(str(error.value)) < 500
    with pytest.raises(DataError, match="no checkpoint of .* can be read"):
        checkpoint.find(tmp_path / "run")


def test_a_score_that_is_no_number_counts_as_none(tmp_path: Path) -> None:
    assert checkpoint.read(a_checkpoint(tmp_path, score=float("nan"), metrics={"psnr": float("nan")})).score is None


@pytest.mark.parametrize(
    ("architecture", "model"),
    [
        ("puppet", {"painted_size": 321}),
        ("puppet", {"channels": []}),
        ("puppet", {"channels": [1024] * 9}),
        ("puppet", {"channels": [-1]}),
        ("puppet", {"image_size": 10**6}),
        ("seed-mlp", {"hidden": 10**6}),
    ],
)
def test_sizes_of_no_network_are_refused(architecture: str, model: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        models.build(train_config({"architecture": architecture, "model": model}, "x"))


def safetensors(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def described(dtype: Any = "F32", shape: Any = (1,), place: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(place)}


BAD_TENSORS = {
    "nothing": b"",
    "no header": struct.pack("<Q", 1 << 60),
    "a header that is cut": struct.pack("<Q", 100) + b"{}",
    "no JSON": safetensors(b"{nope"),
    "a list": safetensors([]),
    "deep": safetensors(b"[" * 100_000),
    "a name twice": safetensors(b'{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":3}', bytes(4)),
    "a name with controls": safetensors({"\x1b": described()}, bytes(4)),
    "dtype": safetensors({"a": described("X9")}, bytes(4)),
    "dtype that is a list": safetensors({"a": described([])}, bytes(4)),
    "shape": safetensors({"a": described(shape=(2,))}, bytes(4)),
    "negative": safetensors({"a": described(shape=(-1, -1))}, bytes(4)),
    "truth value": safetensors({"a": described(shape=(True,))}, bytes(4)),
    "large": safetensors({"a": described(shape=(1 << 62, 4))}, bytes(4)),
    "many sides": safetensors({"a": described(shape=(1,) * 100)}, bytes(4)),
    "beyond the end": safetensors({"a": described(place=(4, 8))}, bytes(4)),
    "overlap": safetensors({"a": described(), "b": described()}, bytes(4)),
    "a gap": safetensors({"a": described(), "b": described(place=(8, 12))}, bytes(12)),
    "a rest": safetensors({"a": described()}, bytes(5)),
    "more facts": safetensors({"a": {**described(), "x": 1}}, bytes(4)),
    "about": safetensors({"__metadata__": {"a": 1}}),
}


@pytest.mark.parametrize("content", BAD_TENSORS.values(), ids=BAD_TENSORS)
def test_tensors_that_are_none_are_a_data_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_tensors(content)
    digest = hashlib.sha256(content).hexdigest()
    folder = a_checkpoint(tmp_path, sha256={"model.safetensors": digest})
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError, match="not a safetensors file") as error:
        checkpoint.read(folder).verify()
    assert is_plain(str(error.value))


def kept(run: Path, **parts: dict[str, torch.Tensor]) -> checkpoint.Checkpoint:
    return checkpoint.write(run, 1, 0.0, None, CONFIG, {}, {}, {MODEL: {}, **parts})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("x", torch.zeros(())),
            ("9.step", torch.zeros(())),
            ("-1.step", torch.zeros(())),
            ("0.more", torch.zeros(())),
        ),
        *(("0.exp_avg", torch.zeros(7)), ("0.step", torch.tensor(-1.0)), ("0.step", torch.tensor(1e30))),
        *(("0.exp_avg", torch.full((2, 1), float("nan"))), ("1.exp_avg", torch.zeros(2)), ("²0.step", torch.zeros(()))),
    ],
)
def test_a_hostile_optimiser_is_refused(tmp_path: Path, name: str, value: torch.Tensor) -> None:
    layer = nn.Linear(1, 2)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1)
    layer(torch.ones(1)).sum().backward()
    optimizer.step()
    good = optimizer_tensors(optimizer)
    load_optimizer(optimizer, kept(tmp_path / "good", **{OPTIMIZER: good}))
    bad = {key: tensor for key, tensor in good.items() if not (name == "1.exp_avg" and key.startswith("1."))}
    with pytest.raises(DataError, match="train anew"):
        load_optimizer(optimizer, kept(tmp_path / "bad", **{OPTIMIZER: {**bad, name: value}}))


@pytest.mark.parametrize(
    "tensors", [{}, {"w": torch.zeros(3)}, {"w": torch.full((2,), float("inf"))}, {"v": torch.zeros(2)}]
)
def test_a_hostile_average_is_refused(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    average = {"w": torch.zeros(2)}
    load_average(average, kept(tmp_path / "good", **{EMA: {"w": torch.ones(2)}}))
    with pytest.raises(DataError, match="train anew"):
        load_average(average, kept(tmp_path / "bad", **{EMA: tensors}))
    assert average["w"].tolist() == [1.0, 1.0]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two steps of a tiny network."""
    register()
    data = write_dataset(tmp_path / "d.h5", n=12, size=32)
    train(data, tmp_path / "run", tiny_config(2), driver_spec=str(data), device="cpu")
    return tmp_path / "run"


def test_weights_that_are_no_numbers_are_refused(run: Path, capsys, tmp_path: Path) -> None:
    found = checkpoint.find(run)
    assert found is not None
    for name in (MODEL, EMA):
        tensors = {
            k: torch.full_like(v, float("nan")) if v.is_floating_point() else v for k, v in found.tensors(name).items()
        }
        checkpoint.write(run, 9, 1.0, None, found.config, found.data, {}, {MODEL: tensors, EMA: tensors})
    out = tmp_path / "x.actor"
    assert export.__main__.main([str(run), "-o", str(out), "--consent", "yes", "--checkpoint", "last"]) == 2
    assert "not finite" in capsys.readouterr().err
    assert not out.exists()


HOSTILE_RUNS = [
    *("[]", "3", "{", '{"config": 3, "data": {}}', '{"data": {}}', "[" * 100_000, '{"config": {}, "data": 1e999}'),
    *("\ud800".encode("utf-8", "surrogatepass"), json.dumps({"config": to_json(CONFIG), "data": {"sha256": 3}})),
    json.dumps({"config": {**to_json(CONFIG), "steps": 1e30}, "data": {}}),
    json.dumps({"config": {**to_json(CONFIG), "a\x1b[2J": 1}, "data": {}}),
]


@pytest.mark.parametrize("content", HOSTILE_RUNS)
def test_hostile_run_facts_are_refused(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / "run.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as error:
        read_run_facts(tmp_path)
    assert is_plain(str(error.value))


@pytest.mark.parametrize(
    "row",
    ["\x00\xff", "[" * 50_000, '{"step": "x"}', '{"step": 1e999}', '{"step": true}', "{}", '{"step": 1, "step": 2}'],
)
def test_rows_that_are_none_are_left_out_of_metrics(tmp_path: Path, row: str) -> None:
    (tmp_path / "metrics.jsonl").write_text(f'{{"step": 1, "loss": NaN}}\n{row}\n{{"step": 9}}\n', encoding="latin-1")
    assert [found["step"] for found in read_metrics(tmp_path)] == [1, 9]
    MetricsLog(tmp_path, 5).close()
    assert [found["step"] for found in read_metrics(tmp_path)] == [1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_in_a_run_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    os.mkfifo(tmp_path / "metrics.jsonl")
    folder = a_checkpoint(tmp_path)
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")
    for attempt in (
        lambda: read_run_facts(tmp_path),
        lambda: MetricsLog(tmp_path, 5),
        lambda: checkpoint.read(folder).verify(),
    ):
        with pytest.raises(DataError, match="no ordinary file"):
            attempt()
