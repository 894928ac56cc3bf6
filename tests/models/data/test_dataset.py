"""The reading side: a good file is read as it was written, anything else is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from tiny_dataset import write_dataset

from models.data.dataset import GAP, LANDMARK_FIELDS, PICTURE_FIELDS, open_dataset, split_blocks
from puppet.core.errors import DataError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "d.h5", n=12, size=32)


def test_fields_are_read_as_written(path: Path) -> None:
    with h5py.File(path, "r") as file, open_dataset(path) as dataset:
        assert (len(dataset), dataset.size, dataset.crop, dataset.sources) == (12, 32, "upright", ("planted.mp4",))
        for name in set(PICTURE_FIELDS | LANDMARK_FIELDS) - {"data"}:
            assert np.array_equal(getattr(dataset, name), np.asarray(file[name]))
        assert np.array_equal(dataset.images(), np.asarray(file["data"]))


def test_pictures_come_in_the_order_asked_for(path: Path) -> None:
    with open_dataset(path) as dataset:
        everything = dataset.images()
        rows = np.array([7, 2, 11, 2, 0])
        assert np.array_equal(dataset.images(rows), everything[rows])
        assert np.array_equal(dataset.image(5), everything[5])
        assert dataset.images(np.array([], np.intp)).shape == (0, 32, 32, 3)


def test_mattes_come_in_the_order_asked_for(tmp_path: Path) -> None:
    with open_dataset(write_dataset(tmp_path / "m.h5", n=12, size=32, matte=True)) as dataset:
        rows = np.array([7, 2, 7])
        assert dataset.has_matte
        assert dataset.mattes(rows).shape == (3, 32, 32)
        assert ((dataset.mattes(rows) == 255) == (dataset.images(rows)[..., 0] > 200)).all()
        assert len(np.unique(dataset.mattes()[[2, 7]], axis=0)) == 2


def test_a_closed_data_set_stays_closed(path: Path) -> None:
    dataset = open_dataset(path)
    dataset.close()
    dataset.close()
    with pytest.raises(Exception, match="[Cc]losed|[Ii]nvalid|not open|Unable"):
        dataset.images()


def missing(path: Path) -> None:
    path.unlink()


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-500])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("not HDF5")


def edit(change: Callable[[h5py.File], object]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            change(file)

    return apply


def replace(name: str, values: np.ndarray) -> Callable[[Path], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = values

    return edit(change)


def foreign(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros((4, 8, 8, 3), np.uint8)


def no_frames(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        for name, (dtype, shape) in (PICTURE_FIELDS | LANDMARK_FIELDS).items():
            if shape[0] == "N":
                del file[name]
                file[name] = np.zeros([{"N": 0, "S": 32}.get(n, 0) if isinstance(n, str) else n for n in shape], dtype)


def scrambled_picture(path: Path) -> None:
    """Destroy the compressed chunk of the last picture."""
    with h5py.File(path, "r") as file:
        chunk = file["data"].id.get_chunk_info(11)  # pyright: ignore[reportAttributeAccessIssue]
    raw = bytearray(path.read_bytes())
    raw[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\xff" * chunk.size
    path.write_bytes(raw)


DAMAGE = {
    "no such data set": missing,
    "cut short": truncated,
    "not a readable HDF5": empty,
    "not a readable": text,
    "not a data set of": foreign,
    "version 2": edit(lambda f: f.attrs.modify("version", 2)),
    "unknown kind of crop": edit(lambda f: f.attrs.modify("crop", "round")),
    "field pose is missing": edit(lambda f: f.pop("pose")),
    r"field pose is float64 \(12, 3\)": replace("pose", np.zeros((12, 3))),
    r"field points is float32 \(11, 478, 3\)": replace("points", np.zeros((11, 478, 3), np.float32)),
    r"field data is uint8 \(12, 32, 16, 3\)": replace("data", np.zeros((12, 32, 16, 3), np.uint8)),
    r"field data is uint8 \(12, 32\)": replace("data", np.zeros((12, 32), np.uint8)),
    "time holds values that are not numbers": replace("time", np.full(12, np.nan)),
    "a source that is not listed": replace("source", np.full(12, 3, np.int16)),
    "holds no frames": no_frames,
    "damaged picture data": scrambled_picture,
    r"field matte is uint8 \(11, 32, 32\)": edit(lambda f: f.update({"matte": np.zeros((11, 32, 32), np.uint8)})),
    r"field matte is float32 \(12, 32, 32\)": edit(lambda f: f.update({"matte": np.zeros((12, 32, 32), np.float32)})),
    "damaged data set": edit(lambda f: f.attrs.modify("sources", "{not json")),
}


@pytest.mark.parametrize("words", DAMAGE)
def test_damage_is_refused_with_the_reason(path: Path, words: str) -> None:
    DAMAGE[words](path)
    with pytest.raises(DataError, match=words) as error:
        open_dataset(path)
    assert "d.h5" in str(error.value)


def runs(rows: np.ndarray) -> list[np.ndarray]:
    """Consecutive stretches."""
    return np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)


def test_held_out_frames_are_blocks_of_time_evenly_spread() -> None:
    time = np.arange(1000) / 25
    train, held = split_blocks(1000, time, held_out=0.1, blocks=10)
    assert len(held) == 100
    blocks = runs(held)
    assert [len(block) for block in blocks] == [10] * 10
    assert np.diff([block.mean() for block in blocks]) == pytest.approx(100, abs=1)
    assert not set(train) & set(held)


def test_no_frame_to_train_on_is_a_near_copy_of_a_held_out_one() -> None:
    time = np.arange(500) / 25
    train, held = split_blocks(500, time)
    assert np.abs(time[train][:, None] - time[held]).min() > GAP
    assert len(train) + len(held) >= 500 - 10 * 2 * round(GAP * 25)


def test_the_gap_does_not_reach_into_another_source() -> None:
    """Two sources whose times overlap: held-out frames of the one say nothing about the other."""
    time = np.concatenate([np.arange(100) / 25] * 2)
    train, held = split_blocks(200, time, held_out=0.05, blocks=1)
    assert held.tolist() == list(range(95, 105))
    lost = set(range(200)) - set(train.tolist()) - set(held.tolist())
    assert lost == {90, 91, 92, 93, 94, 105, 106, 107, 108, 109}


@pytest.mark.parametrize("n", [2, 3, 7, 20, 51])
def test_small_data_sets_keep_something_on_both_sides(n: int) -> None:
    train, held = split_blocks(n, np.arange(n) / 25)
    assert len(train) > 0
    assert len(held) == max(1, round(n * 0.1))
    assert len(runs(held)) <= 2


def test_nothing_is_held_out_when_nothing_is_asked_for() -> None:
    train, held = split_blocks(10, np.arange(10) / 25, held_out=0)
    assert train.tolist() == list(range(10))
    assert len(held) == 0


def test_times_must_match() -> None:
    with pytest.raises(ValueError, match="3 times for 4 frames"):
        split_blocks(4, np.zeros(3))
