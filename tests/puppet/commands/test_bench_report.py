"""What is said of planted figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from puppet import cli
from puppet.commands import bench_report

FIGURES = {
    "fps": 50.0,
    "latency_ms": {"p50": 20.0, "p95": 30.0, "p99": 40.0},
    "stage_ms": {name: {"p50": ms, "p95": ms, "p99": ms} for name, ms in (("track", 8.0), ("decode", 9.0))},
    "drops": 0,
    "memory_mb": {"start": 300.0, "end": 310.0, "most": 320.0},
    "cpu": 0.5,
    "cpu_free": 0.9,
    "actor": "Mia",
    "actors": 1,
    "provider": "CPU",
}


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"track": 20.0, "decode": 9.0}, "tracking thread is the bottleneck (20.0 ms a frame), and in it track (20.0"),
        (
            {"track": 8.0, "decode": 6.0, "compose": 7.0},
            "acting thread is the bottleneck (13.0 ms a frame), and in it compo",
        ),
    ],
)
def test_the_verdict_names_the_busiest_thread_and_its_dearest_stage(stages: dict[str, float], said: str) -> None:
    figures = FIGURES | {"stage_ms": {name: {"p50": ms} for name, ms in stages.items()}}
    assert said in bench_report.verdict(figures)
    assert "50 frames a second" in bench_report.verdict(figures)


def test_a_comparison_gives_ratios_and_says_what_is_not_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(FIGURES))
    two.write_text(json.dumps(FIGURES | {"fps": 75.0, "actor": "Ada"}))
    assert cli.main(["bench", "--compare", str(one), str(two)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("fps")] == [["fps", "50.00", "75.00", "1.50"]]
    assert "not the same actor: Mia and Ada" in lines


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"fps": "fast"}'])
def test_a_file_that_is_no_measurement_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    assert cli.main(["bench", "--compare", str(path), str(path)]) == 2
    assert "other.json" in capsys.readouterr().err
