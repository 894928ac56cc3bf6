"""Videos as sources: their frames, times, pacing and looping."""

import os
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from source_readers import frames_of, trouble_with
from video_fixtures import ffmpeg, numbered, read_video, shown_number, write_video

from puppet.sources.registry import open_source


def test_a_clip_of_ten_frames_comes_back_as_ten_frames(clip: Path):
    source = open_source(str(clip), paced=False)
    frames = frames_of(source)
    assert [shown_number(frame.image) for frame in frames] == list(range(10))
    assert [frame.captured_at for frame in frames] == pytest.approx([n / 30 for n in range(10)])
    assert source.live is False
    assert source.fps == pytest.approx(30.0)
    assert source.frame_count == 10


def test_variable_frame_rate_keeps_its_own_times(clip: Path, tmp_path: Path):
    """Pictures 0 to 4 stand for 40 ms each, the others for 200 ms."""
    uneven = tmp_path / "uneven.mp4"
    times = "if(lt(N,5),N*0.04,0.2+(N-5)*0.2)/TB"
    ffmpeg("-i", clip, "-vf", f"settb=1/1000,setpts='{times}'", "-fps_mode", "passthrough", "-enc_time_base", "1:1000",
           "-bf", "0", uneven)  # fmt: skip
    frames = frames_of(open_source(str(uneven), paced=False))
    assert [shown_number(frame.image) for frame in frames] == list(range(10))
    planted = [n * 0.04 for n in range(5)] + [0.2 + n * 0.2 for n in range(5)]
    assert [frame.captured_at for frame in frames] == pytest.approx(planted, abs=0.002)


def test_reordered_frames_come_in_order_with_their_times(clip: Path, tmp_path: Path):
    ffmpeg("-i", clip, "-c:v", "libx264", "-bf", "3", tmp_path / "reordered.mp4")
    frames = frames_of(open_source(str(tmp_path / "reordered.mp4"), paced=False))
    assert [shown_number(frame.image) for frame in frames] == list(range(10))
    assert [frame.captured_at for frame in frames] == pytest.approx([n / 30 for n in range(10)], abs=0.002)


def test_a_file_without_times_gets_them_from_its_rate(clip: Path, tmp_path: Path):
    raw = tmp_path / "bare.h264"
    ffmpeg("-i", clip, "-c:v", "libx264", "-bf", "0", raw)
    frames = frames_of(open_source(str(raw), paced=False))
    times = [frame.captured_at for frame in frames]
    assert [shown_number(frame.image) for frame in frames] == list(range(10))
    assert all(later > earlier for earlier, later in zip(times, times[1:], strict=False))


def test_pacing_puts_frames_at_their_due_times(clip: Path):
    """Due times are exact whatever the machine does; a frame never comes before its own."""
    source = open_source(str(clip))
    source.open()
    first = source.read()
    assert first is not None
    for n in range(1, 10):
        frame = source.read()
        assert frame is not None
        late_by = frame.captured_at - first.captured_at - n / 30
        assert late_by == pytest.approx(0, abs=1e-6) or late_by > 0.4  # or a very slow machine, which starts anew
        assert time.perf_counter() >= frame.captured_at - 0.001
    assert source.read() is None
    source.close()


def test_looping_goes_on_with_number_and_time(clip: Path):
    source = open_source(str(clip), paced=False, loop=True)
    frames = frames_of(source, 25)
    assert [frame.index for frame in frames] == list(range(25))
    assert [shown_number(frame.image) for frame in frames] == [n % 10 for n in range(25)]
    assert [frame.captured_at for frame in frames] == pytest.approx([n / 30 for n in range(25)])
    assert source.frame_count is None


def test_rotation_in_the_metadata_is_honoured(tmp_path: Path):
    """A clip with a white top left corner, marked as turned; ffmpeg itself shows where that corner belongs."""
    lying = np.zeros((90, 160, 3), np.uint8)
    lying[:30, :50] = 255
    write_video(tmp_path / "lying.mp4", [lying] * 3)
    ffmpeg("-display_rotation", "90", "-i", tmp_path / "lying.mp4", "-c", "copy", tmp_path / "turned.mp4")
    ffmpeg("-i", tmp_path / "turned.mp4", "-frames:v", "1", tmp_path / "truth.png")
    truth = cv2.imread(str(tmp_path / "truth.png"))
    frame = frames_of(open_source(str(tmp_path / "turned.mp4"), paced=False))[0]
    assert truth is not None
    assert frame.image.shape == truth.shape == (160, 90, 3)
    assert np.abs(frame.image.astype(int) - truth).mean() < 2


def test_closing_from_another_thread_wakes_a_reader(tmp_path: Path):
    slow = write_video(tmp_path / "slow.mp4", [numbered(n) for n in range(4)], fps=1)
    source = open_source(str(slow))
    source.open()
    read: list = [source.read()]
    reader = threading.Thread(target=lambda: read.append(source.read()))  # due in a second
    reader.start()
    source.close()
    reader.join(10)
    assert not reader.is_alive()
    assert read[0].index == 0
    assert source.read() is None


def test_a_truncated_video_gives_what_is_there(clip: Path, tmp_path: Path):
    """A fragmented file cut in the middle, as after a crash."""
    whole = write_video(tmp_path / "whole.mp4", [numbered(n) for n in range(90)])
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 2 // 3])
    numbers = [shown_number(frame.image) for frame in frames_of(open_source(str(whole), paced=False))]
    assert 30 <= len(numbers) < 90
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("note.mp4", b"just a text\n" * 50, "unreadable"),
        ("empty.mp4", b"", "unreadable"),
        ("cut.mp4", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08free", "unreadable"),
        ("note.png", b"just a text", "unreadable"),
        ("missing.mp4", None, "absent"),
        ("missing/", None, "absent"),
        ("missing.png", None, "absent"),
    ],
)
def test_files_that_are_no_videos(name: str, content: bytes | None, kind: str, tmp_path: Path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    error = trouble_with(open_source(str(tmp_path / name)))
    assert error.kind == kind
    assert name.rstrip("/") in str(error)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(clip: Path, tmp_path: Path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(clip.read_bytes())
    secret.chmod(0)
    assert trouble_with(open_source(str(secret))).kind == "denied"


def test_reading_the_clip_another_way_gives_the_same_pictures(clip: Path):
    """The truth about the test's own clip: a plain OpenCV loop."""
    ours = [frame.image for frame in frames_of(open_source(str(clip), paced=False))]
    assert all(np.array_equal(a, b) for a, b in zip(ours, read_video(clip), strict=True))
