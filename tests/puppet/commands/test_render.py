"""Offline rendering with a planted driver, real ffmpeg, the real pipeline and a tiny actor."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import driven
import numpy as np
import pytest
from driven import SIZE, PlantedTracker, driver_clip
from tiny_actor import LOWER_LIP
from video_fixtures import ffmpeg, numbered, read_video, shown_number, told

from puppet import cli
from puppet.commands import performance, render
from puppet.core.types import Face, Frame
from puppet.engine.options import StepOptions
from puppet.face import align
from puppet.face.neutral import neutral_from_face
from puppet.output.settings import OutputSettings

DRIVER, ACTOR = OutputSettings("driver"), OutputSettings("actor")

pytestmark = pytest.mark.usefixtures("tracker")


def test_every_frame_comes_out_once_in_order_at_the_same_rate(
    tmp_path: Path, actor: str, tracker: PlantedTracker
) -> None:
    clip = driver_clip(tmp_path / "in.mp4", frames=40, fps=24)
    rendered = render.render(str(clip), tmp_path / "out.mp4", actor=actor, outputs=DRIVER)
    assert [shown_number(image) for image in read_video(tmp_path / "out.mp4")] == list(range(40))
    assert (rendered.frames_read, rendered.frames, rendered.faces) == (40, 40, 40)
    capture = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(24)
    assert tracker.closed


def test_side_by_side_shows_the_driver_left_and_a_moving_actor_right(tmp_path: Path, actor: str) -> None:
    clip = driver_clip(tmp_path / "in.mp4", frames=30)
    render.render(str(clip), tmp_path / "out.mp4", actor=actor, options=StepOptions(smoothing=0))
    pictures = read_video(tmp_path / "out.mp4")
    assert len(pictures) == 30
    width = pictures[0].shape[1]
    right = np.stack([picture[:, width * 2 // 3 :] for picture in pictures]).astype(float)
    assert pictures[0].shape[1] > SIZE[0]
    assert right.std(axis=0).max() > 10  # the tiny actor's chequered square moves with the planted yaw


def test_frames_that_the_actors_footage_does_not_show_are_counted(
    tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In ten of forty frames the mouth stands open by a quarter of an eye distance; the tiny actor knows a tenth."""

    class WideOpen(PlantedTracker):
        def track(self, frame: Frame) -> Face | None:
            face = super().track(frame)
            if face is None or not 20 <= frame.index < 30:
                return face
            canonical = face.canonical.copy()
            canonical[LOWER_LIP, 1] += 0.25
            return Face(align.place(canonical, face.pose), face.pose, canonical)

    monkeypatch.setattr(performance, "video_tracker", lambda still, library: WideOpen())
    monkeypatch.setattr(performance.Performance, "neutral", lambda performance: neutral_from_face(driven.face(0)))
    clip = driver_clip(tmp_path / "in.mp4", frames=40)
    rendered = render.render(str(clip), tmp_path / "out.mp4", actor=actor, options=StepOptions(smoothing=0))
    assert rendered.strange == 10
    assert rendered.summary().endswith("25 % of those beyond what the actor's footage shows")


def test_the_actor_alone_never_shows_the_driver(tmp_path: Path, actor: str) -> None:
    clip = driver_clip(tmp_path / "in.mp4", frames=12)
    render.render(str(clip), tmp_path / "out.mp4", actor=actor, outputs=ACTOR)
    pictures = np.stack(read_video(tmp_path / "out.mp4"))
    assert pictures.shape[0] == 12
    assert pictures.shape[1] == pictures.shape[2]  # the tiny actor's picture is square, the driver's is not
    assert pictures.max() < 235  # the driver's pictures are pure black and white, the tiny actor is neither


