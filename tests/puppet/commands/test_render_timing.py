"""Pictures and sound keep their times, whatever the driver's file says of them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from driven import driver_clip
from video_fixtures import clicks, decode, ffmpeg, read_video, shown_number, sound_of, told

from puppet.commands import render
from puppet.media.frame_times import probe_frame_times
from puppet.output.settings import OutputSettings

pytestmark = pytest.mark.usefixtures("tracker")

DRIVER, ACTOR = OutputSettings("driver"), OutputSettings("actor")


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
    first = 40 - len(probe_frame_times(tmp_path / "cut.mkv").times)
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
