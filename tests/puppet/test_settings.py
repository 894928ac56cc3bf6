"""Settings survive a restart; nothing in the file can stop the app from starting."""

from __future__ import annotations

import json

import pytest

from puppet.core.motion import MotionSettings
from puppet.settings import Settings, WindowSettings, load_settings, save_settings
from puppet.storage.folders import settings_path


def test_everything_comes_back(tmp_path):
    path = tmp_path / "new folder" / "settings.json"
    chosen = Settings(
        source="Caméra 2",
        actor="marble",
        provider="cpu",
        recording_folder=str(tmp_path),
        mirror_preview=False,
        mirror_output=True,
        motion=MotionSettings(0.25, 1.5, 0.75),
        window=WindowSettings(1300, 800, True),
    )
    save_settings(chosen, path)
    assert load_settings(path) == (chosen, [])
    assert [file.name for file in path.parent.iterdir()] == ["settings.json"]  # no draft left


def test_names_of_files_that_are_not_utf8_come_back(tmp_path):
    chosen = Settings(source="/films/lat\udce9in.mp4", recent=("/films/lat\udce9in.mp4", "/films/Jürgen.mp4"))
    save_settings(chosen, tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == (chosen, [])
    assert "Jürgen" in (tmp_path / "settings.json").read_text(encoding="utf-8")


def test_no_file_is_normal(tmp_path):
    assert load_settings(tmp_path / "settings.json") == (Settings(), [])


def test_unknown_and_unusable_keys_are_refused_one_by_one(tmp_path):
    path = tmp_path / "settings.json"
    stored = {
        "source": "demo",
        "colour": "red",
        "mirror_preview": "yes",
        "provider": "abacus",
        "motion": {"smoothing": 7, "pose_gain": 2, "wobble": 1},
        "window": {"width": 900.5, "height": True},
        "mirror_output": True,
    }
    path.write_text(json.dumps(stored))
    settings, notices = load_settings(path)
    assert settings == Settings(source="demo", mirror_output=True, motion=MotionSettings(pose_gain=2.0))
    assert isinstance(settings.motion.pose_gain, float)
    refused = {"colour", "mirror_preview", "provider", "motion.smoothing", "motion.wobble", "window.width"}
    for name in refused | {"window.height"}:
        assert sum(f'"{name}"' in notice for notice in notices) == 1, name
    assert len(notices) == 7
    assert json.loads(path.read_text()) == stored  # reading changes nothing


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1, 2]", b"null", b"\xff\xfe\x00", b'{"source": "demo"', b"[" * 100_000],
    ids=["empty", "cut", "list", "null", "binary", "cut later", "deep"],
)
def test_a_broken_file_is_set_aside(tmp_path, content):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    settings, notices = load_settings(path)
    assert settings == Settings()
    assert len(notices) == 1
    assert "settings.json.broken" in notices[0]
    assert not path.exists()
    assert (tmp_path / "settings.json.broken").read_bytes() == content
    save_settings(settings, path)  # and life goes on
    assert load_settings(path) == (Settings(), [])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1e999", pytest.param("1" + "0" * 400, id="too large")])
def test_numbers_out_of_range_are_refused(tmp_path, value):
    path = tmp_path / "settings.json"
    path.write_text('{"motion": {"smoothing": %s}}' % value)  # noqa: UP031 - braces everywhere
    settings, notices = load_settings(path)
    assert settings == Settings()
    assert "motion.smoothing" in notices[0]


def test_a_folder_in_place_of_the_file_does_not_stop_the_start(tmp_path):
    (tmp_path / "settings.json").mkdir()
    settings, notices = load_settings(tmp_path / "settings.json")
    assert settings == Settings()
    assert len(notices) == 1


def test_a_failed_save_keeps_the_old_file(tmp_path):
    path = tmp_path / "settings.json"
    save_settings(Settings(source="demo"), path)
    with pytest.raises(TypeError):
        save_settings(Settings(source=object()), path)  # pyright: ignore[reportArgumentType]
    assert load_settings(path)[0].source == "demo"
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


def test_the_environment_names_another_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path))
    assert settings_path() == tmp_path / "settings.json"


def test_recordings_go_where_the_user_said(tmp_path):
    assert Settings(recording_folder=str(tmp_path)).folder() == tmp_path
    assert Settings().folder().name == "Puppet"


def test_a_list_of_texts_is_kept_and_other_lists_are_refused(tmp_path):
    path = tmp_path / "settings.json"
    save_settings(Settings(wall=("a.actor", "b.actor")), path)
    assert load_settings(path) == (Settings(wall=("a.actor", "b.actor")), [])
    path.write_text('{"wall": ["a.actor", 3]}')
    settings, (notice,) = load_settings(path)
    assert settings == Settings()
    assert '"wall"' in notice


def test_what_would_be_refused_is_not_written(tmp_path):
    path = tmp_path / "settings.json"
    kept = Settings(user="Ann", window=WindowSettings(-1, -1, True, "wall"))
    save_settings(kept, path)
    assert load_settings(path) == (Settings(user="Ann", window=WindowSettings(maximised=True)), [])
