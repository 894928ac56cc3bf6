"""Locks: one holder at a time, who is named, and whose death frees them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from python_child import in_process

from puppet.core.errors import PuppetError
from puppet.output.crash_recovery import recover_unfinished
from puppet.storage.file_lock import is_locked, lock_of, locked, only_writer, owner
from puppet.storage.files import write_new

HOLD = """
import sys
from pathlib import Path
from puppet.storage.file_lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_is_refused_is_told_who_holds_it_and_nothing_lies_about(tmp_path: Path, own: Path) -> None:
    output = tmp_path / "out.mp4"
    with in_process(HOLD, output) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(
            PuppetError, match=rf"out\.mp4 is being written by process {other.pid} on .+ since \d{{4}}-"
        ):
            only_writer(output).__enter__()
        with only_writer(tmp_path / "another.mp4"):
            pass
        link = tmp_path / "link"
        link.symlink_to(tmp_path)
        with pytest.raises(PuppetError, match="is being written"):  # the same file by another way
            only_writer(link / "out.mp4").__enter__()
        other.communicate("")
    with only_writer(output):
        assert is_locked(lock_of(output))
    assert list((own / "locks").iterdir()) == []
    assert list(tmp_path.glob("out*")) == []


def test_the_lock_of_a_killed_process_is_free_and_goes(tmp_path: Path, own: Path) -> None:
    with in_process(HOLD, tmp_path / "out.mp4") as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
    assert len(list((own / "locks").iterdir())) == 1
    recover_unfinished()
    assert list((own / "locks").iterdir()) == []


def test_a_lock_is_held_by_one_of_many(tmp_path: Path) -> None:
    inside: list[int] = []

    def work(_: int) -> None:
        for _ in range(5):
            with locked(tmp_path / "lock", timeout=60) as got:
                assert got
                inside.append(1)
                assert len(inside) == 1
                inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert not (tmp_path / "lock").exists()


def test_a_holder_that_says_nonsense_is_another_process(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b'{"pid": "\xff"')
    assert owner(tmp_path / "lock") == "another process"


def test_a_home_that_cannot_be_written_keeps_nobody_from_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "file" / "own"))
    with only_writer(tmp_path / "out.mp4"):
        assert write_new(tmp_path / "out.txt", "here").read_text() == "here"
    assert recover_unfinished() == []
