"""Which encoders work here: probing, with fakes and for real."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from puppet.core.errors import RecordingError
from puppet.media import encoders
from puppet.media.codecs import (
    X264,
    Codec,
)
from puppet.media.encoders import available_codecs, choose_encoder, encoder_works, listed_encoders, trial_arguments
from puppet.media.ffmpeg_child import find_ffmpeg

posix = pytest.mark.skipif(sys.platform == "win32", reason="the fake ffmpeg is a shell script")
LISTING = """ V....D {} made for a test
 A....D aac                  AAC
"""


@pytest.fixture(autouse=True)
def _ask_anew() -> None:
    for question in (listed_encoders, encoder_works):
        question.cache_clear()


def fake(tmp_path: Path, working: str, names: tuple[str, ...] = ("h264_nvenc", "h264_qsv", "libx264")) -> str:
    """An ffmpeg that lists `names`, and fails to encode with anything but `working`; it counts its calls."""
    path = tmp_path / "ffmpeg"
    listing = "".join(LISTING.format(name) for name in names)
    path.write_text(
        f"#!/bin/sh\necho call >> {tmp_path}/calls\n"
        f"case \"$*\" in\n*-encoders*) cat <<'END'\n{listing}END\n;;\n*{working}*) ;;\n*) exit 1;;\nesac\n"
    )
    path.chmod(0o755)
    return str(path)


@posix
def test_a_hardware_encoder_is_used_only_when_it_really_encodes_and_is_asked_once(tmp_path: Path) -> None:
    executable = fake(tmp_path, "h264_qsv")
    for _ in range(3):
        assert choose_encoder(executable, Codec.H264).name == "h264_qsv"
    assert (tmp_path / "calls").read_text().count("call") == 3  # the list, NVENC in vain, Quick Sync
    assert choose_encoder(executable, Codec.H264, hardware=False) is X264
    assert available_codecs(executable) == (Codec.H264,)
    with pytest.raises(RecordingError, match="cannot encode ProRes; choose H.264"):
        choose_encoder(executable, Codec.PRORES)


@posix
def test_without_hardware_x264_is_used(tmp_path: Path) -> None:
    assert choose_encoder(fake(tmp_path, "libx264"), Codec.H264) is X264


@posix
def test_an_encoder_that_hangs_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ffmpeg"
    listing = LISTING.format("h264_nvenc")
    path.write_text(f"#!/bin/sh\ncase \"$*\" in *-encoders*) echo '{listing}';; *) exec tail -f /dev/null;; esac\n")
    path.chmod(0o755)
    monkeypatch.setattr(encoders, "TRIAL_SECONDS", 0.5)
    assert choose_encoder(str(path), Codec.H264) is X264


def test_an_ffmpeg_that_cannot_be_asked_is_left_to_x264(tmp_path: Path) -> None:
    assert choose_encoder(str(tmp_path / "none"), Codec.H264) is X264


def test_a_trial_encodes_ten_frames(tmp_path: Path) -> None:
    arguments = trial_arguments(find_ffmpeg(), X264)
    counted = subprocess.run([*arguments[:-3], "-f", "framecrc", "-"], capture_output=True, text=True, timeout=60)
    assert len(re.findall(r"^0,", counted.stdout, re.M)) == 10
    assert subprocess.run(arguments, timeout=60).returncode == 0


def test_the_real_ffmpeg_is_probed_without_an_error() -> None:
    chosen = choose_encoder(find_ffmpeg(), Codec.H264)
    assert chosen.codec is Codec.H264
    assert encoder_works(find_ffmpeg(), chosen)
