"""Cameras and network streams as sources: which one is opened, and what goes wrong."""

import re
import socket
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from fake_cameras import FakeCapture, fake_devices
from source_readers import frames_of, last_words, trouble_with
from video_fixtures import NetworkCamera, RtspServer, numbered, shown_number, write_video

from puppet.sources.camera_format import CameraFormat
from puppet.sources.cameras import camera_picture
from puppet.sources.devices import Access, Camera, Devices, RequestedFormat
from puppet.sources.registry import open_source


@pytest.mark.parametrize(
    ("spec", "name", "index"),
    [
        ("0", "HD Webcam", 0),
        ("2", "Studio Cam", 2),
        ("/dev/video2", "Studio Cam", 2),
        ("studio cam", "Studio Cam", 2),
        ("webcam", "HD Webcam", 0),
        ("5", "camera 5", 5),  # not listed, but perhaps there
    ],
)
def test_cameras_by_index_and_name(spec: str, name: str, index: int):
    opened: list[int | str] = []
    camera = FakeCapture()
    devices = fake_devices(capture=lambda target, backend, properties: (opened.append(target), camera)[1])
    source = open_source(spec, devices=devices)
    frames = frames_of(source, 3)
    assert (source.name, opened, source.live, source.fps) == (name, [index], True, 25.0)
    assert shown_number(frames[0].image) >= 1
    assert camera.released.wait(10)


def test_an_unknown_name_lists_the_cameras_there_are():
    error = trouble_with(open_source("Integrated", devices=fake_devices()))
    assert error.kind == "absent"
    assert "'Integrated'" in str(error)
    assert "0: HD Webcam, 2: Studio Cam" in str(error)


def test_an_ambiguous_name_asks_for_the_number():
    assert "Several cameras fit 'cam'" in str(trouble_with(open_source("cam", devices=fake_devices())))


def test_the_next_back_end_is_tried_with_its_own_index():
    """The first back end opens without a picture; the second lists the same camera under another index."""
    tried: list[tuple[int | str, int]] = []

    def capture(target: int | str, backend: int, properties) -> FakeCapture:
        tried.append((target, backend))
        return FakeCapture(goes_on=lambda n: "fail" if backend == 1400 else "picture")

    listed = [Camera(0, "HD Webcam", "", 1400), Camera(0, "Virtual", "", 700), Camera(1, "HD Webcam", "", 700)]
    devices = fake_devices(capture=capture, cameras=lambda: listed, backends=(1400, 700))
    assert len(frames_of(open_source("HD Webcam", devices=devices), 2)) == 2
    assert tried == [(0, 1400), (1, 700)]


@pytest.mark.parametrize(
    ("access", "words"),
    [("absent", "not connected"), ("denied", "access denied"), ("busy", "in use by another program")],
)
def test_a_camera_that_cannot_be_had(access: Access, words: str):
    error = trouble_with(open_source("0", devices=fake_devices(access=access)))
    assert error.kind == access
    assert "HD Webcam" in str(error)
    assert words in str(error)


@pytest.mark.parametrize(
    "capture",
    [FakeCapture(opens=False), FakeCapture(goes_on=lambda n: "fail"), FakeCapture(goes_on=lambda n: "hang")],
    ids=["does not open", "no picture", "hangs"],
)
def test_a_camera_that_gives_no_picture_is_busy(capture: FakeCapture, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "linux")
    error = trouble_with(open_source("0", devices=fake_devices(capture, open_within=1.0)))
    assert error.kind == "busy"
    assert "another program is probably using it" in str(error)


def test_a_camera_whose_reads_fail_was_unplugged():
    error = trouble_with(open_source("0", devices=fake_devices(FakeCapture(goes_on=lambda n: "fail" if n > 5 else ""))))
    assert error.kind == "unplugged"
    assert "plug it in again" in str(error)


def test_a_camera_whose_device_vanished_was_unplugged():
    capture = FakeCapture(goes_on=lambda n: "hang" if n > 5 else "picture")
    there = iter([True])
    devices = fake_devices(capture, probe=lambda index: "present" if next(there, False) else "absent", frozen_after=0.3)
    assert trouble_with(open_source("0", devices=devices)).kind == "unplugged"


def test_a_camera_that_blocks_is_frozen():
    capture = FakeCapture(goes_on=lambda n: "hang" if n > 5 else "picture")
    error = trouble_with(open_source("0", devices=fake_devices(capture, frozen_after=0.3)))
    assert error.kind == "frozen"
    assert "no picture" in str(error)


