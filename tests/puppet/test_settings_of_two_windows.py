"""Settings that two windows change, and files that disappear or break meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from puppet.settings import Settings, SettingsFile, load_settings, save_settings
from puppet.storage.file_lock import only_writer

pytestmark = pytest.mark.usefixtures("own_folder")


def test_what_two_windows_change_is_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    start = Settings(recent=("old.mp4", "older.mp4"), users=("Me", "Ann"))
    save_settings(start, path)
    first, second = SettingsFile(path, start), SettingsFile(path, start)
    from dataclasses import replace

    one = replace(
        start,
        source="a.mp4",
        recent=("a.mp4", "old.mp4"),
        users=("Me", "Ann", "Bob"),
        motion=replace(start.motion, smoothing=0.25),
    )
    first.save(one)
    two = replace(
        start,
        actor="ada",
        recent=("b.mp4", "old.mp4", "older.mp4"),
        users=("Me",),
        motion=replace(start.motion, pose_gain=1.5),
    )
    second.save(two)
    first.save(replace(one, provider="cpu"))
    kept, notices = load_settings(path)
    assert notices == []
    assert (kept.source, kept.actor, kept.provider) == ("a.mp4", "ada", "cpu")
    assert (kept.motion.smoothing, kept.motion.pose_gain) == (0.25, 1.5)
    assert kept.users == ("Me", "Bob")
    assert set(kept.recent) == {"a.mp4", "b.mp4", "old.mp4"}
    second.save(replace(two, actor="marble"))
    assert load_settings(path)[0].source == "a.mp4"


def test_settings_that_vanished_or_broke_meanwhile_are_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    file = SettingsFile(path, Settings(source="a.mp4"))
    file.save(Settings(source="a.mp4", actor="ada"))
    assert load_settings(path)[0].source == "a.mp4"
    path.write_text("{")
    file.save(Settings(source="a.mp4", actor="marble"))
    assert load_settings(path)[0].actor == "marble"
    assert (tmp_path / "settings.json.broken").read_text() == "{"


def test_settings_that_another_window_is_writing_are_waited_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("puppet.settings.PATIENCE", 0.1)
    path = tmp_path / "settings.json"
    with only_writer(path), pytest.raises(OSError, match="is being written by process"):
        SettingsFile(path, Settings()).save(Settings(source="a.mp4"))
