"""The live engine without a window: counts, drops and the table."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driven import PlantedTracker, driver_clip
from tiny_actor import tiny_actor
from video_fixtures import read_video

from puppet import cli
from puppet.actor.runtime import load_actor
from puppet.commands import headless
from puppet.core.types import Frame, Result
from puppet.face import tracking


@pytest.fixture
def actor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(tracking, "FaceMeshTracker", PlantedTracker)
    return str(tiny_actor(tmp_path / "tiny.actor"))


def result(index: int, ms: float) -> Result:
    frame = Frame(np.zeros((2, 2, 3), np.uint8), index, 0.0)
    return Result(frame, None, None, None, None, {"track": ms, "decode": 2 * ms})


def test_the_meter_counts_drops_and_stops_at_its_limit() -> None:
    meter = headless.Meter(limit=4)
    for index, ms in ((7, 1.0), (8, 2.0), (11, 3.0), (12, 4.0), (20, 100.0)):
        meter.write(result(index, ms))
    assert meter.reached.is_set()
    assert (meter.count, meter.dropped, meter.faces) == (4, 2, 0)
    table = meter.stages.percentiles()
    assert table["track"]["p50"] == pytest.approx(2.5)
    assert table["step"]["p50"] == pytest.approx(7.5)


def test_the_table_says_how_strange_the_driver_is_to_the_actor(actor: str) -> None:
    meter = headless.Meter(limit=None)
    for index, strange in enumerate((0.5, 0.6, 0.7, 3.0, None)):
        meter.write(replace(result(index, 1.0), out_of_domain=strange))
    assert re.search(
        r"^range +0\.65 median, 2\.65 p95", headless.report(meter, "a", 30.0, load_actor(Path(actor))), re.M
    )
    unseen = headless.Meter(limit=None)
    unseen.write(result(0, 1.0))
    assert "range" not in headless.report(unseen, "a", 30.0, load_actor(Path(actor)))


def test_a_file_is_begun_again_until_enough_frames_are_there(
    tmp_path: Path, actor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, output = driver_clip(tmp_path / "in.mp4", frames=10, fps=60), tmp_path / "out.mp4"
    given = ["run", "--headless", "--source", str(clip), "--actor", actor, "--frames", "25", "--record", str(output)]
    assert cli.main(given) == 0
    said = capsys.readouterr().out
    assert re.search(r"^frames +25 results, \d+ dropped, face seen in 25$", said, re.M)
    assert re.search(r"^decode +\d+\.\d\d +\d+\.\d\d$", said, re.M)
    assert re.search(r"^fps +\d+\.\d \(the source gives 60; the stages would allow \d+\)$", said, re.M)
    assert re.search(r"^actor +tiny on CPU$", said, re.M)
    assert len(read_video(output)) >= 10  # 25 results at 60 per second, or slower, at 30 pictures per second


def test_without_a_number_it_ends_with_the_file(tmp_path: Path, actor: str, capsys: pytest.CaptureFixture[str]) -> None:
    clip = driver_clip(tmp_path / "in.mp4", frames=10)
    assert cli.main(["run", "--headless", "--source", str(clip), "--actor", actor]) == 0
    found = re.search(r"^frames +(\d+) results, (\d+) dropped", capsys.readouterr().out, re.M)
    assert found
    assert 1 <= int(found[1]) + int(found[2]) <= 10


@pytest.mark.parametrize("source", ["no such camera", "missing.mp4"])
def test_a_source_that_is_not_there_is_one_line_and_code_2(
    source: str, actor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["run", "--headless", "--source", source, "--actor", actor, "--frames", "5", "--record", "out.mp4"]
    assert cli.main(given) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("puppet: ")]
    assert len(said) == 1
    assert source in said[0]
    assert not (tmp_path / "out.mp4").exists()
