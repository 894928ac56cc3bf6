"""What listens along: recent results, clips, the virtual camera, disk space, and the one object that holds them."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow  # mediapipe brings it
from video_fixtures import numbered, result_of, shown_number, until

from puppet.core.errors import CameraOutputError, RecordingError, SoundError
from puppet.core.types import Frame, Portrait, Result
from puppet.media.codecs import X264
from puppet.output import disk as disk_module
from puppet.output import virtual_camera as camera_module
from puppet.output.clips import clip_arguments
from puppet.output.disk import DiskSpace, disk_space
from puppet.output.live_outputs import Outputs
from puppet.output.pre_roll import RecentResults
from puppet.output.settings import OutputSettings
from puppet.output.virtual_camera import VirtualCamera


def played(number: int, at: float, side: int = 96) -> Result:
    actor = Portrait(np.ascontiguousarray(numbered(number, side, side)))
    return Result(Frame(numbered(number), number, at), None, None, actor, None)


# --- recent results ---


def test_the_last_seconds_are_kept_and_no_more() -> None:
    recent = RecentResults(2.0)
    for number in range(150):
        recent.write(played(number, number / 30))
    assert [result.frame.index for result in recent.last(9.0)] == list(range(89, 150))
    assert [result.frame.index for result in recent.last(0.11)] == [146, 147, 148, 149]
    assert recent.span == pytest.approx(2.0)
    recent.keep(0.5)
    assert recent.span == pytest.approx(0.5)
    recent.keep(9.0, spacing=0.06)
    for number in range(150, 160):
        recent.write(played(number, number / 30))
    assert [result.frame.index for result in recent.last(9.0)][-5:] == [151, 153, 155, 157, 159]


def test_for_clips_alone_large_pictures_are_kept_small_and_never_reach_a_take() -> None:
    recent = RecentResults(3.0)
    recent.keep(3.0, height=24)
    one = played(7, 0.0)
    recent.write(one)
    (kept,) = recent.last(3.0)
    tall, wide = one.frame.image.shape[:2]
    assert kept.frame.image.shape == (24, round(wide * 24 / tall), 3)
    assert (kept.frame.index, kept.frame.captured_at, kept.portrait) == (7, 0.0, one.portrait)
    recent.keep(3.0)
    assert recent.last(3.0) == ()
    recent.write(one)
    assert recent.last(3.0)[0].frame is one.frame


def test_memory_is_bounded_whatever_the_size_of_the_pictures() -> None:
    one = played(0, 0.0)
    assert one.portrait is not None
    size = one.frame.image.nbytes + one.portrait.image.nbytes
    recent = RecentResults(60.0, most_bytes=10 * size)
    for number in range(100):
        recent.write(played(number, number / 30))
    assert [result.frame.index for result in recent.last(60.0)] == list(range(90, 100))
    recent.close()
    assert recent.last(60.0) == ()


# --- clips ---


def outputs_at(folder: Path, settings: OutputSettings | None = None, **devices) -> Outputs:
    return Outputs(settings or OutputSettings(hardware=False), folder, lambda: "Nobody: a statue.", **devices)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_the_last_three_seconds_become_an_animation_that_says_what_it_is(kind: str, tmp_path: Path) -> None:
    outputs = outputs_at(tmp_path)
    for number in range(150):
        outputs.write(played(number, number / 30))
    path = outputs.clip(tmp_path, "marble", kind)
    outputs.close()
    assert path.suffix == f".{kind}"
    with Pillow.open(path) as animation:
        frames = []
        spans = []
        for index in range(animation.n_frames):  # pyright: ignore[reportAttributeAccessIssue]
            animation.seek(index)
            picture = np.asarray(animation.convert("RGB"))
            frames.append(shown_number(np.ascontiguousarray(picture[:, : picture.shape[1] * 160 // 256])))
            spans.append(animation.info.get("duration", 0))
        assert animation.info["loop"] == 0
        xmp = animation.info.get("xmp", b"")
    assert frames == sorted(frames)
    assert frames[0] == pytest.approx(60, abs=2)
    assert frames[-1] >= 146
    assert sum(spans) / 1000 == pytest.approx(3.0, abs=0.15)
    data = path.read_bytes()
    assert b"compositeWithTrainedAlgorithmicMedia" in (xmp if kind == "webp" else data)
    assert b"Consent: Nobody: a statue." in data


def test_a_clip_of_nothing_is_told(tmp_path: Path) -> None:
    outputs = outputs_at(tmp_path)
    with pytest.raises(RecordingError, match="no picture has come"):
        outputs.clip(tmp_path, "marble", "gif")
    outputs.close()


def test_the_arguments_of_a_clip() -> None:
    arguments = clip_arguments("ffmpeg", 64, 48, "webp", Path("-a.webp"))
    assert arguments[arguments.index("-loop") + 1] == "0"
    assert arguments[-5:] == ["-compression_level", "3", "-f", "webp", "file:-a.webp"]
    assert "palettegen" in " ".join(clip_arguments("ffmpeg", 64, 48, "gif", Path("a.gif")))


# --- the virtual camera ---


class PlantedCamera:
    """A driver; `gate` holds it up, `fails` breaks it."""

    def __init__(self) -> None:
        self.device, self.frames, self.closed = "/dev/video9", [], False
        self.gate, self.fails = threading.Event(), False
        self.gate.set()
        self.asked = None

    def __call__(self, width: int, height: int, fps: float) -> PlantedCamera:
        self.asked = width, height, fps
        return self

    def send(self, frame) -> None:
        self.gate.wait(30)
        if self.fails:
            raise RuntimeError("the device went away\nand more")
        self.frames.append(frame)

    def close(self) -> None:
        self.closed = True


def test_the_actor_is_shown_in_the_middle_in_rgb_and_never_the_driver() -> None:
    driver = PlantedCamera()
    camera = VirtualCamera(badge=False, open_camera=driver)
    red = Portrait(np.full((64, 64, 3), (0, 0, 255), np.uint8))  # BGR
    white = Frame(np.full((48, 64, 3), 255, np.uint8), 0, 0.0)
    camera.write(Result(white, None, None, None, None))  # no actor: nothing is shown
    camera.write(Result(white, None, None, red, None))
    until(lambda: camera.sent == 1)
    camera.close()
    camera.close()
    assert driver.asked == (1280, 720, 30.0)
    (frame,) = driver.frames
    assert frame.shape == (720, 1280, 3)
    assert tuple(frame[360, 640]) == (255, 0, 0)
    assert not frame[:, :270].any()
    assert driver.closed
    assert camera.error is None


def test_a_driver_that_is_slow_holds_nobody_up_and_gets_the_newest() -> None:
    driver = PlantedCamera()
    driver.gate.clear()
    camera = VirtualCamera(badge=False, open_camera=driver)
    for number in range(50):
        camera.write(played(number, number / 30))  # returns, though nothing can be sent
    driver.gate.set()
    until(lambda: bool(driver.frames) and shown_number(driver.frames[-1][:, 280:1000]) == 49)
    assert len(driver.frames) <= 3
    camera.close()


def test_a_driver_that_breaks_ends_the_camera_only() -> None:
    driver = PlantedCamera()
    driver.fails = True
    camera = VirtualCamera(open_camera=driver)
    camera.write(played(1, 0.0))
    until(lambda: camera.error is not None)
    assert str(camera.error) == "The virtual camera stopped: the device went away"
    assert driver.closed
    camera.write(played(2, 0.1))
    camera.close()


@pytest.mark.parametrize(("system", "step"), [("linux", "modprobe v4l2loopback"), ("darwin", "OBS"), ("win32", "OBS")])
def test_a_missing_driver_is_told_with_the_steps_for_this_system(
    system: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object):
        raise RuntimeError("no device found. See also pyvirtualcam's documentation.")

    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(CameraOutputError, match=rf"There is no virtual camera \(no device found\)\. 1\. .*{step}"):
        VirtualCamera(open_camera=missing)


def test_the_real_backend_without_a_driver_or_package_is_told() -> None:
    if any(Path("/dev").glob("video*")):
        pytest.skip("this machine may have a loopback device")
    with pytest.raises(CameraOutputError, match=r"1\. |pip install"):
        VirtualCamera()


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(CameraOutputError, match=r'pip install "puppet-live\[virtualcam\]"'):
        VirtualCamera()
    assert camera_module.steps()


# --- disk space ---


def test_disk_space_is_told_and_low_space_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 64_000_000_000
    monkeypatch.setattr(disk_module.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert str(disk_space(tmp_path / "not" / "yet" / "there")) == "64 GB free"
    assert str(disk_space(tmp_path, 1e6)) == "64 GB free, enough for 18 h"
    assert not disk_space(tmp_path, 1e6).low
    free = 3_000_000_000
    space = disk_space(tmp_path, 20e6)
    assert (str(space), space.low) == ("3.0 GB free, enough for 2 min", True)
    free = 500_000_000
    assert disk_space(tmp_path).low
    assert DiskSpace(None) == DiskSpace(None, None)
    assert not DiskSpace(None).low


# --- all together ---


def test_a_take_begins_with_the_pre_roll_and_by_the_settings(tmp_path: Path) -> None:
    outputs = outputs_at(tmp_path, OutputSettings("actor", pre_roll=1.01, hardware=False, badge=False))
    until(lambda: outputs.status().encoder == X264)
    for number in range(90):
        outputs.write(played(number, number / 30))
    assert outputs.status().pre_roll == pytest.approx(1.0, abs=0.02)
    take = outputs.take(None, tmp_path / "takes", "marble")
    for number in range(90, 100):
        take.write(played(number, number / 30))
    assert outputs.status().paused is False
    outputs.pause(True)
    assert outputs.status().paused
    take.close()
    assert outputs.status().paused is None
    capture = cv2.VideoCapture(str(take.path))
    shown = []
    while (read := capture.read())[0]:
        shown.append(shown_number(read[1]))  # pyright: ignore[reportArgumentType]
    assert shown == list(range(59, 100))
    assert take.path.parent == tmp_path / "takes"
    assert b"Nobody: a statue." in take.path.read_bytes()
    outputs.close()
    outputs.close()


class PlantedMicrophone:
    def __init__(self, name: str) -> None:
        if name == "Gone":
            raise SoundError("The microphone Gone is not there")
        self.name, self.level, self.silent_for, self.muted, self.closed, self.kept = name, -12.0, 0.0, False, False, 0.0

    def keep(self, seconds: float) -> None:
        self.kept = seconds

    def close(self) -> None:
        self.closed = True


def test_the_microphone_follows_the_settings(tmp_path: Path) -> None:
    made: list[PlantedMicrophone] = []

    def open_microphone(name: str):
        made.append(PlantedMicrophone(name))
        return made[-1]

    outputs = outputs_at(tmp_path, open_microphone=open_microphone)
    assert outputs.status().level_db is None
    outputs.configure(OutputSettings(microphone="Desk", pre_roll=4.0, hardware=False))
    until(lambda: outputs.status().level_db == -12.0)
    until(lambda: made[0].kept == 4.0)
    outputs.configure(OutputSettings(microphone="Desk", muted=True, hardware=False))
    until(lambda: made[0].muted)
    assert len(made) == 1
    made[0].silent_for = 3.0
    assert "Desk gives no sound any more" in (outputs.status().microphone_problem or "")
    outputs.configure(OutputSettings(microphone="Gone", hardware=False))
    until(lambda: outputs.status().microphone_problem == "The microphone Gone is not there")
    assert made[0].closed
    outputs.configure(OutputSettings(hardware=False))
    until(lambda: outputs.status().microphone_problem is None)
    outputs.close()


def test_the_virtual_camera_is_switched_and_its_problems_are_told(tmp_path: Path) -> None:
    driver = PlantedCamera()
    outputs = outputs_at(tmp_path, open_camera=lambda badge: VirtualCamera(badge, driver))
    outputs.show_camera(True)
    until(lambda: outputs.status().camera == "/dev/video9")
    outputs.write(played(1, 0.0))
    until(lambda: len(driver.frames) == 1)
    driver.fails = True
    outputs.write(played(2, 0.1))
    until(lambda: outputs.status().camera_problem is not None)
    assert outputs.status().camera is None
    outputs.show_camera(False)
    until(lambda: outputs.status().camera_problem is None)
    outputs.close()


def test_nothing_that_happens_to_a_device_reaches_the_engine(tmp_path: Path) -> None:
    def no_camera(badge: bool) -> VirtualCamera:
        raise CameraOutputError("There is no virtual camera")

    outputs = outputs_at(tmp_path, open_camera=no_camera)
    outputs.show_camera(True)
    outputs.write(result_of(numbered(1)))
    assert outputs.error is None
    until(lambda: outputs.status().camera_problem == "There is no virtual camera")
    outputs.close()
