"""A data set and its report get their names together or not at all, and replace nothing by accident."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from planted_footage import planted_tools, talking_clip
from prepared import kept_frames, run

from models.data.prepare import Options, prepare
from puppet.core.errors import DataError, PuppetError
from puppet.output.crash_recovery import recover_unfinished
from puppet.storage.file_lock import only_writer

ROOT = Path(__file__).resolve().parents[3]
HANG = """
import sys
from pathlib import Path
import models.data.publishing
from models.data.prepare import Options, prepare
from planted_footage import planted_tools, talking_clip

footage, output, name, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
there = getattr(models.data.publishing, name)

def hang(*arguments):
    global count
    count -= 1
    if not count:
        print("hanging", flush=True)
        sys.stdin.read()
    return there(*arguments)

setattr(models.data.publishing, name, hang)
prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
"""


@pytest.mark.parametrize(("name", "count"), [("flush", 1), ("publish_whole", 1), ("publish_whole", 2), ("publish", 1)])
def test_killed_at_any_moment_nothing_half_has_the_name_and_a_second_run_succeeds(
    footage: Path, output: Path, name: str, count: int
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])}
    with subprocess.Popen(
        [sys.executable, "-c", HANG, str(footage), str(output), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"hanging\n"
        child.kill()
    assert not output.exists()
    recover_unfinished()
    assert [path.name for path in output.parent.iterdir()] == ["data.h5.tracked"]  # to go on from
    prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
    assert sorted(p.name for p in output.parent.iterdir()) == ["data.h5", "data.report.png", "data.report.txt"]
    assert kept_frames(output) == list(range(20))


@pytest.mark.parametrize("name", ["data.h5.tracked", "data.report.txt", "data.report.png", "data.h5.part"])
def test_a_stranger_s_file_beside_the_data_set_stays(footage: Path, output: Path, name: str) -> None:
    output.parent.mkdir(parents=True)
    stranger = output.with_name(name)
    stranger.write_text("precious")
    with contextlib.suppress(DataError):
        prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
    assert stranger.read_text() == "precious"
    assert output.exists() == (name == "data.h5.part")


def test_of_two_runs_with_one_output_the_second_is_told(footage: Path, output: Path) -> None:
    with only_writer(output), pytest.raises(PuppetError, match=r"data\.h5 is being written by process \d+ on"):
        prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
    assert not output.parent.exists()


def test_an_existing_data_set_is_only_replaced_by_force(footage: Path, output: Path) -> None:
    run(footage, output, talking_clip(20))
    before = output.read_bytes()
    with pytest.raises(DataError, match=r"exists already.*--force"):
        run(footage, output, talking_clip(30))
    assert output.read_bytes() == before
    assert run(footage, output, talking_clip(30), force=True).kept == 30
    assert len(kept_frames(output)) == 30


def test_a_failing_write_keeps_the_old_data_set(footage: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(footage, output, talking_clip(20))
    before = output.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("models.data.dataset_writer.write_dataset", full)
    with pytest.raises(DataError, match="No space left"):
        run(footage, output, talking_clip(30), force=True)
    assert output.read_bytes() == before
    assert not list(output.parent.glob("*.part"))
    assert not list(output.parent.glob("*.tracked"))
