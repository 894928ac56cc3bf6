"""Offline rendering with a planted driver, real ffmpeg, the real pipeline and a tiny actor."""

from __future__ import annotations

import os
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

import cv2
import driven
import numpy as np
import pytest
from driven import SIZE, PlantedTracker, driver_clip, interrupted_at
from tiny_actor import LOWER_LIP, tiny_actor
from video_fixtures import clicks, decode, ffmpeg, numbered, read_video, shown_number, sound_of, told

from puppet import cli
from puppet.commands import render
from puppet.core.errors import RecordingError, SourceError
from puppet.core.types import Face, Frame, HeadPose, Result
from puppet.engine.puppeteer import StepOptions
from puppet.face import align
from puppet.face.identity import CONTRASTS, SHAPE_LANDMARKS
from puppet.face.neutral import Neutral, infer_neutral, neutral_from_face
from puppet.face.shots import FaceSighting
from puppet.media.frame_times import film_times
from puppet.output.settings import OutputSettings

DRIVER, ACTOR = OutputSettings("driver"), OutputSettings("actor")


@pytest.fixture
def actor(tmp_path: Path) -> str:
    return str(tiny_actor(tmp_path / "tiny.actor"))


@pytest.fixture(autouse=True)
def tracker(monkeypatch: pytest.MonkeyPatch) -> PlantedTracker:
    planted = PlantedTracker()
    monkeypatch.setattr(render, "_make_tracker", lambda source: planted)
    return planted


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

    monkeypatch.setattr(render, "_make_tracker", lambda source: WideOpen())
    monkeypatch.setattr(render.Performance, "neutral", lambda performance: neutral_from_face(driven.face(0)))
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


def test_a_variable_frame_rate_keeps_its_timing(tmp_path: Path, actor: str) -> None:
    steady, varied = driver_clip(tmp_path / "steady.mp4", frames=30), tmp_path / "varied.mp4"
    stretch = "setpts='if(lt(N,15),N,15+(N-15)*3)/30/TB'"  # the second half at a third of the rate
    ffmpeg("-i", steady, "-vf", stretch, "-fps_mode", "vfr", "-bf", "0", varied)
    rendered = render.render(str(varied), tmp_path / "out.mp4", actor=actor, outputs=DRIVER)
    assert rendered.frames_read == 30
    assert rendered.seconds == pytest.approx((15 + 15 * 3) / 30, abs=0.12)
    shown = [shown_number(image) for image in read_video(tmp_path / "out.mp4")]
    assert shown == sorted(shown)
    assert set(shown) == set(range(30))  # every frame has its place
    rate = rendered.frames / rendered.seconds
    assert rate == pytest.approx(30)
    assert shown[round(0.25 * rate)] == pytest.approx(7.5, abs=1.6)  # frame at 0.25 s
    assert shown[round(1.25 * rate)] == pytest.approx(15 + (1.25 * 30 - 15) / 3, abs=1.6)


def test_the_sound_is_kept(tmp_path: Path, actor: str) -> None:
    clip = driver_clip(tmp_path / "silent.mp4", frames=30)
    ffmpeg("-i", clip, "-f", "lavfi", "-i", "sine=440:duration=1", "-c:v", "copy", tmp_path / "in.mp4")
    assert render.render(str(tmp_path / "in.mp4"), tmp_path / "out.mp4", actor=actor).sound
    assert not render.render(str(clip), tmp_path / "quiet.mp4", actor=actor).sound
    assert ("Audio: aac" in told(tmp_path / "out.mp4"), "Audio" in told(tmp_path / "quiet.mp4")) == (True, False)
    assert len(read_video(tmp_path / "out.mp4")) == 30
    assert sorted(p.name for p in tmp_path.glob(".*")) == []


