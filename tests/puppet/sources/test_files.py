"""Video files as people bring them: odd names, pixels that are not square, HDR, interlaced, damaged ones."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from ffmpeg_texts import DESCRIPTION
from video_fixtures import ffmpeg, numbered, read_video, shown_number, write_video

from puppet.core.errors import SourceError
from puppet.core.types import Frame
from puppet.media.encoders import listed_encoders
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.hdr import TRANSFERS
from puppet.media.video_facts import PictureFacts, parse_facts, probe_video
from puppet.sources import files
from puppet.sources.files import VideoFile, claimed_frames
from puppet.sources.registry import open_source

LATIN = os.fsdecode(b"lat\xe9in.mp4")
linux = pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures, 0 to 19, at 30 per second."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", [numbered(n) for n in range(20)])


def frames_of(path: Path | str) -> list[Frame]:
    source = open_source(str(path), paced=False)
    source.open()
    frames = list(iter(source.read, None))
    source.close()
    return frames


def numbers_of(path: Path | str) -> list[int]:
    return [shown_number(frame.image) for frame in frames_of(path)]


def trouble_with(path: Path | str) -> str:
    with pytest.raises(SourceError) as caught:
        frames_of(path)
    return str(caught.value)


# --------------------------------------------------------------------------------- names


@linux
def test_a_name_that_is_not_utf8_plays(clip: Path, tmp_path: Path) -> None:
    (tmp_path / LATIN).write_bytes(clip.read_bytes())
    assert numbers_of(tmp_path / LATIN) == list(range(20))
    assert claimed_frames(tmp_path / LATIN) == 20
    assert probe_video(tmp_path / LATIN).pictures is not None
    assert "lat\\udce9in" in ascii(trouble_with(tmp_path / f"no {LATIN}"))


@pytest.mark.skipif(sys.platform == "win32", reason="not allowed in names there")
@pytest.mark.parametrize(
    "name", ["http:x.mp4", "-y.mp4", "a%03d.mp4", "two\nlines.mp4", "concat:a|b.mp4", "file:'\".mp4"]
)
def test_a_name_is_nothing_but_a_name(name: str, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(clip.read_bytes())
    assert numbers_of(name) == list(range(20))
    assert probe_video(Path(name)).pictures == probe_video(clip).pictures


def test_names_that_are_too_long_and_what_is_no_file(tmp_path: Path) -> None:
    assert "too long" in trouble_with("x" * 300 + ".mp4")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp4")  # opening it would wait for ever
        assert trouble_with(tmp_path / "pipe.mp4").endswith("pipe.mp4: not a file that can be read as a video")


# --------------------------------------------------------------------------------- pixels


@pytest.mark.parametrize(
    ("aspect", "turned", "size"),
    [
        ("4/3", False, (96, 213)),
        ("8/9", False, (96, 142)),
        ("64/45", False, (96, 228)),
        ("4/3", True, (213, 96)),  # the aspect is that of the picture as it lies in the file
        ("1/1000", False, (96, 160)),  # a mistake
        ("0/1", False, (96, 160)),
    ],
)
def test_pixels_become_square(aspect: str, turned: bool, size: tuple[int, int], clip: Path, tmp_path: Path) -> None:
    flat, path = tmp_path / "flat.mp4", tmp_path / "film.mp4"
    ffmpeg("-i", clip, "-frames:v", "3", "-vf", f"setsar={aspect}", flat)
    ffmpeg(*(["-display_rotation", "90"] if turned else []), "-i", flat, "-c", "copy", path)
    images = [frame.image for frame in frames_of(path)]
    assert [image.shape[:2] for image in images] == [size] * 3
    upright = [np.rot90(image, -1) if turned else image for image in images]
    assert [shown_number(image) for image in upright] == [0, 1, 2]


def planted_colours() -> np.ndarray:
    """SDR BGR (72, 96, 3), 0..1: grey from dark to light, skin, and one strong colour, no brighter than the knee."""
    colours = [[v, v, v] for v in (0.05, 0.2, 0.4, 0.6, 0.8)] + [[0.45, 0.55, 0.75], [0.3, 0.35, 0.5], [0.2, 0.3, 0.7]]
    return np.repeat(np.repeat(np.array(colours).reshape(2, 4, 3), 36, axis=0), 24, axis=1)


def signal_of(sdr: np.ndarray, transfer: str) -> np.ndarray:
    """RGB 0..1 for BT.1886 at 100 cd/m2 -> the BT.2020 HDR signal of the same light, by the standards' formulas."""
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # BT.2087
    nits = 100 * sdr**2.4 @ to_2020.T
    if transfer == "smpte2084":
        power = (nits / 10000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    luminance = (nits / 1000) @ np.array([0.2627, 0.6780, 0.0593])
    scene = nits / 1000 * luminance[..., None] ** (1 / 1.2 - 1)
    return np.where(
        scene <= 1 / 12,
        np.sqrt(3 * scene),
        0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
    )


def hdr_film(path: Path, transfer: str) -> Path:
    rgb = signal_of(planted_colours()[..., ::-1], transfer)
    raw = path.with_suffix(".raw")
    raw.write_bytes(np.round(rgb * 65535).astype("<u2").tobytes() * 5)
    tags = f"colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}:range=tv"
    ffmpeg("-f", "rawvideo", "-pixel_format", "rgb48le", "-video_size", "96x72", "-framerate", "30", "-i", raw,
           "-vf", f"scale=out_color_matrix=bt2020:out_range=tv,format=yuv444p10le,setparams={tags}",
           "-c:v", "ffv1", "-color_trc", transfer, "-color_primaries", "bt2020", "-colorspace", "bt2020nc",
           path)  # fmt: skip
    return path


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_hdr_looks_as_the_same_light_does_in_sdr(transfer: str, tmp_path: Path) -> None:
    film = hdr_film(tmp_path / "film.mkv", transfer)
    frames = frames_of(film)
    assert [round(frame.captured_at * 30) for frame in frames] == list(range(5))
    planted = 255 * planted_colours()
    error = np.abs(frames[2].image - planted)[12:60:36, 12::24]
    assert error.max() < 5
    grey = np.abs(read_video(film)[2] - planted)[12:60:36, 12::24]  # as it was decoded without regard to that
    assert grey.max() > 50


def test_lines_of_two_moments_become_one_picture(tmp_path: Path) -> None:
    """A white bar moves by 8 px from field to field."""
    film = tmp_path / "film.mkv"
    bar = "color=black:s=320x96:r=50:d=0.6[b];color=white:s=40x96:r=50:d=0.6[w];[b][w]overlay=x=8*n"
    ffmpeg("-filter_complex", f"{bar},tinterlace=mode=interleave_top,setfield=tff", "-c:v", "libx264", "-flags",
           "+ilme+ildct", "-crf", "10", film)  # fmt: skip

    def combed(image: np.ndarray) -> float:
        grey = image[..., 1].astype(int)
        return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())

    woven, whole = read_video(film), [frame.image for frame in frames_of(film)]
    assert len(whole) == len(woven) == 15
    assert combed(whole[7]) < 0.3 * combed(woven[7])


