"""A recording whose folder disappears, or whose ffmpeg dies: noticed, and what was recorded is kept."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from folders import names, posix, remove
from video_fixtures import numbered, read_video, shown_number, until

from puppet.media import recorder
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder
from puppet.storage import orphaned_files

pytestmark = pytest.mark.usefixtures("own_folder")


def record(take: Recorder, start: int = 0, count: int = 60) -> None:
    for number in range(start, start + count):
        take.write(numbered(number), number / 30)


@posix
@pytest.mark.parametrize("goes_on", [True, False], ids=["with pictures", "without"])
def test_a_folder_that_goes_while_recording_is_noticed_and_the_take_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goes_on: bool
) -> None:
    monkeypatch.setattr(orphaned_files, "videos_folder", lambda: tmp_path / "videos")
    take = Recorder(RecordingSettings(tmp_path / "stick" / "take.mp4"), wait=True)
    record(take)
    until(lambda: take.path.stat().st_size > 0)
    remove(tmp_path / "stick")
    gone_at, number = time.monotonic(), 60
    while take.error is None and time.monotonic() < gone_at + 30:
        if goes_on:
            record(take, number, 1)
            number += 1
        time.sleep(0.02)
    recording = take.close()
    assert take.error is not None
    assert f"its folder {tmp_path / 'stick'} is gone" in str(take.error)
    assert f"kept in {tmp_path / 'videos' / 'take.mp4'}" in str(take.error)
    assert recording.path == tmp_path / "videos" / "take.mp4"
    kept = [shown_number(image) for image in read_video(recording.path)]
    assert kept[:60] == list(range(60))
    assert names(tmp_path / "videos") == {"take.mp4"}
    assert not (tmp_path / "stick").exists()


@posix
def test_an_ffmpeg_that_dies_is_noticed_though_no_picture_comes(tmp_path: Path) -> None:
    """As on a disk that can be written no more."""
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\nhead -c 40000 > /dev/null\nexit 3\n")
    fake.chmod(0o755)
    take = Recorder(RecordingSettings(tmp_path / "take.mp4"), executable=str(fake))
    take.write(numbered(0), 0.0)
    until(lambda: take.error is not None)
    assert recorder.LOOK_EVERY <= 1  # s; so within two
    take.close()
    assert not (tmp_path / "take.mp4").exists()


@posix
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the new name of an open file")
def test_a_folder_that_is_renamed_while_recording_keeps_the_take(tmp_path: Path) -> None:
    take = Recorder(RecordingSettings(tmp_path / "a" / "take.mp4"), wait=True)
    record(take)
    until(lambda: take.path.stat().st_size > 0)
    (tmp_path / "a").rename(tmp_path / "b")
    until(lambda: take.error is not None)
    assert take.close().path == tmp_path / "b" / "take.mp4"
    assert [shown_number(image) for image in read_video(tmp_path / "b" / "take.mp4")][:60] == list(range(60))
