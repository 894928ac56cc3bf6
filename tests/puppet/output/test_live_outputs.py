"""Everything that gets every result: pre-roll, clips, the virtual camera and the microphone in one object."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from planted_layers import transparent_result
from planted_virtual_camera import PlantedCamera
from video_fixtures import alpha_of, numbered, played, result_of, shown_number, until

from puppet.core.errors import CameraOutputError, RecordingError, SoundError
from puppet.media.codecs import X264, Codec
from puppet.output.live_outputs import LiveOutputs
from puppet.output.settings import OutputSettings
from puppet.output.virtual_camera import VirtualCamera


def outputs_at(folder: Path, settings: OutputSettings | None = None, **devices) -> LiveOutputs:
    return LiveOutputs(settings or OutputSettings(hardware=False), folder, lambda: "Nobody: a statue.", **devices)


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


def test_a_take_over_nothing_needs_a_codec_with_alpha_and_is_refused_before_a_file_is_made(tmp_path: Path) -> None:
    outputs = outputs_at(tmp_path)
    outputs.write(transparent_result(0))
    with pytest.raises(RecordingError, match=r"transparent, which H\.264 cannot show; choose the codec ProRes 4444"):
        outputs.take(None, tmp_path / "takes", "marble")
    assert not (tmp_path / "takes").exists()
    outputs.configure(OutputSettings("actor", codec="prores-4444", hardware=False, pre_roll=1.0, badge=False))
    for number in range(1, 60):
        outputs.write(transparent_result(number))
    take = outputs.take(None, tmp_path / "takes", "marble")
    take.write(transparent_result(60))
    take.close()
    assert take.path.suffix == ".mov"
    alphas = alpha_of(take.path, Codec.PRORES_4444)
    assert len(alphas) == pytest.approx(31, abs=1)  # a second from before, too
    wanted = transparent_result(60).portrait.person[..., 3]  # pyright: ignore
    assert np.abs(alphas[-1].astype(int) - wanted).max() <= 1
    outputs.write(played(61, 61 / 30))
    outputs.configure(OutputSettings(hardware=False))
    outputs.take(tmp_path / "plain.mp4", tmp_path, "marble").close()
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
