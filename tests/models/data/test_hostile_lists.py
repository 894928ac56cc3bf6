"""Whatever lies in a list of labels or a partition: what it says, or a DataError of one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.data.labels import read_labels, read_partition
from puppet.core.errors import DataError
from puppet.core.texts import is_plain

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
