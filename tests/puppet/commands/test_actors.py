"""`puppet actors`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_actor import tiny_actor

from puppet import cli


def test_actors_are_listed_and_a_damaged_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path))
    tiny_actor(tmp_path / "statue.actor")
    assert cli.main(["actors"]) == 0
    assert "statue  64 px  CC0-1.0  made 2026-01-02" in capsys.readouterr().out
    (tmp_path / "broken.actor").write_bytes((tmp_path / "statue.actor").read_bytes()[:1000])
    assert cli.main(["actors"]) == 2
    said = capsys.readouterr()
    assert "broken.actor" in said.err
    assert "statue" in said.out
