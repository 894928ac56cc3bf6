"""What the doctor says of this machine, and of planted encoders, microphones and virtual cameras."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_actor import tiny_actor

from puppet import cli
from puppet.commands import doctor
from puppet.core.errors import PuppetError, SoundError
from puppet.media import encoders
from puppet.media.codecs import ENCODERS
from puppet.media.microphone import SoundDevice, SoundSystem, help_here
from puppet.output.virtual_camera import STEPS
from puppet.storage.installing import install_command

NOW = SimpleNamespace(currentTime=0.1, inputBufferAdcTime=0.08)  # s, of PortAudio's clock


def said(findings) -> list[str]:
    return [str(finding) for finding in findings]


@pytest.mark.parametrize("graphics", [True, False])
def test_encoders_are_told_by_what_worked(graphics: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"libx264", "libsvtav1", "h264_nvenc"}
    working = there if graphics else there - {"h264_nvenc"}
    monkeypatch.setattr(encoders, "encoder_works", lambda executable, encoder: encoder.name in working)
    monkeypatch.setattr(encoders, "listed_encoders", lambda executable: frozenset(there))
    lines = said(doctor.check_encoders())
    assert "[ ok ] encoder: AV1 by libsvtav1 (processor)" in lines
    assert "[note] encoder of HEVC: this ffmpeg has none" in lines
    if graphics:
        assert "[ ok ] encoder: H.264 by h264_nvenc (NVIDIA NVENC), else libx264 (processor)" in lines
    else:
        assert "[ ok ] encoder: H.264 by libx264 (processor)" in lines
        assert "[note] graphics card: encodes no video (tried without success: h264_nvenc); the processor does" in lines


def test_every_encoder_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(encoders, "encoder_works", lambda executable, encoder: asked.append(encoder))
    monkeypatch.setattr(encoders, "listed_encoders", lambda executable: frozenset())
    assert all(finding.level == "note" for finding in doctor.check_encoders())
    assert sorted(encoder.name for encoder in asked) == sorted(encoder.name for encoder in ENCODERS)


class PlantedStream:
    """A microphone that sends one block when it is started, or none."""

    def __init__(self, callback, sends: bool) -> None:
        self.callback, self.sends, self.closed = callback, sends, False

    def start(self) -> None:
        if self.sends:
            self.callback(np.full((960, 1), 99, np.int16), 960, NOW, None)

    def close(self) -> None:
        self.closed = True


def planted_system(sends: bool, *names: str) -> tuple[SoundSystem, list[PlantedStream]]:
    opened: list[PlantedStream] = []

    def open_device(name: str, callback) -> PlantedStream:
        assert name == names[0]
        opened.append(PlantedStream(callback, sends))
        return opened[-1]

    return SoundSystem(lambda: [SoundDevice(name) for name in names], open_device), opened


def test_the_first_microphone_is_tried_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    system, opened = planted_system(True, "Desk", "Headset")
    assert said(doctor.check_microphones(system)) == [
        "[ ok ] microphone: Desk can be recorded",
        "[ ok ] microphone: Headset is there",
    ]
    assert [stream.closed for stream in opened] == [True]
    monkeypatch.setattr(doctor, "HEARD_WITHIN", 0.0)
    system, opened = planted_system(False, "Desk")
    (line,) = said(doctor.check_microphones(system))
    assert line.startswith("[note] microphone: Desk sends nothing")
    assert [stream.closed for stream in opened] == [True]


def test_no_microphone_and_no_library_are_told_apart() -> None:
    (line,) = said(doctor.check_microphones(planted_system(True)[0]))
    assert line.startswith("[note] microphone: none found")

    def no_library() -> list[SoundDevice]:
        raise SoundError("Sound cannot be recorded here", (help_here(),))

    (line,) = said(doctor.check_microphones(SoundSystem(no_library, planted_system(True)[0].open)))
    assert line.startswith("[note] microphone: Sound cannot be recorded here")
    assert line.splitlines()[1].strip() == help_here()


class PlantedCamera:
    device = "/dev/video9"
    closed = False

    def send(self, frame) -> None:
        raise AssertionError("the doctor shows nothing")

    def close(self) -> None:
        self.closed = True


def test_a_virtual_camera_is_opened_and_let_go() -> None:
    camera = PlantedCamera()
    assert said(doctor.check_virtual_camera(lambda *asked: camera)) == [
        "[ ok ] virtual camera: /dev/video9 can be opened"
    ]
    assert camera.closed


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_without_a_driver_every_step_is_told(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)

    def refuse(*asked):
        raise RuntimeError("no device")

    (finding,) = doctor.check_virtual_camera(refuse)
    assert finding.level == "note"
    assert finding.steps == STEPS[platform]
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)  # not installed
    (finding,) = doctor.check_virtual_camera()
    assert finding.steps == (install_command("virtualcam"), *STEPS[platform])
    for step, line in zip(finding.steps, str(finding).splitlines()[1:], strict=True):
        assert line.strip() == step  # nothing beside it: a line is copied with one click


def test_the_doctor_goes_through_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path))
    tiny = tiny_actor(tmp_path / "statue.actor")
    assert cli.main(["doctor", "--actor", str(tiny)]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    for about in ("python", "packages", "ffmpeg", "display", "tracking", "actor statue", "provider cpu: works"):
        assert f"] {about}" in said
    assert "provider cuda: CUDA is not used" in said or "provider cuda: works" in said
    *_, last = said.splitlines()
    if "[note]" in said:
        assert last.startswith("Does not work here, and Puppet runs without it: ")
        assert "Everything" not in said


def test_the_doctor_finds_a_damaged_actor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path))
    (tmp_path / "broken.actor").write_bytes(b"PK nonsense")
    findings = list(doctor.check_actors())
    assert [f.level for f in findings if f.about == "actor broken"] == ["bad"]


def test_whether_actors_can_be_trained_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.training_code, "LIBRARIES", ())
    assert said(doctor.check_training())[0].startswith("[ ok ] training: torch ")
    monkeypatch.setattr(doctor.training_code, "LIBRARIES", ("torch_of_nobody",))
    (line,) = said(doctor.check_training())
    assert line.startswith("[note] training: To train an actor, torch_of_nobody must be installed")


def test_the_end_tells_what_works_and_what_does_not() -> None:
    good, again = doctor.Finding("good", "encoder", "H.264"), doctor.Finding("good", "encoder", "AV1")
    note, bad = doctor.Finding("note", "camera", "none found"), doctor.Finding("bad", "packages", "numpy is missing")
    assert doctor.summary([good, again]) == ["Everything works."]
    assert doctor.summary([good, again, note, bad, doctor.Finding("good", "packages", "Qt")]) == [
        "Works: encoder.",
        "Does not work here, and Puppet runs without it: camera.",
        "Must be put right: packages.",
    ]


def test_a_check_that_breaks_is_a_finding() -> None:
    def check_something():
        yield doctor.Finding("good", "first", "fine")
        raise PuppetError("it fell over")

    first, second = doctor.run_check(check_something)
    assert first.level == "good"
    assert (second.level, second.about) == ("bad", "something")
    assert "it fell over" in second.text


def test_opencv_python_beside_contrib_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "4.11" if name == "opencv-python" else None)
    (finding,) = doctor.check_opencv()
    assert finding.level == "bad"
    assert "opencv-python" in finding.text
