"""Recordings made plain files."""

from pathlib import Path

from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.remux import remux


def test_a_remux_that_fails_keeps_the_file(tmp_path: Path):
    path = tmp_path / "take.mp4"
    path.write_bytes(b"no video at all")
    assert not remux(path, find_ffmpeg())
    assert path.read_bytes() == b"no video at all"
    assert list(tmp_path.iterdir()) == [path]
