import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_fixtures import NetworkCamera, RtspServer, ffmpeg, numbered, read_video, shown_number, write_video

from puppet.core.errors import SourceError
from puppet.core.protocols import Source
from puppet.sources import devices as devices_module
from puppet.sources.camera_format import CameraFormat
from puppet.sources.cameras import camera_picture
from puppet.sources.devices import Access, Camera, Devices, RequestedFormat, list_cameras, probe_device, unique_names
from puppet.sources.registry import DEMO_CLIP, SOURCES, SourceKind, open_source

WEBCAM, OTHER = Camera(0, "HD Webcam", "/dev/video0", 200), Camera(2, "Studio Cam", "/dev/video2", 200)


@dataclass
class FakeCapture:
    """A camera that sends numbered pictures. `goes_on`: what picture n is ("picture", "same", "fail" or "hang")."""

    opens: bool = True
    goes_on: Callable[[int], str] = lambda n: "picture"
    released: threading.Event = field(default_factory=threading.Event)
    count: int = 0
    shown: int = 0

    def isOpened(self) -> bool:
        return self.opens

    def grab(self) -> bool:
        self.released.wait(0.005)  # a quick camera
        what = self.goes_on(self.count)
        self.count += 1
        if what == "hang":
            HANGING.wait()
        self.shown = self.shown if what == "same" else self.count
        return what != "fail"

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, numbered(self.shown % 4096, 64, 48)

    def get(self, propId: int, /) -> float:
        return 25.0 if propId == cv2.CAP_PROP_FPS else 0.0

    def set(self, propId: int, value: float, /) -> bool:
        return False

    def release(self) -> None:
        self.released.set()


HANGING = threading.Event()  # what a hung camera waits for; set when a test ends


@pytest.fixture(autouse=True)
def _no_camera_hangs_for_ever() -> Iterator[None]:
    HANGING.clear()
    yield
    HANGING.set()


def fake_devices(camera: FakeCapture | None = None, access: Access = "present", **changes) -> Devices:
    """Two listed cameras; every capture is `camera`."""
    camera = camera or FakeCapture()
    fake = Devices(
        cameras=lambda: [WEBCAM, OTHER],
        probe=lambda index: access,
        capture=lambda target, backend, properties: camera,
        backends=(200,),
        open_within=20.0,
        frozen_after=10.0,
    )
    return replace(fake, **changes)


def last_words(source: Source) -> SourceError:
    """The error that reading an open source ends with."""
    with pytest.raises(SourceError) as caught:
        list(iter(source.read, None))
    return caught.value


@pytest.fixture
def network_camera() -> Iterator[NetworkCamera]:
    camera = NetworkCamera()
    yield camera
    camera.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures, 0 to 9, at 30 per second."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", [numbered(n) for n in range(10)])