def test_the_name_of_the_file_chooses_container_and_codec(
    tmp_path: Path, actor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = driver_clip(tmp_path / "silent.mp4", frames=12)
    ffmpeg("-i", clip, "-f", "lavfi", "-i", "sine=440:duration=0.4", "-c:v", "copy", tmp_path / "in.mp4")
    given = ["render", str(tmp_path / "in.mp4"), "--actor", actor, "--layout", "driver", "--software", "-o"]
    for name, video, audio in (("a.webm", "vp9", "opus"), ("a.mkv", "h264", "flac"), ("a.mov", "h264", "pcm_s16le")):
        assert cli.main([*given, str(tmp_path / name)]) == 0
        assert [shown_number(image) for image in read_video(tmp_path / name)] == list(range(12))
        words = told(tmp_path / name)
        assert (f"Video: {video}" in words, f"Audio: {audio}" in words) == (True, True), words
        assert "The driver of a performance with Puppet" in words
    capsys.readouterr()
    assert cli.main([*given, str(tmp_path / "b.webm"), "--codec", "h264"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "b.webm: H.264 recordings are MP4, M4V, MOV or MKV files" in said
    assert "or the codec VP9, AV1 or VP9 with alpha" in said
    assert not (tmp_path / "b.webm").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_names_that_are_not_utf8_are_read_written_and_told(
    tmp_path: Path, actor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [os.fsdecode(b"lat\xe9in"), "two\nlines", "-b%d"]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        driver_clip(folder / "clip.mp4", frames=8).rename(folder / f"{name}.mp4")
    assert cli.main(["render", str(folder), "-o", str(tmp_path / "out"), "--actor", actor, "--jobs", "1"]) == 0
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert all(path.stat().st_size > 1000 for path in (tmp_path / "out").iterdir())
    out = capsys.readouterr().out
    assert out.count("\n") == 3
    assert "lat\\udce9in.mp4: 8 frames" in out
    assert "two lines.mp4: 8 frames" in out


def test_a_clip_or_picture_without_a_face_is_an_error_and_leaves_no_file(
    tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: PlantedTracker(blind=range(99)))
    clip, picture = driver_clip(tmp_path / "in.mp4"), tmp_path / "in.png"
    cv2.imwrite(str(picture), numbered(3))
    for given in (clip, picture):
        assert cli.main(["render", str(given), "-o", str(tmp_path / "out.mp4"), "--actor", actor]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith(f"puppet: {given.name}: no face was seen in ")
        assert not list(tmp_path.glob("*out*"))


def test_frames_without_a_face_are_rendered_too(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: PlantedTracker(blind=range(10, 20)))
    rendered = render.render(str(driver_clip(tmp_path / "in.mp4")), tmp_path / "out.mp4", actor=actor)
    assert (rendered.faces, rendered.frames) == (20, 30)


def test_an_image_folder_is_rendered_in_natural_order(tmp_path: Path, actor: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k in range(12):
        cv2.imwrite(str(folder / f"{k}.png"), numbered(k, *SIZE))
    render.render(str(folder), tmp_path / "out.mp4", actor=actor, outputs=DRIVER)
    assert [shown_number(image) for image in read_video(tmp_path / "out.mp4")] == list(range(12))


def test_every_bad_input_is_one_line_and_code_2(tmp_path: Path, actor: str, capsys: pytest.CaptureFixture[str]) -> None:
    clip, text, file = driver_clip(tmp_path / "in.mp4"), tmp_path / "text.mp4", tmp_path / "file"
    text.write_text("this is no video")
    file.write_text("")
    out = tmp_path / "out.mp4"
    cases = {
        "missing.mp4": [str(tmp_path / "missing.mp4"), "-o", str(out), "--actor", actor],
        "text.mp4": [str(text), "-o", str(out), "--actor", actor],
        "nobody": [str(clip), "-o", str(out), "--actor", "nobody"],
        f"Cannot write to {file}": [str(clip), "-o", str(file / "out.mp4"), "--actor", actor],
        "out.avi": [str(clip), "-o", str(tmp_path / "out.avi"), "--actor", actor],
        "never ends": ["http://127.0.0.1:9/", "-o", str(out), "--actor", actor],
    }
    for named, given in cases.items():
        assert cli.main(["render", *given]) == 2, named
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1, said
        assert named in said
        assert not out.exists()


def test_a_single_frame_is_told_as_one(tmp_path: Path, actor: str) -> None:
    clip = driver_clip(tmp_path / "in.mp4", frames=1)
    said = render.render(str(clip), tmp_path / "out.mp4", actor=actor, outputs=DRIVER).summary()
    assert "out.mp4: 1 frame, " in said
    assert "100.0 % of 1 frame, " in said
