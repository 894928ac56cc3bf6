"""Labels: CelebA's lists, plain CSV files and our own landmarks; what cannot be read is named."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from planted_celeba import ATTRIBUTES, file_of, has, write_celeba
from planted_footage import planted_face
from tiny_dataset import openings, turns, write_dataset

from models.data.dataset import open_dataset
from models.data.labels import MEASURED, dataset_labels, find_list, measured_labels, read_labels, read_partition
from puppet.core.errors import DataError


@pytest.mark.parametrize("csv", [False, True], ids=["txt", "csv"])
def test_celebas_lists(tmp_path: Path, csv: bool) -> None:
    root = write_celeba(tmp_path, csv=csv)
    path = find_list(root / "img_align_celeba", "list_attr_celeba")
    assert path is not None
    listed = read_labels(path)
    assert listed.names == ATTRIBUTES
    labels = listed.of([(file_of(7),), ("nobody.jpg",), (file_of(3),)])
    assert labels.values.tolist() == [list(map(int, has(7))), [-1, -1], list(map(int, has(3)))]
    assert labels.known.tolist() == [True, False, True]
    path = find_list(root / "img_align_celeba", "list_eval_partition")
    assert path is not None
    parts = read_partition(path)
    assert [parts[file_of(i)] for i in (0, 17, 18, 23)] == [False, False, True, True]
    assert find_list(root / "img_align_celeba", "list_bbox_celeba") is None


def test_a_plain_csv_in_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("picture,hat,beard\na.png,yes,no\nb.png,,TRUE\n")
    assert read_labels(path).of([("a.png",), ("b.png",)]).values.tolist() == [[1, 0], [-1, 1]]


BAD = {
    "picture,hat\na.png,perhaps\n": r"the entry 'a\.png' holds 'perhaps'; 1, 0, -1, yes or no is expected",
    "picture,hat\na.png,1,0\n": r"the entry 'a\.png' has 2 labels, 1 are expected",
    "": "a first line with the names",
    "picture,hat\n": "without an entry",
}


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=BAD[text]) as error:
        read_labels(path)
    assert "bad.csv" in str(error.value)


def test_a_missing_or_foreign_list(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: the list cannot be read"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(DataError, match="the list cannot be read"):
        read_labels(tmp_path / "picture.csv")
    (tmp_path / "parts.txt").write_text("a.jpg 0\nb.jpg 7\n")
    with pytest.raises(DataError, match=r"the entry 'b\.jpg' has no part 0, 1 or 2"):
        read_partition(tmp_path / "parts.txt")
    (tmp_path / "parts.txt").write_text("hello\n")
    with pytest.raises(DataError, match="no list of a partition"):
        read_partition(tmp_path / "parts.txt")


def test_landmarks_tell_what_the_face_does() -> None:
    rest = planted_face()
    faces = {
        "smile": planted_face(width=1.2),
        "mouth open": planted_face(mouth=0.2),
        "eyes closed": planted_face(eyes=0.1),
        "brows up": planted_face(brow=0.06),
    }
    canonical = np.stack([rest, *faces.values(), rest, rest])
    labels = measured_labels(canonical, rest, np.array([0, 0, 0, 0, 0, -20, 20], np.float32))
    assert labels.names == tuple(MEASURED)
    assert labels.values.tolist() == np.eye(7, 6, -1, dtype=int).tolist()


def test_a_data_sets_own_labels_and_a_list_by_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_dataset(tmp_path / "d.h5")
    monkeypatch.setattr("models.data.dataset.ROWS_AT_ONCE", 7)
    table = tmp_path / "mine.csv"
    table.write_text("frame,hat\n" + "".join(f"{i},{i % 2}\n" for i in range(24)))
    with open_dataset(data) as dataset:
        labels = dataset_labels(dataset, table)
        assert labels.names == (*MEASURED, "hat")
        assert labels.values[:, -1].tolist() == [0, 1] * 12
        assert labels.values[:, labels.names.index("head right")].tolist() == (turns(24) > 12).tolist()
        third = openings(24) / 3 > 0.06  # one of the three lip pairs opens
        assert labels.values[:, labels.names.index("mouth open")].tolist() == third.tolist()
        table.write_text("frame,hat\nplanted.mp4:3,1\n")
        assert dataset_labels(dataset, table).values[:, -1].tolist() == [-1] * 3 + [1] + [-1] * 20
        table.write_text("frame,hat\n99.png,1\n")
        with pytest.raises(DataError, match=r"names none of the pictures.*'99\.png'"):
            dataset_labels(dataset, table)
    with h5py.File(data, "r+") as file:
        file["labels"] = np.ones((24, 1), np.int8)
        file.attrs["label_names"] = '["smile"]'
    with open_dataset(data) as dataset:
        labels = dataset_labels(dataset)
        assert labels.names == ("mouth open", "eyes closed", "brows up", "head left", "head right", "smile")
        assert labels.values[:, -1].all()


def test_labels_without_names_are_damage(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "d.h5")
    with h5py.File(data, "r+") as file:
        file["labels"], file.attrs["label_names"] = np.ones((24, 2), np.int8), '["smile"]'
    with pytest.raises(DataError, match="names of the labels"):
        open_dataset(data)
