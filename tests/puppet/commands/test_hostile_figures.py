"""Whatever is in figures to compare: a comparison, or one exception with one line."""

from __future__ import annotations

import json

import pytest

from puppet.commands import bench_report
from puppet.core.errors import PuppetError
from puppet.core.texts import is_plain


def figures(**changes) -> dict:
    made = {"fps": 30.0, "latency_ms": {"p50": 1.0}, "stage_ms": {"track": {"p50": 1.0}}, "drops": 0, "cpu": 0.5}
    return {**made, "memory_mb": {"most": 100}, "actor": "ada", **changes}


@pytest.mark.parametrize(
    "changes",
    [
        *({"fps": value} for value in ("30", None, [], True, 1e300)),
        *(
            {"stage_ms": value}
            for value in ([], {"x": 3}, {"x": {"p50": "y"}}, {"\x1b": {"p50": 1}}, {"x" * 99: {"p50": 1}})
        ),
        *({"latency_ms": []}, {"memory_mb": None}, {"drops": {}}),
    ],
)
def test_hostile_figures_are_not_compared(tmp_path, changes):
    for name, content in (("a", figures()), ("b", figures(**changes))):
        (tmp_path / name).write_text(json.dumps(content))
    assert bench_report.run_compare(tmp_path / "a", tmp_path / "a") == 0
    with pytest.raises(PuppetError, match="bench --json wrote"):
        bench_report.run_compare(tmp_path / "a", tmp_path / "b")


def test_figures_say_nothing_that_a_terminal_does(tmp_path, capsys):
    for name, actor in (("a", "ada"), ("b", "\x1b[2J" * 10_000)):
        (tmp_path / name).write_text(json.dumps(figures(actor=actor)))
    bench_report.run_compare(tmp_path / "a", tmp_path / "b")
    said = capsys.readouterr().out
    assert is_plain(said, lines=True)
    assert len(said) < 5000
