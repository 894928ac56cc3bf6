"""Microphones that are fakes: blocks, levels, and what goes wrong."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from planted_microphone import BLOCK
from video_fixtures import until

from puppet.core.errors import SoundError
from puppet.media import microphone as microphone_module
from puppet.media.microphone import SILENCE_DB, Microphone, SoundDevice, SoundSystem


class PlantedSystem:
    """One microphone, "Desk", whose blocks the test hands over."""

    def __init__(self) -> None:
        self.callback = None
        self.open = 0
        self.system = SoundSystem(lambda: [SoundDevice("Desk", True)], self._open)

    def _open(self, name: str, callback):
        if name != "Desk":
            raise SoundError(f"The microphone {name} is not there")
        self.callback = callback
        return self

    def start(self) -> None:
        self.open += 1

    def close(self) -> None:
        self.open -= 1

    def hear(self, value: int, ago: float = 0.03) -> None:
        assert self.callback is not None
        times = SimpleNamespace(currentTime=1000.0, inputBufferAdcTime=1000.0 - ago)
        self.callback(np.full((BLOCK, 1), value, np.int16), BLOCK, times, None)


class Listener:
    def __init__(self) -> None:
        self.blocks = []

    def write(self, samples, captured_at: float) -> None:
        self.blocks.append((int(samples[0]), captured_at))


def test_blocks_come_with_the_time_they_were_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphone_module.time, "perf_counter", lambda: 500.0)
    planted, listener = PlantedSystem(), Listener()
    microphone = Microphone("Desk", system=planted.system)
    microphone.attach(listener)
    planted.hear(1, ago=0.03)
    planted.hear(2, ago=-5.0)  # a device without a clock: as long ago as the block is long
    until(lambda: len(listener.blocks) == 2)
    microphone.muted = True
    planted.hear(3)
    until(lambda: len(listener.blocks) == 3)
    assert listener.blocks == [(1, pytest.approx(499.97)), (2, pytest.approx(499.98)), (0, pytest.approx(499.97))]
    microphone.detach(listener)
    microphone.close()
    microphone.close()
    assert not planted.open


def test_the_level_is_that_of_the_sound_and_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(microphone_module.time, "perf_counter", lambda: now[0])
    planted = PlantedSystem()
    microphone = Microphone("Desk", system=planted.system)
    assert microphone.level == SILENCE_DB
    planted.hear(3277)  # a tenth of full scale
    until(lambda: microphone.level > SILENCE_DB)
    assert microphone.level == pytest.approx(-20.0, abs=0.1)
    now[0] = 0.5
    assert microphone.level == pytest.approx(-35.0, abs=0.1)
    assert microphone.silent_for == 0.5
    microphone.close()


def test_what_was_heard_lately_is_there_for_a_take_with_pre_roll(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(microphone_module.time, "perf_counter", lambda: now[0])
    planted, early, late = PlantedSystem(), Listener(), Listener()
    microphone = Microphone("Desk", keep=0.1, system=planted.system)
    microphone.attach(early)
    for number in range(20):
        now[0] = number * 0.02
        planted.hear(number)
    until(lambda: len(early.blocks) == 20)
    microphone.attach(late)
    assert [value for value, _ in late.blocks] == [14, 15, 16, 17, 18, 19]
    microphone.close()


def test_without_portaudio_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, path=None, target=None):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(SoundError, match="sudo apt-get install libportaudio2"):
        microphone_module.list_microphones()


def test_a_microphone_that_is_not_there_or_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, closed = [], []

    class Busy:
        def start(self) -> None:
            raise RuntimeError("Device unavailable")

        def close(self) -> None:
            closed.append(True)

    library = SimpleNamespace(
        PortAudioError=RuntimeError,
        default=SimpleNamespace(device=(2, 0)),
        query_devices=lambda: [
            {"name": "Speakers", "max_input_channels": 0},
            {"name": "Desk", "max_input_channels": 1},
            {"name": "Headset", "max_input_channels": 1},
            {"name": "Desk", "max_input_channels": 1},  # the same one again, by another kind of driver
            {"name": "Headset", "max_input_channels": 1},
        ],
        InputStream=lambda **how: asked.append(how["device"]) or Busy(),
    )
    monkeypatch.setattr(microphone_module, "_library", lambda: library)
    assert microphone_module.list_microphones() == [SoundDevice("Headset", True), SoundDevice("Desk")]
    with pytest.raises(SoundError, match="The microphone Lost is not there"):
        Microphone("Lost")
    for name in ("Desk", "Headset"):
        with pytest.raises(SoundError, match=f"The microphone {name} cannot be opened .*Device unavailable"):
            Microphone(name)
    assert asked == [1, 2]
    assert closed == [True, True]
