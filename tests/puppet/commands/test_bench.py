"""`puppet bench`: every figure is measured, printed and written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from puppet import cli
from puppet.actor.runtime import Actor
from puppet.commands import bench, bench_measure


def test_every_figure_is_measured_printed_and_written(
    loaded_actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "has_display", lambda: False)
    monkeypatch.setattr(bench_measure, "WARM_UP", 0.1)
    out = tmp_path / "now.json"
    words = ["bench", "--actor", str(tmp_path / "Mia.actor"), "--seconds", "1", "--size", "160x120", "--json", str(out)]
    assert cli.main([*words, "--provider", "cpu"]) == 0
    figures = json.loads(out.read_text())
    wanted = {"fps", "latency_ms", "stage_ms", "drops", "memory_mb", "provider", "versions", "verdict", "machine"}
    assert wanted <= set(figures)
    stages = ["capture", "convert", "track", "retarget", "align", "encode", "decode", "network", "mesh", "compose"]
    assert list(figures["stage_ms"]) == stages
    assert figures["fps"] > 0
    assert figures["faces"] == 1
    assert figures["provider"] == "CPU"
    assert figures["source_size"] == [160, 120]
    assert figures["latency_to"] == "result"
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p99"]
    assert 10 < figures["memory_mb"]["start"] <= figures["memory_mb"]["most"]
    assert figures["actors"] == 1
    assert figures["actor_mb"] == (tmp_path / "Mia.actor").stat().st_size / 2**20
    assert figures["versions"]["numpy"] == np.__version__
    said = capsys.readouterr().out
    assert figures["verdict"] in said
    assert "live: from capture to result" in said
    assert "Mia, 64 px, 0.1 MiB, on CPU" in said


@pytest.mark.parametrize(
    "words", [["--size", "big"], ["--size", "10x10"], ["--seconds", "0"], ["--seconds", "x"], ["--compare", "one.json"]]
)
def test_arguments_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["bench", *words])


def test_a_flash_needs_a_screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "has_display", lambda: False)
    assert cli.main(["bench", "--flash"]) == 2
    assert "--flash" in capsys.readouterr().err