def test_what_opencv_cannot_decode_ffmpeg_may(clip: Path, tmp_path: Path) -> None:
    if "libsvtav1" not in listed_encoders(find_ffmpeg()):
        pytest.skip("this ffmpeg cannot write AV1, which OpenCV's wheel cannot read")
    ffmpeg("-loglevel", "fatal", "-i", clip, "-c:v", "libsvtav1", "-preset", "8", "-crf", "10", tmp_path / "film.mkv")
    frames = frames_of(tmp_path / "film.mkv")
    assert [shown_number(frame.image) for frame in frames] == list(range(20))
    assert [frame.captured_at for frame in frames] == pytest.approx([n / 30 for n in range(20)], abs=1e-3)


def test_the_decoder_is_let_go_of_half_way_and_begins_again(tmp_path: Path) -> None:
    source = VideoFile(hdr_film(tmp_path / "film.mkv", "smpte2084"), paced=False, loop=True)
    for _ in range(2):
        source.open()
        read = [source.read() for _ in range(7)]
        assert [frame.index for frame in read if frame is not None] == list(range(7))
        child = source._capture._child  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
        source.close()
        assert child.poll() is not None


# --------------------------------------------------------------------------------- what is in a file


def test_files_without_moving_pictures_say_what_they_have(clip: Path, tmp_path: Path) -> None:
    tone = ("-f", "lavfi", "-i", "sine=440:duration=0.3")
    ffmpeg(*tone, tmp_path / "song.m4a")
    ffmpeg(*tone, "-i", clip, "-map", "0", "-map", "1:v", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p",
           "-disposition:v", "attached_pic", tmp_path / "album.m4a")  # fmt: skip
    assert trouble_with(tmp_path / "song.m4a").endswith("song.m4a: there is sound in it, but no video")
    assert "there is sound and a cover picture in it, but no video" in trouble_with(tmp_path / "album.m4a")


