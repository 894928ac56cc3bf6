"""Whatever lies in an HDF5 file: the data set that it holds, or a DataError of one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tiny_dataset import write_dataset

import models.__main__
from models.data.dataset import open_dataset
from models.data.hdf5 import open_hdf5
from puppet.core.errors import DataError
from puppet.core.texts import is_plain

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "d.h5", n=12, size=32)


SECRET = b"what lies in another file " * 100


def refused(path: Path, words: str) -> None:
    with pytest.raises(DataError, match=words) as error:
        open_dataset(path)
    assert is_plain(str(error.value))


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
