"""The first pass goes on where it was interrupted, as long as footage and options are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_footage import planted_tools, talking_clip
from prepared import kept_frames

from models.data.prepare import Options, prepare


def interrupted(footage: Path, output: Path) -> Path:
    """A run that stopped while tracking; returns the side file."""

    def stop(i: int) -> None:
        if i == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([footage], output, Options(size=32), planted_tools(talking_clip(), on_read=stop))
    return output.with_name("data.h5.tracked")


def test_a_torn_record_is_tracked_again(footage: Path, output: Path) -> None:
    side_file = interrupted(footage, output)
    with side_file.open("r+b") as file:
        file.truncate(side_file.stat().st_size - 100)
    tracked: list[int] = []
    prepare([footage], output, Options(size=32), planted_tools(talking_clip(), tracked))
    assert tracked == list(range(49, 160))
    assert kept_frames(output) == list(range(160))


def test_other_footage_or_options_start_anew(footage: Path, output: Path) -> None:
    interrupted(footage, output)
    tracked: list[int] = []
    prepare([footage], output, Options(size=32, every=2), planted_tools(talking_clip(), tracked))
    assert tracked == list(range(0, 160, 2))
    for path in output.parent.iterdir():
        path.unlink()

    interrupted(footage, output)
    footage.write_bytes(b"replaced")
    tracked.clear()
    prepare([footage], output, Options(size=32), planted_tools(talking_clip(), tracked))
    assert tracked == list(range(160))
