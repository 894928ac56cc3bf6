"""Names for new files."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from puppet.core.errors import NameTakenError
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder
from puppet.storage.names import free_name, new_recording_path, numbered, with_free_name


def test_names_are_numbered_without_end(tmp_path: Path) -> None:
    names = [path.name for path in itertools.islice(numbered(tmp_path / "a.b.mp4", "_"), 3)]
    assert names == ["a.b.mp4", "a.b_2.mp4", "a.b_3.mp4"]


def test_the_first_free_name_is_taken_a_dead_link_counts(tmp_path: Path) -> None:
    assert free_name(tmp_path / "a.mp4").name == "a.mp4"
    (tmp_path / "a.mp4").touch()
    (tmp_path / "a-2.mp4").symlink_to(tmp_path / "nowhere")
    assert free_name(tmp_path / "a.mp4").name == "a-3.mp4"


def test_a_maker_is_asked_again_while_names_are_taken(tmp_path: Path) -> None:
    asked: list[str] = []

    def make(path: Path) -> str:
        asked.append(path.name)
        if len(asked) < 3:
            raise NameTakenError
        return "made"

    assert with_free_name(tmp_path / "a.mp4", make) == "made"
    assert asked == ["a.mp4", "a_2.mp4", "a_3.mp4"]


def test_names_carry_date_time_and_actor_and_never_repeat(tmp_path: Path):
    names = []
    for _ in range(3):
        named = new_recording_path(tmp_path, "Marble / ../Head")
        recorder = with_free_name(named, lambda path: Recorder(RecordingSettings(path)))
        recorder.close()
        recorder.path.touch()
        names.append(recorder.path.name)
    assert len(set(names)) == 3
    for name in names:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_Marble-Head(_\d+)?\.mp4", name)
    assert new_recording_path(tmp_path, "..").name.endswith("_actor.mp4")


def test_a_name_of_wide_letters_fits_into_a_file_name(tmp_path: Path) -> None:
    name = new_recording_path(tmp_path, "\U00010330" * 64).name
    assert len(name.encode()) < 200
    assert "\U00010330" in name
