"""Whatever lies in a file that the training tools read: what it says, or a DataError of one line."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from planted_judge import Bench
from tiny_dataset import write_dataset
from tiny_model import register, tiny_config
from torch import nn

import export.__main__
import models.__main__
from models.assets.synthetic_clips import read_person
from models.data.dataset import open_dataset
from models.data.hdf5 import open_hdf5
from models.data.labels import read_labels, read_partition
from models.fidelity import cache
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
SECRET = b"what lies in another file " * 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "d.h5", n=12, size=32)


def refused(path: Path, words: str) -> None:
    with pytest.raises(DataError, match=words) as error:
        open_dataset(path)
    assert is_plain(str(error.value))


# --- HDF5 ---

Change = Callable[[Any, Path], object]


def external(file: h5py.File, folder: Path) -> None:
    (folder / "secret").write_bytes(SECRET)
    del file["time"]
    file.create_dataset("time", (12,), "f8", external=[(str(folder / "secret"), 0, 96)])


def virtual(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["time"] = np.arange(12.0)
    layout = h5py.VirtualLayout((12,), "f8")
    layout[:] = h5py.VirtualSource(folder / "other.h5", "time", (12,))
    del file["time"]
    file.create_virtual_dataset("time", layout)


def external_link(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["time"] = np.arange(12.0)
    del file["time"]
    file["time"] = h5py.ExternalLink(str(folder / "other.h5"), "time")


def soft_link(file: h5py.File, _: Path) -> None:
    file.move("time", "elsewhere")
    file["time"] = h5py.SoftLink("/elsewhere")


def dangling(file: h5py.File, _: Path) -> None:
    file["more"] = h5py.SoftLink("/nowhere")


def circular(file: h5py.File, _: Path) -> None:
    group: Any = file.create_group("group")
    group["again"] = file["group"]
    group["top"] = file["/"]


def twice(file: h5py.File, _: Path) -> None:
    file["more"] = file["time"]


def in_a_group(file: h5py.File, folder: Path) -> None:
    group = file.create_group("a").create_group("b")
    (folder / "secret").write_bytes(SECRET)
    group.create_dataset("x", (12,), "f8", external=[(str(folder / "secret"), 0, 96)])


def replaced(name: str, *made: Any, **options: Any) -> Change:
    def change(file: h5py.File, _: Path) -> None:
        if name in file:
            del file[name]
        file.create_dataset(name, *made, **options)

    return change


def attribute(name: str, value: Any) -> Change:
    return lambda file, _: file.attrs.__setitem__(name, value)


def texts_of_one_heap(file: h5py.File, _: Path) -> None:
    file.create_dataset("file", data=["x" * 60_000] * 12, dtype=h5py.string_dtype())


def many(file: h5py.File, _: Path) -> None:
    for number in range(300):
        file.create_group(str(number))


def little_written(file: h5py.File, _: Path) -> None:
    made = file.create_dataset("r", (100,), "f8", chunks=(10,))
    made[:10] = 1


def zeros(count: int) -> Change:
    """`count` times 40 MB that gzip makes small."""

    def change(file: h5py.File, _: Path) -> None:
        for number in range(count):
            nothing = np.zeros(40 << 20, np.uint8)
            file.create_dataset(f"zeros{number}", data=nothing, chunks=(4 << 20,), compression="gzip")

    return change


def face(**values: float) -> Change:
    """Fields of one value each."""

    def change(file: h5py.File, _: Path) -> None:
        for name, value in values.items():
            field: Any = file[name]
            field[...] = value

    return change


HOSTILE: dict[str, tuple[str, Change]] = {
    "external storage": ("'time' lies in another file", external),
    "external storage in a group": ("'x' lies in another file", in_a_group),
    "virtual data set": ("'time' is put together", virtual),
    "external link": ("'time' is a link", external_link),
    "soft link": ("'time' is a link", soft_link),
    "dangling link": ("'more' is a link", dangling),
    "circular groups": ("is there twice", circular),
    "the same twice": ("is there twice", twice),
    "many objects": ("too many objects", many),
    "a type of its own": ("is no array", lambda file, _: file.__setitem__("t", np.dtype("f8"))),
    "references": ("not numbers or texts", replaced("r", (3,), h5py.ref_dtype)),
    "lists": ("not numbers or texts", replaced("r", (3,), h5py.vlen_dtype(np.int32))),
    "records": ("not numbers or texts", replaced("r", (3,), np.dtype([("a", "f4")]))),
    "huge": ("larger than what this file can hold", replaced("r", (1 << 40,), "f8", chunks=(1 << 10,))),
    "huge pictures": ("larger than what", replaced("data", (1 << 30, 32, 32, 3), "u1", chunks=(1, 32, 32, 3))),
    "never written": ("'r' is larger than what", replaced("r", (1000,), "f8", chunks=(10,), compression="gzip")),
    "never written, as it is": ("'r' is larger than what", replaced("r", (1000,), "f8")),
    "in part never written": ("'r' is not all there", little_written),
    "large together": ("its data sets are larger than what", zeros(2)),
    "huge pieces": ("pieces that are too large", replaced("r", (1 << 20,), "f8", chunks=(1 << 26,), maxshape=(None,))),
    "a filter": ("packed in an unusual way", replaced("r", data=np.arange(100), scaleoffset=0)),
    "long texts": ("a text is too long", texts_of_one_heap),
    "texts in pieces": ("unusual way", replaced("file", data=["x"] * 12, dtype=h5py.string_dtype(), chunks=(4,))),
    "a name with controls": ("cannot be shown", lambda file, _: file.__setitem__("a\x1b[2J", np.zeros(1))),
    "attributes": (
        "too many attributes",
        lambda file, _: [file.attrs.__setitem__(str(n), n) for n in range(100)] and None,
    ),
    "a reference as attribute": ("attribute 'format'", lambda f, _: f.attrs.__setitem__("format", f["time"].ref)),
    "an empty attribute": ("cannot be used", attribute("sources", h5py.Empty("f4"))),
    "sources that are no list": ("damaged", attribute("sources", '{"a": 1}')),
    "sources that are numbers": ("damaged", attribute("sources", "[1]")),
    "sources with controls": ("damaged", attribute("sources", json.dumps(["a\x1b[2J"]))),
    "sources with half surrogates": ("damaged", attribute("sources", '["a\\ud800"]')),
    "sources nested": ("damaged", attribute("sources", "[" * 5000)),
    "a report that is a list": ("report", attribute("report", "[]")),
    "a report that lies": ("report", attribute("report", '{"one_sided": 3}')),
    "a report with controls": ("report", attribute("report", '{"one_sided": "\\u001b[2J"}')),
    "a version that is a list": ("version", attribute("version", np.array([1, 1]))),
    "a version like one": ("version", attribute("version", "1")),
    "a crop that is a number": ("kind of crop", attribute("crop", 3)),
    "times beyond all": ("time holds values", replaced("time", data=np.full(12, 1e300))),
    "zeros": ("prepare it again", face(points=0, canonical=0, neutral=0, to_crop=0)),
    "a neutral that is none": ("neutral holds numbers that no face has", face(neutral=0)),
    "a huge neutral": ("neutral holds numbers", face(neutral=1e9)),
    "canonical faces that are none": ("canonical holds numbers", face(canonical=0)),
    "huge canonical faces": ("canonical holds numbers", face(canonical=-1e9)),
    "faces that are none": ("points holds numbers", face(points=0)),
    "huge faces": ("points holds numbers", face(points=1e9)),
    "angles beyond all": ("pose holds numbers", face(pose=1e9)),
    "crops of nothing": ("to_crop holds what no crop is", face(to_crop=0)),
    "labels without names": ("damaged", replaced("labels", data=np.zeros((12, 2), np.int8))),
    "labels that are none": (
        "a label is none of",
        lambda f, p: (
            replaced("labels", data=np.full((12, 1), 7, np.int8))(f, p),
            attribute("label_names", '["a"]')(f, p),
        )[0],
    ),
    "a picture's name": ("cannot be shown", replaced("file", data=["a\x1b[2J"] * 12, dtype=h5py.string_dtype())),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_data_set_is_refused(path: Path, tmp_path: Path, case: str) -> None:
    words, change = HOSTILE[case]
    with h5py.File(path, "r+") as file:
        change(file, tmp_path)
    refused(path, words)


def test_nothing_of_another_file_is_trained_on(path: Path, tmp_path: Path, capsys) -> None:
    with h5py.File(path, "r+") as file:
        external(file, tmp_path)
    run = tmp_path / "run"
    assert models.__main__.main(["train", str(path), "-o", str(run), "--preset", "seed-int8", "--steps", "1"]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "lies in another file" in said
    assert not run.exists()


def test_a_user_block_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w", userblock_size=512) as file:
        file["data"] = np.zeros(3)
    with pytest.raises(DataError, match="unusual kind"):
        open_hdf5(tmp_path / "x.h5")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_data_set(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    refused(tmp_path / "pipe.h5", "no ordinary file")
    refused(tmp_path, "folder")


@pytest.mark.parametrize("heap", [0, -1], ids=["attributes", "an array"])
@pytest.mark.parametrize("size", [517, 0, (1 << 64) - 1])
def test_texts_that_the_library_would_look_for_for_ever_are_refused(path: Path, heap: int, size: int) -> None:
    """Found by a fuzzer: HDF5 2.0 walks over zeros in such a heap and never comes back."""
    with h5py.File(path, "r+") as file:
        file.create_dataset("file", data=["a.png"] * 12, dtype=h5py.string_dtype())
    whole = bytearray(path.read_bytes())
    at = [i for i in range(len(whole)) if whole.startswith(b"GCOL", i)][heap] + 16  # its first text
    at += 16 + (int.from_bytes(whole[at + 8 : at + 16], "little") + 7) // 8 * 8  # its second
    whole[at + 8 : at + 16] = size.to_bytes(8, "little")
    path.write_bytes(whole)
    refused(path, "its texts are damaged|it is cut short|damaged")


def test_one_text_many_times_is_refused(path: Path) -> None:
    """Its 4000 characters lie in the file once."""
    with h5py.File(path, "r+") as file:
        file.create_dataset("file", data=["x" * 4000] + ["a"] * 999, dtype=h5py.string_dtype())
        place = file["file"].id.get_offset()  # pyright: ignore[reportAttributeAccessIssue]
    whole = bytearray(path.read_bytes())
    whole[place : place + 16 * 1000] = whole[place : place + 16] * 1000
    path.write_bytes(whole)
    refused(path, "its texts are larger than what this file can hold")


def test_what_gzip_makes_small_is_read(path: Path, tmp_path: Path) -> None:
    with h5py.File(path, "r+") as file:
        zeros(1)(file, tmp_path)
    with open_dataset(path) as dataset:
        assert len(dataset) == 12


def test_truth_values_of_any_byte_are_truth_values(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["held_out"] = np.array([2, 0] * 6, np.uint8).view(np.bool_)
    with open_dataset(path) as dataset:
        train_rows, held = dataset.split(0.1)
    assert (held.tolist(), train_rows.tolist()) == (list(range(0, 12, 2)), list(range(1, 12, 2)))


# --- checkpoints and runs ---


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
        ("puppet", {"texture_size": 321}),
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
def run(path: Path, tmp_path: Path) -> Path:
    """Two steps of a tiny network."""
    register()
    train(path, tmp_path / "run", tiny_config(2), driver_spec=str(path), device="cpu")
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


def test_hostile_caches_are_measured_anew(tmp_path: Path) -> None:
    file, key = tmp_path / "x.json", {"a": "b"}
    for content in (
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"key": {"a": "b"}}',
        b'{"key": {"a": "b"}, "value": 1e999}',
        b"{}",
    ):
        file.write_bytes(content)
        assert cache.Known(False).look_up(file, key) is None
    assert cache.Known(False).get(file, key, lambda: 7) == 7


@pytest.mark.parametrize("value", [3, [], {}, {"ec_counting_missing": "x"}])
def test_caches_that_hold_no_figures_are_told(bench: Bench, value: Any, capsys) -> None:
    assert bench.command() == 0
    for file in bench.out.rglob("*.judge.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "value": value}))
    capsys.readouterr()
    assert bench.command() == 2
    assert "measure again with --force" in capsys.readouterr().err.splitlines()[-1]


# --- lists and arrays ---

LISTS = {
    "controls": "picture,a\x1b[2J\nx.png,1\n",
    "half surrogates": b"picture,\xed\xa0\x80\nx.png,1\n",
    "NUL": "picture,a\0b\nx.png,1\n",
    "twice": "picture,a,a\nx.png,1,1\n",
    "nameless": "picture,\nx.png,1\n",
    "many": "picture," + ",".join(map(str, range(5000))) + "\nx.png" + ",1" * 5000 + "\n",
    "a long field": 'picture,a\n"' + "x" * 200_000 + '",1\n',
    "no text": b"\xff\xfe\x00\x01",
    "open quotes": 'picture,"a\nx.png,1\n',
    "a long value": "picture,a\nx.png," + "y" * 5000 + "\n",
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS)
def test_hostile_lists_of_labels_are_refused(tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as error:
        read_labels(file)
    assert is_plain(str(error.value))
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01", b"\xed\xa0\x80 1", b"a.png 1\nb.png 7", b"a.png " + b"1" * 5000, b"\0" * 99]
)
def test_hostile_partitions_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(DataError) as error:
        read_partition(tmp_path / "list.txt")
    assert is_plain(str(error.value))
    assert len(str(error.value)) < 500


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_list(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.txt")
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(tmp_path / "list.txt")


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x80\x04.", np.lib.format.MAGIC_PREFIX + b"\x01\x00\x10\x00{'descr': 'O'}"]
)
def test_hostile_arrays_of_morphing_faces_are_refused(tmp_path: Path, capsys, content: bytes) -> None:
    for name in ("W_0", "W_1", "W_2", "b_0", "b_1", "b_2"):
        (tmp_path / f"d_{name}.npy").write_bytes(content)
    out = tmp_path / "tfd.actor"
    assert export.__main__.main(["morphing-faces", str(tmp_path), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "cannot be read as an array" in said
    assert not out.exists()


def test_a_clips_truth_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"PK nothing")
    with pytest.raises(DataError, match="holds no truth"):
        read_person(tmp_path / "x.mp4")