def frames_of(source: Source, most: int = 1000) -> list:
    """Open, read to the end (or `most` frames), close."""
    source.open()
    frames = []
    while len(frames) < most and (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def trouble_with(source: Source, most: int = 10_000) -> SourceError:
    """The error that opening or reading ends with."""
    with pytest.raises(SourceError) as caught:
        frames_of(source, most)
    source.close()
    return caught.value


# --------------------------------------------------------------------------------- every kind


def example(kind: SourceKind, clip: Path, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A specification that works here, for every kind in the registry; a new kind adds its own."""
    if kind.name == "url":
        return request.getfixturevalue("network_camera").url
    if kind.name == "pictures":
        for n in range(5):
            cv2.imwrite(str(tmp_path / f"{n}.png"), numbered(n))
        return str(tmp_path)
    if kind.name == "demo" and not DEMO_CLIP.exists():
        pytest.skip("the demo clip is not in the checkout")
    return {"demo": "demo", "video": str(clip), "camera": "HD Webcam"}[kind.name]


@pytest.mark.parametrize("paced", [True, False])
@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: kind.name)
def test_every_source_keeps_the_contract(kind: SourceKind, paced: bool, clip, tmp_path, request):
    spec = example(kind, clip, tmp_path, request)
    assert next(k for k in SOURCES if k.takes(spec)) is kind
    devices = fake_devices() if kind.name == "camera" else Devices()
    source = open_source(spec, paced=paced, devices=devices)
    assert source.read() is None  # not opened yet
    for _ in range(2):  # and again after closing
        frames = frames_of(source, 5)
        assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
        for frame in frames:
            assert frame.image.dtype == np.uint8
            assert frame.image.ndim == 3
            assert frame.image.shape[2] == 3
            assert not frame.image.flags.writeable
        times = [frame.captured_at for frame in frames]
        assert times == sorted(times)
        assert source.name
        assert 1 <= source.fps <= 240
        assert source.frame_count is None or source.frame_count >= 5
        source.close()  # closed already
        assert source.read() is None
    if source.live or paced:
        assert abs(times[-1] - time.perf_counter()) < 60  # the app's clock


# --------------------------------------------------------------------------------- video files


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


def test_naming_nothing_is_an_error():
    with pytest.raises(SourceError, match="No source was named"):
        open_source(" ")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(clip: Path, tmp_path: Path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(clip.read_bytes())
    secret.chmod(0)
    assert trouble_with(open_source(str(secret))).kind == "denied"


# --------------------------------------------------------------------------------- image folders


def test_a_folder_in_natural_order_without_what_is_no_image(tmp_path: Path):
    for n in (1, 2, 10, 9, 100):
        cv2.imwrite(str(tmp_path / f"Shot {n}.png"), numbered(n, 80 + n, 48))  # sizes may differ
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "Shot 3.png").write_text("no image either")
    (tmp_path / "folder.png").mkdir()
    source = open_source(str(tmp_path), paced=False)
    frames = frames_of(source)
    assert [shown_number(frame.image) for frame in frames] == [1, 2, 9, 10, 100]
    assert [frame.captured_at for frame in frames] == pytest.approx([n / 30 for n in range(5)])
    assert frames[0].image.shape == (48, 81, 3)


def test_one_image_is_a_source_of_one_frame_and_may_loop(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "face.png"), numbered(7)[:, :, 0])  # grey: comes as BGR
    assert [shown_number(f.image) for f in frames_of(open_source(str(tmp_path / "face.png"), paced=False))] == [7]
    looped = frames_of(open_source(str(tmp_path / "face.png"), paced=False, loop=True), 4)
    assert [frame.captured_at for frame in looped] == pytest.approx([n / 30 for n in range(4)])


def test_a_folder_without_images_is_empty(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no image")
    error = trouble_with(open_source(str(tmp_path)))
    assert error.kind == "empty"
    assert str(tmp_path) in str(error)


# --------------------------------------------------------------------------------- cameras


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


def test_device_files_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "video0").touch()
    assert probe_device(str(tmp_path / "video0")) == "present"
    assert probe_device(str(tmp_path / "video1")) == "absent"
    for number, access in ((13, "denied"), (1, "denied"), (16, "busy"), (19, "absent")):  # EACCES EPERM EBUSY ENODEV
        monkeypatch.setattr(devices_module.os, "open", lambda *_, number=number: _raise(OSError(number, "planted")))
        assert probe_device("/dev/video0") == access


def _raise(problem: Exception):
    raise problem


def test_equal_names_are_numbered():
    twins = [Camera(0, "Cam", "", 1), Camera(2, "Cam", "", 1), Camera(4, "Other", "", 1)]
    assert [camera.name for camera in unique_names(twins)] == ["Cam", "Cam #2", "Other"]


def test_listing_the_cameras_of_this_machine_gives_unique_names():
    names = [camera.name for camera in list_cameras()]
    assert len(set(names)) == len(names)


# --------------------------------------------------------------------------------- network


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


def test_reading_the_clip_another_way_gives_the_same_pictures(clip: Path):
    """The truth about the test's own clip: a plain OpenCV loop."""
    ours = [frame.image for frame in frames_of(open_source(str(clip), paced=False))]
    assert all(np.array_equal(a, b) for a, b in zip(ours, read_video(clip), strict=True))


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
