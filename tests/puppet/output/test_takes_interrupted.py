"""Takes with sound whose folder disappears or whose window is killed, and pictures saved at the same moment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from folders import ROOT, SUPPORT, names, posix, remove
from planted_layers import transparent_result
from planted_microphone import PlantedMicrophone
from video_fixtures import alpha_of, numbered, read_video, result_of, shown_number, sound_of, told, until

from puppet.core.errors import PuppetError
from puppet.core.layout import Layout
from puppet.media.codecs import Codec
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.output.crash_recovery import recover_unfinished
from puppet.output.recording_sink import RecorderSink
from puppet.output.snapshot import save_snapshot
from puppet.provenance.xmp import Provenance
from puppet.storage import orphaned_files
from puppet.storage.unfinished import lists_folder

pytestmark = pytest.mark.usefixtures("own_folder")


@posix
def test_the_sound_of_a_take_whose_folder_goes_is_kept_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphaned_files, "videos_folder", lambda: tmp_path / "videos")
    device = PlantedMicrophone([50.5, 51.2], 4.0, start=49.5)
    take = RecorderSink(
        RecordingSettings(tmp_path / "stick" / "take.mp4"), (Layout.DRIVER,), microphone=device, wait=True
    )
    for number in range(60):
        at = 50 + number / 30
        device.hear(at + 0.03)
        take.write(result_of(numbered(number), number, at))
    until(lambda: take.path.stat().st_size > 0)
    remove(tmp_path / "stick")
    until(lambda: take.error is not None)
    with pytest.raises(PuppetError, match="is gone"):
        take.close()
    assert take.sound_left is None
    assert names(tmp_path / "videos") == {"take.mp4"}
    assert len(read_video(take.path)) >= 60
    assert np.abs(sound_of(take.path)).max() > 1000


TAKE = """
import sys
from pathlib import Path
from planted_microphone import PlantedMicrophone
from video_fixtures import numbered, result_of
from puppet.core.layout import Layout
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.provenance.xmp import Provenance
from puppet.output.recording_sink import RecorderSink
device = PlantedMicrophone([50.5, 51.2], 4.0, start=49.5)
settings = RecordingSettings(Path(sys.argv[1]), about=Provenance("marble", "Marble agreed."))
take = RecorderSink(settings, (Layout.DRIVER,), microphone=device, wait=True)
for number in range(90):
    device.hear(50 + number / 30 + 0.03)
    take.write(result_of(numbered(number), number, 50 + number / 30))
take.recorder._changed.acquire()
take.recorder._changed.wait_for(lambda: not take.recorder._queue)
print("recorded", flush=True)
sys.stdin.read()
"""


@posix
def test_a_take_of_a_killed_window_is_finished_by_the_next_start_with_its_sound(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    path = folder / "take.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        assert names(folder) == {"take.mp4", "take.sound.wav"}
        assert recover_unfinished() == []  # it lives
        process.kill()
    until(lambda: any("take.mp4 was interrupted" in told for told in recover_unfinished()))
    assert names(folder) == {"take.mp4"}
    assert b"moof" not in path.read_bytes()
    shown = [shown_number(image) for image in read_video(path)]
    assert shown[:89] == list(range(89))
    sound = sound_of(path)
    assert np.abs(sound).max() > 1000
    assert list(lists_folder().iterdir()) == []
    assert recover_unfinished() == []


TRANSPARENT_TAKE = """
import sys
from pathlib import Path
from planted_layers import transparent_result
from planted_microphone import PlantedMicrophone
from puppet.core.layout import Layout
from puppet.output.recording_sink import RecorderSink, recording_settings
from puppet.output.settings import OutputSettings
device = PlantedMicrophone([0.5, 1.2], 4.0, start=-0.5)
settings = recording_settings(OutputSettings(codec=sys.argv[2]), Path(sys.argv[1]), "marble", "Marble agreed.")
take = RecorderSink(settings, (Layout.ACTOR,), microphone=device, wait=True)
for number in range(90):
    device.hear(number / 30 + 0.03)
    take.write(transparent_result(number))
take.recorder._changed.acquire()
take.recorder._changed.wait_for(lambda: not take.recorder._queue)
print("recorded", flush=True)
sys.stdin.read()
"""


@posix
@pytest.mark.parametrize("codec", [codec for codec in Codec if codec.alpha], ids=lambda codec: codec.value)
def test_a_take_over_nothing_of_a_killed_window_keeps_its_alpha_and_sound(codec: Codec, tmp_path: Path) -> None:
    path = tmp_path / "videos" / f"take{codec.suffixes[0]}"
    with subprocess.Popen(
        [sys.executable, "-c", TRANSPARENT_TAKE, str(path), codec.value],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        until(lambda: len(alpha_of(path, codec)) > 20)  # it plays while it grows
        process.kill()
    until(lambda: any(f"{path.name} was interrupted" in told for told in recover_unfinished()))
    assert names(path.parent) == {path.name}
    alphas = alpha_of(path, codec)
    assert len(alphas) >= 89
    for number, alpha in enumerate(alphas[:90]):
        wanted = transparent_result(number).portrait.person[..., 3]  # pyright: ignore
        assert np.abs(alpha.astype(int) - wanted).max() <= 16
    assert np.abs(sound_of(path)).max() > 1000
    said = told(path)
    assert re.search(r"Duration: 00:00:0[23]\.\d\d", said)
    assert b"Marble agreed." in path.read_bytes()
    assert "Synthetic performance of the actor 'marble'" in said  # in .mov also XMP, for which .webm has no place


@posix
def test_a_sound_that_cannot_be_joined_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "take.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    path.unlink()
    path.write_text("somebody else's")
    until(lambda: recover_unfinished() == [] and not list(lists_folder().iterdir()))
    assert path.read_text() == "somebody else's"
    with wave.open(str(tmp_path / "take.sound.wav")) as sound:
        assert sound.getframerate() == 48_000


def test_pictures_saved_in_one_second_all_stay(tmp_path: Path) -> None:
    results = [result_of(np.full((8, 8, 3), value, np.uint8)) for value in range(12)]
    about = Provenance("marble", layout=Layout.DRIVER)
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda result: save_snapshot(result, tmp_path / "out", about), results))
    assert len(set(made)) == 12
    assert names(tmp_path / "out") == {path.name for path in made}
