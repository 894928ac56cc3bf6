"""Opening a video opens that file alone, whatever it is called and whatever is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile_servers import Canary
from playlists import leading_to
from video_fixtures import ffmpeg, numbered, shown_number, write_video

from puppet.core.errors import SourceError
from puppet.media import video_formats
from puppet.media.ffmpeg_arguments import remux_arguments, video_input
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.frame_times import probe_frame_times
from puppet.media.opencv_video import OpenCvVideo
from puppet.provenance.xmp import Provenance
from puppet.sources import files
from puppet.sources.files import VideoFile
from puppet.sources.registry import open_source

OTHERS_MARK = 1234  # the number that the pictures of the other file show


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that no other file may lead to."""
    return write_video(tmp_path_factory.mktemp("other") / "other.mp4", [numbered(OTHERS_MARK)] * 30)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "avi", "m3u8", "ffconcat"])
@pytest.mark.parametrize("kind", list(leading_to(Path("x"))))
def test_a_list_of_files_is_told_and_not_followed(kind: str, suffix: str, other: Path):
    path = other.with_name(f"list.{suffix}")
    path.write_bytes(leading_to(other)[kind])
    with pytest.raises(SourceError, match="playlist") as caught:
        open_source(str(path)).open()
    assert caught.value.kind == "unreadable"
    assert path.name in str(caught.value)


@pytest.mark.parametrize("mark", [b"FLV\x01", b"GIF8", b"OggS"])
def test_a_session_under_the_mark_of_a_film_opens_no_port(mark: bytes, tmp_path: Path, monkeypatch):
    """OpenCV's ffmpeg would take it for SDP, and wait for what comes from the network."""
    film = tmp_path / "film.mp4"
    film.write_bytes(mark + b"\nv=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\n\rc=IN IP4 127.0.0.1\nm=video 45678 RTP/AVP 96\n")
    monkeypatch.setattr(files, "OpenCvVideo", lambda path: pytest.fail("was opened"))
    for text in (film.read_bytes(), film.read_bytes().replace(b"c=IN IP4", b"x=IN IP4")):  # known as a list; by ffmpeg
        film.write_bytes(text)
        with pytest.raises(SourceError):
            VideoFile(film, paced=False, loop=False).open()
    assert files.claimed_frames(film) is None


def test_a_list_behind_a_tag_is_not_opened(other: Path):
    """ffmpeg passes over an ID3 tag and takes what follows for what it looks like."""
    tag = b"ID3\x04\0\0\0\0\x07\x68" + b"".join(b"G" + b"x" * 187 for _ in range(6))[:1000]
    path = other.with_name("tagged.mp4")
    path.write_bytes(tag + leading_to(other)["hls"])
    with pytest.raises(SourceError, match="not a video"):
        open_source(str(path)).open()


@pytest.mark.parametrize("kind", ["ffconcat", "hls", "dash"])
def test_ffmpeg_is_not_led_elsewhere_either(kind: str, other: Path):
    path = other.with_name("list.m3u8" if kind == "hls" else "list.mp4")
    path.write_bytes(leading_to(other)[kind])
    assert probe_frame_times(path).times == ()
    arguments = remux_arguments(find_ffmpeg(), other, other.with_name("out.mp4"), Provenance(), sound=path)
    done = subprocess.run(arguments, timeout=60, check=False)
    assert done.returncode != 0
    assert len(probe_frame_times(other).times) == 30


