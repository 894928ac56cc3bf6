"""No file is replaced or left behind that should not be, and Ctrl-C keeps what was made."""

from __future__ import annotations

from pathlib import Path

import pytest
from driven import PlantedTracker, driver_clip, interrupted_at
from video_fixtures import read_video, shown_number

from puppet import cli
from puppet.commands import performance, render
from puppet.core.errors import RecordingError, SourceError
from puppet.output.settings import OutputSettings

pytestmark = pytest.mark.usefixtures("tracker")


def test_an_existing_file_is_not_touched_without_force(tmp_path: Path, actor: str) -> None:
    clip, output = driver_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    output.write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"out\.mp4 exists already.*--force"):
        render.render(str(clip), output, actor=actor)
    assert output.read_bytes() == b"precious"
    render.render(str(clip), output, actor=actor, force=True)
    assert len(read_video(output)) == 30
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4", "tiny.actor"]


def test_force_with_every_layout_does_not_stumble_over_what_an_interrupted_run_left(tmp_path: Path, actor: str) -> None:
    clip = driver_clip(tmp_path / "driver.mp4", frames=5)
    (tmp_path / "out_driver.mp4").write_bytes(b"old")
    (tmp_path / "out.new_actor.mp4").write_bytes(b"left")
    separate = OutputSettings("separate", hardware=False)
    render.render(str(clip), tmp_path / "out.mp4", actor=actor, force=True, outputs=separate)
    made = {path.name for path in tmp_path.glob("out*")}
    assert made == {"out_actor.mp4", "out_driver.mp4", "out_side-by-side.mp4", "out.new_actor.mp4"}
    assert len(read_video(tmp_path / "out_driver.mp4")) == 5
    assert (tmp_path / "out.new_actor.mp4").read_bytes() == b"left"


def test_force_loses_nothing_when_there_is_nothing_to_render(
    tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: PlantedTracker(blind=range(99)))
    clip, output = driver_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    output.write_bytes(b"precious")
    with pytest.raises(SourceError, match="no face"):
        render.render(str(clip), output, actor=actor, force=True)
    assert output.read_bytes() == b"precious"
    with pytest.raises(RecordingError, match="is the video"):
        render.render(str(clip), clip, actor=actor, force=True)


def test_ctrl_c_keeps_what_was_rendered(
    tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(render, "Puppeteer", interrupted_at(12))
    clip, output = driver_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    given = ["render", str(clip), "-o", str(output), "--actor", actor, "--layout", "driver"]
    assert cli.main(given) == 130
    assert not output.exists()
    part = tmp_path / "out.part.mp4"
    shown = [shown_number(image) for image in read_video(part)]
    assert shown[:12] == list(range(12))
    assert len(shown) <= 13
    assert f"are in {part}" in capsys.readouterr().err


def test_ctrl_c_before_the_first_picture_leaves_no_file(
    tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: PlantedTracker(interrupt_at=12))
    clip, output = driver_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    assert cli.main(["render", str(clip), "-o", str(output), "--actor", actor]) == 130
    assert not output.exists()