@pytest.mark.parametrize("late", [0.0, 0.4], ids=["together", "pictures later"])
def test_a_clap_is_heard_when_it_is_seen(late: float, tmp_path: Path, actor: str) -> None:
    """The clap is frame 15; in the second clip the pictures begin 0.4 s after the sound."""
    clip = driver_clip(tmp_path / "silent.mp4", frames=45)
    sound = np.zeros(round(48_000 * (1.5 + late)), np.int16)
    clap = round(48_000 * (late + 15 / 30))
    sound[clap : clap + 48] = 20_000
    with wave.open(str(tmp_path / "clap.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    both = ("-itsoffset", str(late), "-i", clip, "-i", tmp_path / "clap.wav")
    ffmpeg(*both, "-c:v", "copy", "-c:a", "pcm_s16le", tmp_path / "in.mkv")
    render.render(str(tmp_path / "in.mkv"), tmp_path / "out.mp4", actor=actor, outputs=DRIVER)
    pictures, stamps = decode(tmp_path / "out.mp4")
    seen = next(at for picture, at in zip(pictures, stamps, strict=True) if shown_number(picture) == 15)
    assert seen == pytest.approx(0.5, abs=1e-3)
    assert clicks(sound_of(tmp_path / "out.mp4")) == pytest.approx([seen], abs=0.02)


def paused(clip: Path, pause: float, path: Path, sound: Path | None = None) -> Path:
    """`clip` without pictures for so many seconds before its frame 15, as screen recorders write it."""
    times = f"setpts='if(gte(N,15),PTS+{pause}/TB,PTS)'"
    heard = ["-i", sound, "-map", "0:v", "-map", "1:a", "-c:a", "pcm_s16le"] if sound else []
    ffmpeg("-i", clip, *heard, "-vf", times, "-fps_mode", "passthrough", "-c:v", "libx264", "-bf", "2", path)
    return path


def clap_at(second: float, seconds: float, path: Path) -> Path:
    """A WAV file of silence with one click."""
    sound = np.zeros(round(48_000 * seconds), np.int16)
    sound[round(48_000 * second) :][:48] = 20_000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path


@pytest.mark.parametrize(("pause", "suffix"), [(5, ".mp4"), (75, ".mkv"), (20, ".ts")])
def test_a_pause_keeps_its_length_and_the_rate_is_that_of_the_rest(
    pause: int, suffix: str, tmp_path: Path, actor: str
) -> None:
    """The picture after the pause comes with a clap."""
    clip = driver_clip(tmp_path / "steady.mp4", frames=30)
    wav = clap_at(pause + 0.5, pause + 1, tmp_path / "clap.wav")
    film = paused(clip, pause, tmp_path / f"film{'.mkv' if suffix == '.ts' else suffix}", wav)
    if suffix == ".ts":
        ffmpeg("-i", film, "-c:v", "copy", "-c:a", "mp2", film.with_suffix(".ts"))
    rendered = render.render(str(film.with_suffix(suffix)), tmp_path / "out.mp4", actor=actor, outputs=DRIVER)
    assert rendered.frames_read == 30
    assert (rendered.frames, rendered.seconds) == (30 * (pause + 1), pytest.approx(pause + 1))
    shown = [shown_number(image) for image in read_video(tmp_path / "out.mp4")]
    assert shown == [*range(15), *[14] * (30 * pause), *range(15, 30)]
    assert clicks(sound_of(tmp_path / "out.mp4")) == pytest.approx([pause + 0.5], abs=0.03)


def test_the_last_picture_stays_for_as_long_as_the_file_says(tmp_path: Path, actor: str) -> None:
    """A screen recorder that is stopped while nothing moves."""
    clip = driver_clip(tmp_path / "steady.mp4", frames=20)
    late = "setpts='if(eq(N,19),3/TB,PTS)'"
    ffmpeg("-i", clip, "-vf", late, "-fps_mode", "passthrough", "-bf", "0", tmp_path / "long.mp4")
    # the stamp of picture 19 becomes the end of picture 18: a cut leaves a file whose last picture is the long one
    ffmpeg("-i", tmp_path / "long.mp4", "-c", "copy", "-frames:v", "19", tmp_path / "film.mp4")
    rendered = render.render(str(tmp_path / "film.mp4"), tmp_path / "out.mp4", actor=actor, outputs=DRIVER)
    assert rendered.frames_read == 19
    assert rendered.seconds == pytest.approx(3, abs=0.05)
    assert [shown_number(image) for image in read_video(tmp_path / "out.mp4")][17:] == [17, *[18] * 72]


def test_a_beginning_that_cannot_be_decoded_does_not_shift_the_sound(tmp_path: Path, actor: str) -> None:
    """The file begins in the middle of a group of pictures; the clap is frame 25."""
    clip = driver_clip(tmp_path / "steady.mp4", frames=40)
    ffmpeg("-i", clip, "-g", "20", "-bf", "0", tmp_path / "whole.ts")
    data = (tmp_path / "whole.ts").read_bytes()
    (tmp_path / "cut.ts").write_bytes(data[188 * (len(data) // 188 // 5) :])
    ffmpeg("-i", tmp_path / "cut.ts", "-c", "copy", "-copyinkf", tmp_path / "cut.mkv")
    first = 40 - len(film_times(tmp_path / "cut.mkv").times)
    assert 0 < first < 20
    wav = clap_at((25 - first) / 30, 40 / 30, tmp_path / "clap.wav")
    both = ("-i", tmp_path / "cut.mkv", "-i", wav, "-c:v", "copy", "-copyinkf", "-c:a", "pcm_s16le")
    ffmpeg(*both, tmp_path / "film.mkv")
    rendered = render.render(str(tmp_path / "film.mkv"), tmp_path / "out.mp4", actor=actor, outputs=DRIVER)
    assert rendered.frames_read == 20
    pictures, stamps = decode(tmp_path / "out.mp4")
    seen = next(at for picture, at in zip(pictures, stamps, strict=True) if shown_number(picture) == 25)
    assert clicks(sound_of(tmp_path / "out.mp4")) == pytest.approx([seen], abs=0.03)


def test_the_track_that_is_marked_as_default_is_heard(tmp_path: Path, actor: str) -> None:
    clip = driver_clip(tmp_path / "silent.mp4", frames=30)
    sounds = ("-f", "lavfi", "-i", "anullsrc=d=1:cl=5.1", "-f", "lavfi", "-i", "sine=880:duration=1")
    marked = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    ffmpeg("-i", clip, *sounds, "-map", "0", "-map", "1", "-map", "2", "-c:v", "copy", *marked, tmp_path / "in.mp4")
    assert render.render(str(tmp_path / "in.mp4"), tmp_path / "out.mp4", actor=actor).sound
    assert np.abs(sound_of(tmp_path / "out.mp4").astype(int)).mean() > 500


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
    assert "or the codec VP9 or AV1" in said
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
    monkeypatch.setattr(render, "_make_tracker", lambda source: PlantedTracker(blind=range(99)))
    clip, output = driver_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    output.write_bytes(b"precious")
    with pytest.raises(SourceError, match="no face"):
        render.render(str(clip), output, actor=actor, force=True)
    assert output.read_bytes() == b"precious"
    with pytest.raises(RecordingError, match="is the video"):
        render.render(str(clip), clip, actor=actor, force=True)


def test_a_clip_or_picture_without_a_face_is_an_error_and_leaves_no_file(
    tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(render, "_make_tracker", lambda source: PlantedTracker(blind=range(99)))
    clip, picture = driver_clip(tmp_path / "in.mp4"), tmp_path / "in.png"
    cv2.imwrite(str(picture), numbered(3))
    for given in (clip, picture):
        assert cli.main(["render", str(given), "-o", str(tmp_path / "out.mp4"), "--actor", actor]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith(f"puppet: {given.name}: no face was seen in ")
        assert not list(tmp_path.glob("*out*"))


def test_frames_without_a_face_are_rendered_too(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "_make_tracker", lambda source: PlantedTracker(blind=range(10, 20)))
    rendered = render.render(str(driver_clip(tmp_path / "in.mp4")), tmp_path / "out.mp4", actor=actor)
    assert (rendered.faces, rendered.frames) == (20, 30)


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
    monkeypatch.setattr(render, "_make_tracker", lambda source: PlantedTracker(interrupt_at=12))
    clip, output = driver_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    assert cli.main(["render", str(clip), "-o", str(output), "--actor", actor]) == 130
    assert not output.exists()


def test_the_neutral_comes_from_the_whole_clip(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clip begins with the head turned by 25 degrees, but it is held straight for most of the time."""
    yaws = [25.0] * 5 + [0.0] * 25
    monkeypatch.setattr(driven, "yaw_of", lambda number: yaws[number])
    poses = []

    class Watched(render.Puppeteer):
        def step(self, frame: Frame) -> Result:
            result = super().step(frame)
            assert result.latent is not None
            poses.append(float(result.latent.values[0]) * 30)  # the tiny actor's first latent is yaw / 30
            return result

    monkeypatch.setattr(render, "Puppeteer", Watched)
    render.render(
        str(driver_clip(tmp_path / "in.mp4")), tmp_path / "out.mp4", actor=actor, options=StepOptions(smoothing=0)
    )
    assert poses == pytest.approx(yaws, abs=1.0)


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


# --- shots ---


def performed(parts: list[tuple[float, float, float]], scenes: Sequence[int] = ()) -> render.Performance:
    """(who, seconds, px per eye distance), with a cut between them; the whole at 30 fps. scenes: numbers of the later
    pictures."""
    points, seen, cuts = [], [], []
    for who, seconds, scale in parts:
        cuts.append(len(points))
        for k in range(round(seconds * 30)):
            shape = driven.neutral()
            shape[LOWER_LIP, 1] += 0.02 * np.sin(k / 4) + 0.1 * who
            pose = HeadPose(align.rotation_of(np.array([4 * np.sin(k / 7), 0, 0])), scale, np.array([90.0, 70.0, 0.0]))
            points.append(align.place(shape, pose))
            told = np.full(3 * len(SHAPE_LANDMARKS), who, np.float32) if k % 4 == 0 else None
            look = None if told is None else np.r_[told, np.zeros(3 * len(CONTRASTS) + 2, np.float32)]
            seen.append(FaceSighting(len(points) - 1, len(points) / 30, (90.0, 70.0, 2 * scale), look))
    return render.Performance(points, cuts[1:], seen, scenes)


def test_every_shot_has_its_usual_pose_and_every_person_their_rest() -> None:
    neutrals = performed([(0.0, 4, 40), (0.8, 4, 30), (0.0, 4, 60), (0.0, 4, 40)]).neutrals()
    first, other, nearer, again = (neutrals[start] for start in (0, 120, 240, 360))
    assert [round(one.pose.scale) for one in (first, other, nearer, again)] == [40, 30, 60, 40]
    np.testing.assert_array_equal(first.landmarks, nearer.landmarks)
    assert first.pose is again.pose
    apart = other.landmarks[LOWER_LIP, 1] - first.landmarks[LOWER_LIP, 1]
    assert apart.mean() == pytest.approx(0.08, abs=0.02)


def test_a_short_shot_borrows_the_rest_but_not_how_the_head_is_held() -> None:
    neutrals = performed([(0.0, 4, 40), (0.8, 4, 40), (0.8, 0.7, 60)]).neutrals()
    np.testing.assert_array_equal(neutrals[240].landmarks, neutrals[120].landmarks)
    assert neutrals[240].pose.scale == pytest.approx(60, rel=0.02)


def test_short_shots_that_go_to_and_fro_are_taken_together() -> None:
    parts = [(0.0, 1.0, 40.0), (0.8, 1.0, 60.0)] * 4
    neutrals = performed(parts, [1, 0, 1, 0, 1, 0, 1]).neutrals()
    first, second = list(neutrals.values())[0], neutrals[30]
    assert {k for k, one in neutrals.items() if one.landmarks is first.landmarks} == {0, 60, 120, 180}
    assert {k for k, one in neutrals.items() if one.pose is second.pose} == {30, 90, 150, 210}


def test_without_a_cut_the_neutral_is_that_of_the_whole_clip() -> None:
    performance = performed([(0.0, 8, 40)])
    whole = infer_neutral([align.face_of(points) for points in performance.points if points is not None])
    (neutral,) = performance.neutrals().values()
    np.testing.assert_array_equal(neutral.landmarks, whole.landmarks)
    assert neutral.pose.scale == whole.pose.scale


def test_a_shot_begins_with_its_own_neutral(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    performance = performed([(0.0, 2, 40), (0.8, 2, 60)])
    begun: list[float] = []

    class Watched(render.Puppeteer):
        def begin_shot(self, neutral: Neutral | None) -> None:
            assert neutral is not None
            begun.append(round(neutral.pose.scale))
            super().begin_shot(neutral)

    monkeypatch.setattr(render, "Puppeteer", Watched)
    monkeypatch.setattr(render, "_follow", lambda source: performance)
    rendered = render.render(str(driver_clip(tmp_path / "in.mp4", frames=120)), tmp_path / "out.mp4", actor=actor)
    assert begun == [40, 60]
    assert rendered.frames == 120