def test_pictures_beyond_all_bounds_are_refused_before_they_are_decoded(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_PIXELS", 160 * 96 - 1)
    monkeypatch.setattr(files, "OpenCvVideo", lambda path: pytest.fail("was opened"))
    assert "160 x 96 px are larger than" in trouble_with(clip)


def test_dolby_vision_that_nobody_else_understands_is_refused_in_words(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = DESCRIPTION.replace("profile: 8", "profile: 5").replace("compatibility id: 4", "compatibility id: 0")
    assert parse_facts("", DESCRIPTION).pictures == PictureFacts(
        1, 1920, 1080, "arib-std-b67", "bt2020", "bt2020nc", hidden=True
    )
    monkeypatch.setattr(files, "probe_video", lambda path: parse_facts("", told))
    assert "Dolby Vision of profile 5" in trouble_with(clip)


def test_one_pixel_and_a_picture_that_changes_its_size(clip: Path, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=s=1x1:r=30:d=0.2", "-c:v", "ffv1", tmp_path / "one.mkv")
    assert {frame.image.shape for frame in frames_of(tmp_path / "one.mkv")} == {(1, 1, 3)}
    for name, size in (("a", "160x96"), ("b", "320x192")):
        ffmpeg("-i", clip, "-s", size, "-bf", "0", tmp_path / f"{name}.ts")
    (tmp_path / "both.ts").write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    frames = frames_of(tmp_path / "both.ts")
    numbers = [shown_number(frame.image) for frame in frames]
    assert numbers[:19] == list(range(19))
    assert numbers[-10:] == list(range(10, 20))  # OpenCV alone shows picture 18 to the end
    assert {frame.image.shape for frame in frames} == {(96, 160, 3)}
    times = [frame.captured_at for frame in frames]  # the second part's stamps begin anew
    assert np.diff(times) == pytest.approx(1 / 30, abs=0.08)


def test_a_damaged_beginning_costs_no_more_than_itself(clip: Path, tmp_path: Path) -> None:
    ffmpeg("-i", clip, "-g", "8", "-bf", "0", tmp_path / "whole.ts")
    data = (tmp_path / "whole.ts").read_bytes()
    packets = len(data) // 188
    (tmp_path / "cut.ts").write_bytes(data[188 * (packets // 5) :])
    frames = frames_of(tmp_path / "cut.ts")
    numbers = [shown_number(frame.image) for frame in frames]
    assert numbers == list(range(numbers[0], 20))
    assert 0 < numbers[0] <= 8
    assert frames[0].captured_at > 0.05  # later than what came first and cannot be decoded


# --------------------------------------------------------------------------------- time stamps


def test_pauses_are_kept_and_the_usual_distance_is_the_rate(clip: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-i", clip, "-vf", "setpts='if(gte(N,10),PTS+4000/TB,PTS)'", "-fps_mode", "passthrough", film)
    source = open_source(str(film), paced=False)
    source.open()
    times = [frame.captured_at for frame in iter(source.read, None)]
    assert source.fps == 30
    assert times == pytest.approx([n / 30 + 4000 * (n >= 10) for n in range(20)], abs=1e-3)
    source.close()


def timed(told: list[float], fps: float = 30.0, longest: float = 3600.0) -> list[float]:
    """What a `VideoFile` makes of these stamps."""
    source = VideoFile(Path("film.mp4"), paced=False, loop=False)
    source.fps, source._longest, source._raw_stamp, source._stamped = fps, longest, -1.0, False
    made: list[float] = []
    for stamp in told:
        made.append(source._time(stamp, made[-1] if made else -1.0))
    return made


def test_stamps_that_repeat_do_not_slow_the_film_down() -> None:
    pairs = [k // 2 / 15 for k in range(30)]  # two pictures for each stamp
    assert np.abs(np.array(timed(pairs, fps=15)) - pairs).max() < 1.5 / 15
    assert timed([0.0, 0.1, 0.2, 0.0, 0.1, 0.2], fps=10) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])  # joined files
    assert timed([0.0] * 4) == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30])  # no stamps at all
    assert timed([0.0, 0.033, 9e9, 0.1]) == pytest.approx([0, 0.033, 0.033 + 1 / 30, 0.1])


@pytest.mark.parametrize("kind", ["video", "picture", "folder"])
def test_a_file_that_goes_while_it_loops_ends_it_with_a_sentence(clip: Path, tmp_path: Path, kind: str) -> None:
    source_file = tmp_path / "talk.mp4"
    if kind == "video":
        shutil.copy(clip, source_file)
    else:
        source_file = tmp_path / "still"
        source_file.mkdir()
        cv2.imwrite(str(source_file / "1.png"), np.full((48, 64, 3), 128, np.uint8))
        source_file = source_file / "1.png" if kind == "picture" else source_file
    source = open_source(str(source_file), paced=False, loop=True)
    source.open()
    for _ in range(25 if kind == "video" else 3):  # in the second round
        assert source.read() is not None
    if source_file.is_dir():
        shutil.rmtree(source_file)
    else:
        source_file.unlink()
    with pytest.raises(SourceError) as told:
        list(itertools.islice(iter(source.read, None), 25))
    source.close()
    assert str(told.value) == f"{source_file}: {files.GONE}"


@linux
def test_a_file_that_may_no_longer_be_read_when_it_begins_again_is_told_too(clip: Path, monkeypatch) -> None:
    source = VideoFile(clip, paced=False, loop=True)
    source.open()

    def refuse(path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "open_checked", refuse)
    with pytest.raises(SourceError, match=r"clip\.mp4: .*nput/output error"):
        list(itertools.islice(iter(source.read, None), 25))
    source.close()
