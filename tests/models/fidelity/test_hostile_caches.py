"""Whatever lies in a cached figure: what it says, or it is measured anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from planted_judge import Bench

from models.fidelity import cache


def test_hostile_caches_are_measured_anew(tmp_path: Path) -> None:
    file, key = tmp_path / "x.json", {"a": "b"}
    for content in (
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"key": {"a": "b"}}',
        b'{"key": {"a": "b"}, "value": 1e999}',
        b"{}",
    ):
        file.write_bytes(content)
        assert cache.ResultCache(False).look_up(file, key) is None
    assert cache.ResultCache(False).get(file, key, lambda: 7) == 7


@pytest.mark.parametrize("value", [3, [], {}, {"ec_counting_missing": "x"}])
def test_caches_that_hold_no_figures_are_told(bench: Bench, value: Any, capsys) -> None:
    assert bench.command() == 0
    for file in bench.out.rglob("*.judge.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "value": value}))
    capsys.readouterr()
    assert bench.command() == 2
    assert "measure again with --force" in capsys.readouterr().err.splitlines()[-1]
