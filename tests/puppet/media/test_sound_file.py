"""Sound in sync: clocks that drift, claps and flashes through whole takes."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from planted_microphone import BLOCK, PlantedMicrophone
from video_fixtures import clicks, decode, result_of, sound_of

from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.sound_file import RATE, SoundClock, SoundFile
from puppet.media.timeline import Timeline
from puppet.output.recording_sink import RecorderSink, recording_settings
from puppet.output.settings import OutputSettings

IN_SYNC = 0.040  # s


def flashes(path: Path) -> list[float]:
    """When white pictures begin, seconds, by their own time stamps."""
    pictures, stamps = decode(path)
    white = [picture.mean() > 127 for picture in pictures]
    return [stamps[k] for k in range(len(white)) if white[k] and (k == 0 or not white[k - 1])]


# --- the clock ---


@pytest.mark.parametrize("drift", [0.0, 300e-6, -300e-6], ids=["true", "fast", "slow"])
def test_a_clock_that_drifts_stays_within_40_ms_for_ten_minutes(drift: float) -> None:
    """300 millionths are 180 ms in ten minutes, if nothing is done; real devices stay below 100."""
    claps = [float(second) + 0.5 for second in range(0, 599, 7)]
    nominal = 8000  # the arithmetic is the same at any rate, and this one is quick
    device = PlantedMicrophone(claps, 600.0, rate=nominal * (1 + drift))
    clock = SoundClock(nominal)
    made = np.concatenate([clock.add(samples, at) for samples, at in device.blocks(600.0)])
    assert len(made) / nominal == pytest.approx(600.0, abs=0.2)  # the last block may be missing
    heard = clicks(made, nominal)
    assert len(heard) == len(claps)
    off = np.abs(np.subtract(heard, claps))
    assert off.max() < IN_SYNC
    assert off[len(off) // 4 :].max() < 0.010  # once it has found the rate, much less


def test_what_is_lost_becomes_silence_and_what_follows_stays_in_place() -> None:
    device = PlantedMicrophone([1.0, 4.0], 6.0)
    blocks = list(device.blocks(6.0))
    clock = SoundClock()
    made = np.concatenate([clock.add(samples, at) for samples, at in blocks[:100] + blocks[150:]])
    assert clicks(made) == pytest.approx([1.0, 4.0], abs=0.010)
    assert not made[round(2.1 * RATE) : round(2.9 * RATE)].any()


def test_sound_from_before_the_beginning_is_cut() -> None:
    clock = SoundClock()
    device = PlantedMicrophone([-0.5, 0.5], 3.0, start=-1.0)
    made = np.concatenate([clock.add(samples, at) for samples, at in device.blocks(2.0)])
    assert clicks(made) == pytest.approx([0.5], abs=0.010)


def test_a_tone_survives_the_clock() -> None:
    """A second of 1 kHz from a device that is 0.02 % off: the same tone, 60 dB above what is added to it."""
    rate = RATE * 1.0002
    seconds = 20.0
    tone = (12_000 * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)
    clock = SoundClock()
    made = np.concatenate([clock.add(tone[k : k + BLOCK], k / rate) for k in range(0, len(tone) - BLOCK, BLOCK)])
    last = made[-RATE:].astype(float)
    spectrum = np.abs(np.fft.rfft(last * np.hanning(RATE)))
    peak = int(spectrum.argmax())
    assert peak == pytest.approx(1000, abs=1)
    beside = np.delete(spectrum, range(peak - 5, peak + 6))
    assert 20 * np.log10(spectrum.max() / beside.max()) > 60


# --- claps and flashes through whole takes ---

CLAPS = [1.0, 3.0, 4.2]


def clap_and_flash(path: Path, pause: tuple[float, float] | None = None, delay: float = 0.0, **options) -> RecorderSink:
    """A take of six seconds: white for 0.1 s whenever it claps; times are those of the day, from 50 on."""
    device = PlantedMicrophone([50 + clap for clap in CLAPS], 7.0, start=49.5, rate=RATE * 1.0001)
    settings = recording_settings(OutputSettings("driver", hardware=False, **options), path)
    take = RecorderSink(settings, OutputSettings("driver").layouts, microphone=device, delay=delay, wait=True)
    for number in range(180):
        at = 50 + number / 30
        if pause is not None and number == round(pause[0] * 30):
            take._timeline.pause(at)
        if pause is not None and number == round(pause[1] * 30):
            take._timeline.resume(at)
        device.hear(at + 0.03)
        white = any(clap <= number / 30 + 1e-6 < clap + 0.1 for clap in CLAPS)
        take.write(result_of(np.full((48, 64, 3), 255 if white else 0, np.uint8), number, at))
    device.hear(56.0)
    take.close()
    return take


@pytest.mark.parametrize("codec", ["h264", "prores", "ffv1"])
def test_what_is_heard_is_what_is_seen(codec: str, tmp_path: Path) -> None:
    suffix = {"prores": ".mov", "ffv1": ".mkv"}.get(codec, ".mp4")
    take = clap_and_flash(tmp_path / f"take{suffix}", codec=codec)
    assert take.error is None
    assert take.recording is not None
    assert take.recording.sound
    assert flashes(take.path) == pytest.approx(CLAPS, abs=0.01)
    assert clicks(sound_of(take.path)) == pytest.approx(CLAPS, abs=IN_SYNC / 2)
    assert [p.name for p in tmp_path.iterdir()] == [take.path.name]  # the sound's own file is gone


def test_after_a_pause_they_still_go_together(tmp_path: Path) -> None:
    take = clap_and_flash(tmp_path / "take.mp4", pause=(2.0, 3.5))
    assert flashes(take.path) == pytest.approx([1.0, 2.7], abs=0.01)
    assert clicks(sound_of(take.path)) == pytest.approx([1.0, 2.7], abs=IN_SYNC / 2)


def test_while_the_camera_is_away_the_sound_goes_on_and_both_stay_together(tmp_path: Path) -> None:
    claps = [0.5, 72.0]
    device = PlantedMicrophone([50 + clap for clap in claps], 75.0, start=49.5)
    settings = recording_settings(OutputSettings("driver", hardware=False), tmp_path / "take.mp4")
    take = RecorderSink(settings, OutputSettings("driver").layouts, microphone=device, wait=True)
    for number in [*range(30), *range(71 * 30, 73 * 30)]:
        seconds = number / 30
        device.hear(50 + seconds + 0.03)
        white = any(clap <= seconds + 1e-6 < clap + 0.1 for clap in claps)
        take.write(result_of(np.full((48, 64, 3), 255 if white else 0, np.uint8), number, 50 + seconds))
    device.hear(123.0)
    take.close()
    assert take.error is None
    assert flashes(take.path) == pytest.approx(claps, abs=0.01)
    assert clicks(sound_of(take.path)) == pytest.approx(claps, abs=IN_SYNC / 2)


@pytest.mark.parametrize("delay", [0.2, -0.2])
def test_a_delay_moves_the_sound(delay: float, tmp_path: Path) -> None:
    take = clap_and_flash(tmp_path / "take.mp4", delay=delay)
    assert flashes(take.path) == pytest.approx(CLAPS, abs=0.01)
    assert clicks(sound_of(take.path)) == pytest.approx([clap + delay for clap in CLAPS], abs=IN_SYNC / 2)


def test_the_delay_is_automatic_until_it_is_set() -> None:
    assert OutputSettings(delay_ms=80).delay == 0.0
    assert OutputSettings(delay_ms=80, automatic_delay=False).delay == pytest.approx(0.080)


def test_sound_that_cannot_be_put_into_the_take_stays_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("puppet.media.remux.remux_arguments", lambda *_: ["false"])
    device = PlantedMicrophone([0.5], 2.0)
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), microphone=device)
    for number in range(45):
        device.hear(number / 30 + 0.03)
        take.write(result_of(np.zeros((48, 64, 3), np.uint8), number, number / 30))
    take.close()
    assert take.sound_left == tmp_path / "take.sound.wav"
    assert clicks(sound_of(tmp_path / "take.sound.wav")) == pytest.approx([0.5], abs=0.010)
    assert take.recording is not None
    assert take.recording.frames == 45


def test_the_sound_is_in_every_file_of_a_take_and_readable_while_it_grows(tmp_path: Path) -> None:
    device = PlantedMicrophone([0.5], 2.0)
    settings = RecordingSettings(tmp_path / "take.mp4")
    take = RecorderSink(settings, OutputSettings("separate").layouts, microphone=device)
    for number in range(45):
        device.hear(number / 30 + 0.03)
        take.write(result_of(np.zeros((48, 64, 3), np.uint8), number, number / 30))
    assert clicks(sound_of(tmp_path / "take_side-by-side.sound.wav")) == pytest.approx([0.5], abs=0.010)
    take.close()
    for recording in take.recordings:
        assert recording.sound
        assert clicks(sound_of(recording.path)) == pytest.approx([0.5], abs=IN_SYNC / 2)


def test_a_take_without_pictures_leaves_no_sound(tmp_path: Path) -> None:
    device = PlantedMicrophone([0.5], 2.0)
    take = RecorderSink(RecordingSettings(tmp_path / "take.mp4"), microphone=device)
    device.hear(1.0)
    take.close()
    assert list(tmp_path.iterdir()) == []


def test_the_wav_says_how_long_it_is(tmp_path: Path) -> None:
    device = PlantedMicrophone([], 2.0)
    sound = SoundFile(tmp_path / "take.mp4", device, Timeline())
    sound.begin(0.0)
    device.hear(1.0)
    kept = sound.close()
    assert kept is not None
    with wave.open(str(kept.path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        assert file.getnframes() / RATE == pytest.approx(1.0, abs=0.03)