def referring(film: bytes, to: str) -> bytes:
    """An MP4 with its index at the end whose data reference is an alias (QuickTime File Format, "alis") of another."""
    alias = bytes(10) + b"\x05Music".ljust(28, b"\0") + bytes(12) + b"\x09other.mp4".ljust(64, b"\0") + bytes(16)
    alias += b"\0\1\0\1" + bytes(16) + b"\0\2" + len(to).to_bytes(2, "big") + to.encode() + b"\xff\xff\0\0"
    own = film.index(b"\0\0\0\x0curl \0\0\0\x01")
    entry = (12 + len(alias)).to_bytes(4, "big") + b"alis" + bytes(4) + alias
    made = bytearray(film[:own] + entry + film[own + 12 :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = made.rindex(name, 0, own) - 4
        size = int.from_bytes(made[place : place + 4], "big") + len(entry) - 12
        made[place : place + 4] = size.to_bytes(4, "big")
    return bytes(made)


@pytest.mark.parametrize("form", ["{0}/other.mp4", "/other.mp4", "http://{1}/other.mp4", "http:{1}/other.mp4"])
def test_a_film_that_refers_to_another(form: str, other: Path):
    """Its pictures are said to lie in another file, or on another host: then there are none."""
    canary = Canary()
    made = other.with_name("made.mp4")
    ffmpeg("-i", write_video(other.with_name("seven.mp4"), [numbered(7)] * 30), "-c", "copy", made)
    path = other.with_name("film.mp4")
    path.write_bytes(referring(made.read_bytes(), form.format(other.parent, canary.places[0]).replace("/", ":")))
    with pytest.raises(SourceError):
        open_source(str(path), paced=False).open()
    path.write_bytes(referring(made.read_bytes(), form.format(other.parent, canary.places[0])))
    with pytest.raises(SourceError):
        open_source(str(path), paced=False).open()
    probe_frame_times(path)
    canary.close()
    assert canary.asked == 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("name", ["a%03d.jp2", "concat:other.mp4|other.mp4", "http:x.mp4", "-y.mp4", "data:x,y.mkv"])
def test_a_name_that_looks_like_something_else(name: str, other: Path, tmp_path: Path):
    film = write_video(tmp_path / "film.mp4", [numbered(7)] * 5)
    write_video(tmp_path / "other.mp4", [numbered(OTHERS_MARK)] * 5)
    (tmp_path / "a001.jp2").write_bytes(b"no picture")
    path = film.rename(tmp_path / name)
    capture = OpenCvVideo(path)
    assert capture.grab()
    good, image = capture.retrieve()
    assert good
    assert shown_number(image) == 7
    opened = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _there(fd)]
    assert [file for file in opened if file.startswith(str(tmp_path))] == [str(path)]
    capture.release()
    assert not capture.isOpened()
    assert not capture.grab()
    assert len(probe_frame_times(path).times) in (0, 5)  # ffmpeg refuses what is called like a series of pictures


def _there(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")


CONTAINERS = {  # and what ffmpeg is told to make one
    **dict.fromkeys(["mp4", "mov", "mkv", "avi", "ts", "m2ts", "gif", "h264"], []),
    **dict.fromkeys(["webm", "ivf"], ["-c:v", "libvpx"]),
    **dict.fromkeys(["mpg", "mxf"], ["-c:v", "mpeg2video"]),
    "ogv": ["-c:v", "libtheora"],
    "flv": ["-c:v", "flv"],
    "wmv": ["-c:v", "wmv2"],
    "nut": ["-c:v", "mpeg4"],
    "y4m": ["-pix_fmt", "yuv420p"],
    "3gp": ["-c:v", "libx264"],
    "mjpeg": ["-pix_fmt", "yuvj420p"],
    "m1v": ["-c:v", "mpeg1video"],
    "m4v": ["-c:v", "mpeg4", "-f", "m4v"],
    "fmp4": ["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov"],
}


@pytest.mark.parametrize("suffix", list(CONTAINERS))
def test_what_people_have_plays(suffix: str, tmp_path: Path):
    film = write_video(tmp_path / "made.mp4", [numbered(7)] * 6, fps=25)
    path = tmp_path / f"film.{suffix}"
    ffmpeg("-i", film, "-an", *CONTAINERS[suffix], path)
    head = path.read_bytes()[: video_formats.HEAD]
    assert video_formats.format_of(head) in video_formats.FORMATS
    assert not video_formats.is_playlist(head)
    source = open_source(str(path), paced=False)
    source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    assert frame.image.shape == (96, 160, 3)
    assert len(probe_frame_times(path).times) >= 5


def test_a_pipe_does_not_wait_for_its_writer(tmp_path: Path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(SourceError) as caught:
        open_source(str(tmp_path / "pipe.mp4")).open()
    assert caught.value.kind == "unreadable"


def test_what_ffmpeg_may_read():
    arguments = video_input(Path("a.mp4"))
    assert arguments[:2] == ["-protocol_whitelist", "file"]
    assert arguments[-2:] == ["-i", "file:a.mp4"]
    assert not set(arguments[3].split(",")) & {
        "hls",
        "concat",
        "dash",
        "sdp",
        "image2",
        "rtsp",
        "lavfi",
        "imf",
        "avisynth",
    }


@pytest.mark.parametrize("size", [188, 192, 204])
def test_a_transport_stream_may_begin_anywhere(size: int):
    packets = b"".join(b"\x47" + bytes([n % 7] * (size - 1)) for n in range(6))
    assert video_formats.format_of(packets[100:]) == "mpegts"
    assert video_formats.format_of(np.random.default_rng(1).integers(0, 70, 4000).astype(np.uint8).tobytes()) is None