def test_a_camera_that_repeats_itself_is_frozen():
    capture = FakeCapture(goes_on=lambda n: "same" if n > 5 else "picture")
    error = trouble_with(open_source("0", devices=fake_devices(capture, frozen_after=0.3)))
    assert error.kind == "frozen"
    assert "very same picture" in str(error)


def test_a_damaged_picture_now_and_then_is_normal():
    capture = FakeCapture(goes_on=lambda n: "fail" if n % 3 else "picture")
    assert len(frames_of(open_source("0", devices=fake_devices(capture)), 5)) == 5


def test_a_camera_comes_back_after_it_was_plugged_in_again():
    captures = iter([FakeCapture(goes_on=lambda n: "fail" if n > 5 else "picture"), FakeCapture()])
    devices = fake_devices(capture=lambda target, backend, properties: next(captures))
    source = open_source("0", devices=devices)
    assert trouble_with(source).kind == "unplugged"
    assert len(frames_of(source, 5)) == 5


def test_a_slow_reader_gets_the_newest_picture():
    capture = FakeCapture()
    source = open_source("0", devices=fake_devices(capture))
    source.open()
    source.read()
    while capture.count < 30:
        capture.released.wait(0.01)
    frame = source.read()
    source.close()
    assert frame is not None
    assert frame.index == 1
    assert shown_number(frame.image) >= 28


QUICK = Devices(open_within=15.0, frozen_after=2.0)


def test_an_mjpeg_stream_ends_when_the_phone_goes_away(network_camera: NetworkCamera):
    source = open_source(network_camera.url, devices=QUICK)
    source.open()
    numbers = [shown_number(frame.image) for frame in (source.read() for _ in range(20)) if frame]
    assert len(numbers) == 20
    assert numbers == sorted(set(numbers))
    assert source.live
    network_camera.stop.set()
    assert last_words(source).kind == "unplugged"
    source.close()
    network_camera.stop.clear()
    assert len(frames_of(source, 5)) == 5  # and comes back


def test_a_stream_that_falls_silent_is_frozen(network_camera: NetworkCamera):
    source = open_source(network_camera.url, devices=QUICK)
    source.open()
    assert source.read() is not None
    network_camera.stall.set()
    assert last_words(source).kind in ("frozen", "unplugged")  # ours or ffmpeg's time limit came first
    source.close()


@pytest.mark.parametrize(("path", "kind"), [("/nothing", "absent"), ("/secret", "denied")])
def test_a_wrong_address_is_told(network_camera: NetworkCamera, path: str, kind: str):
    error = trouble_with(open_source(network_camera.root + path, devices=QUICK))
    assert error.kind == kind
    assert path in str(error)


def test_nobody_there_and_no_password_in_the_message():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = trouble_with(open_source(f"http://me:pass@127.0.0.1:{port}/video", devices=QUICK))
    assert error.kind == "absent"
    assert f"http://127.0.0.1:{port}/video" in str(error)
    assert "pass@" not in str(error)


def test_a_server_that_says_nothing_does_not_hang():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/video"
        error = trouble_with(open_source(url, devices=replace(QUICK, open_within=0.5)))
    assert error.kind in ("absent", "unreadable")
    assert re.search("nobody answers|not with a video", str(error))


def test_rtsp(tmp_path: Path):
    clip = write_video(tmp_path / "clip.mp4", [numbered(n) for n in range(600)])  # 20 s: it must not begin anew
    server = RtspServer(clip)
    source = open_source(server.url, devices=QUICK)
    try:
        numbers = [shown_number(frame.image) for frame in frames_of(source, 10)]
        assert len(numbers) == 10
        assert numbers == sorted(set(numbers))
        assert numbers[-1] < 600
    finally:
        server.close()


def test_a_camera_is_asked_for_what_is_wanted_at_the_moment():
    wish, asked = RequestedFormat(), []

    def capture(target, backend, properties):
        asked.append(dict(properties))
        return FakeCapture()

    source = open_source("0", devices=fake_devices(capture=capture, camera_format=wish.current))
    source.open()
    source.close()
    wish.change(CameraFormat(640, 480, 60))
    source.open()
    source.close()
    sizes = [(a[cv2.CAP_PROP_FRAME_WIDTH], a[cv2.CAP_PROP_FRAME_HEIGHT], a[cv2.CAP_PROP_FPS]) for a in asked]
    assert sizes == [(1280, 720, 30), (640, 480, 60)]


def test_the_picture_of_a_camera_is_not_its_first_and_the_camera_is_let_go():
    camera = FakeCapture()
    image = camera_picture("0", fake_devices(camera))
    assert shown_number(image) >= 5
    assert camera.released.wait(5)
