"""The virtual camera: what is sent, and drivers that are slow, broken or missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from planted_layers import PERSON, transparent_result
from planted_virtual_camera import PlantedCamera
from video_fixtures import played, shown_number, until

from puppet.core.errors import CameraOutputError
from puppet.core.types import Frame, Portrait, Result
from puppet.output import virtual_camera as camera_module
from puppet.output.virtual_camera import VirtualCamera


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


def test_an_actor_over_nothing_is_over_green_in_the_whole_picture() -> None:
    driver = PlantedCamera()
    camera = VirtualCamera(badge=False, open_camera=driver)
    camera.write(transparent_result(0))
    until(lambda: camera.sent == 1)
    camera.close()
    (frame,) = driver.frames
    for place in ((5, 5), (700, 1270), (20, 300), (700, 960)):  # beside the actor's square, and in it
        assert tuple(frame[place]) == (0, 255, 0)
    assert tuple(frame[360, 280 + 240]) == PERSON[::-1]


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
    with pytest.raises(CameraOutputError, match=r"\[virtualcam\]"):
        VirtualCamera()
    assert camera_module.steps()
