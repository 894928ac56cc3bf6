"""Names of new files."""

import re
from pathlib import Path

from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder
from puppet.storage.names import new_recording_path, with_free_name


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
