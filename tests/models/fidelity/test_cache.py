"""Results on disk: kept for the same key, made again for another one, and what counts as another program."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.fidelity import cache
from models.fidelity.cache import ResultCache
from models.fidelity.judge import EvaluationError


def test_a_result_is_made_once_for_a_key_and_again_for_another(tmp_path: Path):
    file, made, results = tmp_path / "r.json", [], ResultCache(force=False)

    def get(cache: ResultCache, key: str, *needed: Path):
        return cache.get(file, {"clip": key}, lambda: made.append(key) or len(made), *needed)

    assert [get(results, "a"), get(results, "a"), get(results, "b")] == [1, 1, 2]
    assert get(results, "b", tmp_path / "absent.mp4") == 3  # without a file that belongs to it
    forced = ResultCache(force=True)
    assert [get(forced, "b"), get(forced, "b")] == [4, 4]
    assert made == ["a", "b", "b", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"key": {"clip": "a"}', '{"value": 1}'])
def test_a_damaged_result_is_none(tmp_path: Path, content: str):
    (tmp_path / "r.json").write_text(content)
    assert ResultCache(force=False).look_up(tmp_path / "r.json", {"clip": "a"}) is None


@pytest.mark.parametrize("place", ["cli.py", "core/types.py", "gui/kit/theme.py"])
def test_a_change_anywhere_below_a_package_makes_another_program(tmp_path: Path, monkeypatch, place: str):
    file = tmp_path / "puppet" / place
    file.parent.mkdir(parents=True)
    file.write_text("one = 1\n")
    monkeypatch.setattr(cache, "PACKAGE", tmp_path / "puppet")
    cache.program_digest.cache_clear()
    try:
        before = cache.program_digest("puppet")
        file.write_text("one = 2\n")
        cache.program_digest.cache_clear()
        assert cache.program_digest("puppet") != before
    finally:
        cache.program_digest.cache_clear()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match="choose another folder"):
        cache.write_text(tmp_path / "file" / "r.json", "{}")
