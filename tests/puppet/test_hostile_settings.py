"""Whatever is in the settings file: the program starts, and says what it replaced."""

from __future__ import annotations

import json
import os
import sys

import pytest
from hostile_inputs import needs_pipes

from puppet.commands.window import choose_actor, choose_source
from puppet.core.errors import ActorFileError
from puppet.core.texts import is_plain
from puppet.settings import Settings, load_settings, save_settings
from puppet.sources.registry import open_source

HOSTILE_SETTINGS = {
    "a height that is no choice": {"output": {"height": 5}},
    "choices of every kind": {"output": {"height": True, "layout": 3, "codec": [], "quality": {}, "pre_roll": 1e9}},
    "half surrogates": {"actor": "\ud800", "source": "\udfff\ud800", "recording_folder": "x\ud800"},
    "NUL": {"actor": "a\0b", "source": "\0", "recording_folder": "\0", "wall": ["\0"], "recent": ["\0"]},
    "controls": {"user": "\x1b[2J", "users": ["a\nb"], "output": {"microphone": "\0"}, "window": {"folded": "\x07"}},
    "a hundred thousand": {"recent": [str(n) for n in range(100_000)], "users": [str(n) for n in range(100_000)]},
    "long": {"source": "x" * 5000, "user": "x" * 5000},
    "large": {"window": {"width": 10**9, "height": 10**9}, "camera": {"width": 10**30, "fps": -1}},
    "other kinds": dict.fromkeys(("motion", "view", "output", "window", "camera", "users", "user"), [[]]),
    "backgrounds": {"background": "#12345\x1b"},
    "no background": {"background": ["own"]},
    "unknown": {f"{n}\x1b": n for n in range(1000)},
    "nobody's home": {"actor": "~nobody-of-that-name/x.actor"},
}


@pytest.mark.parametrize("stored", HOSTILE_SETTINGS.values(), ids=HOSTILE_SETTINGS)
def test_hostile_settings_are_named_and_replaced_and_the_start_goes_on(tmp_path, stored):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(stored))
    settings, notices = load_settings(path)
    assert all(is_plain(notice) and len(notice) < 300 for notice in notices)
    assert len(notices) <= 11
    assert max(len(settings.recent), len(settings.users), len(settings.wall)) <= 100
    assert settings.output == Settings().output
    assert settings.background == "own"
    assert (settings.user, settings.window.width) == ("Me", 1240)
    choose_source(None, settings.source, [])
    choose_actor(None, settings.actor)
    save_settings(settings, path)
    assert load_settings(path) == (settings, [])


def test_a_recording_folder_that_is_a_file_is_not_used(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "settings.json").write_text(json.dumps({"recording_folder": str(tmp_path / "file")}))
    settings, (notice,) = load_settings(tmp_path / "settings.json")
    assert settings.recording_folder == ""
    assert "which is no folder" in notice


@needs_pipes
def test_settings_that_are_no_file_or_too_large_do_not_stop_the_start(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert len(load_settings(tmp_path / "pipe.json")[1]) == 1
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    assert len(load_settings(tmp_path / "zero.json")[1]) == 1
    (tmp_path / "large.json").write_text(json.dumps({"source": "x" * (2 << 20)}))
    assert load_settings(tmp_path / "large.json") == (
        Settings(), ["The settings were damaged: set aside as large.json.broken, using the defaults."]
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="file names there are Unicode")
def test_a_file_whose_name_is_not_utf8_is_remembered(tmp_path):
    name = os.fsdecode(b"/videos/\xff.mp4")
    save_settings(Settings(source=name, recent=(name,)), tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == (Settings(source=name, recent=(name,)), [])


@pytest.mark.parametrize("spec", ["x" * 300, "a\0b", "~nobody-of-that-name", "/" + "x/" * 3000])
def test_names_that_no_file_can_have_are_missing_ones(spec):
    assert choose_source(None, spec, ["Front"])[0] == "Front"
    assert choose_actor(None, spec)[0] is not None
    with pytest.raises(ActorFileError):
        choose_actor(spec, "")
    open_source(spec)  # a camera of that name, or a file, that will not be there
