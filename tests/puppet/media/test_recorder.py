import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_fixtures import numbered, read_video, shown_number, told, until

from puppet.core.errors import RecordingError
from puppet.media import recorder as recorder_module
from puppet.media.codecs import ENCODERS
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.recorder import Recorder
from puppet.provenance.xmp import Provenance

posix = pytest.mark.skipif(sys.platform == "win32", reason="the fake ffmpeg is a shell script")


def numbers_in(path: Path) -> list[int]:
    return [shown_number(image) for image in read_video(path)]


def is_plain_mp4(path: Path) -> bool:
    """The index comes first, and there are no fragments."""
    data = path.read_bytes()
    return b"moof" not in data and data.index(b"moov") < data.index(b"mdat")


def fake_ffmpeg(path: Path, script: str) -> str:
    """An executable shell script; $FFMPEG is the real one, $OUT the file it is asked to write."""
    path.write_text(f'#!/bin/sh\nFFMPEG="{find_ffmpeg()}"\nfor OUT; do :; done\nOUT="${{OUT#file:}}"\n{script}\n')
    path.chmod(0o755)
    return str(path)


def test_picture_37_is_picture_37(tmp_path: Path):
    path = tmp_path / "take.mp4"
    recorder = Recorder(RecordingSettings(path), wait=True)
    for number in range(60):
        recorder.write(numbered(number), 100 + number / 30)
    recording = recorder.close()
    assert recorder.error is None
    assert (recording.path, recording.frames, recording.repeated, recording.dropped) == (path, 60, 0, 0)
    assert recording.seconds == recorder.seconds == pytest.approx(2.0)
    assert numbers_in(path) == list(range(60))
    assert is_plain_mp4(path)
    assert list(tmp_path.iterdir()) == [path]  # no draft is left


def test_true_timing_of_an_uneven_source(tmp_path: Path):
    """Pictures at 0, 0.1, 0.5 and 1.0 s come up at places 0, 3, 15 and 30."""
    path = tmp_path / "take.mp4"
    recorder = Recorder(RecordingSettings(path))
    for number, second in enumerate((0.0, 0.1, 0.5, 1.0)):
        recorder.write(numbered(number), 7 + second)
    recording = recorder.close()
    assert numbers_in(path) == [0] * 3 + [1] * 12 + [2] * 15 + [3] * 12  # the last: as long as usual
    assert recording.repeated == recording.frames - 4
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == 30.0
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == recording.frames


def test_a_minute_of_jittering_pictures_is_a_minute(tmp_path: Path):
    path = tmp_path / "take.mp4"
    dice = np.random.default_rng(5)
    times = 100 + (np.arange(24 * 60) + dice.uniform(-0.4, 0.4, 24 * 60)) / 24  # a camera of 24 per second
    recorder = Recorder(RecordingSettings(path), wait=True)
    for number, captured_at in enumerate(times):
        recorder.write(numbered(number, 80, 48), float(captured_at))
    recording = recorder.close()
    capture = cv2.VideoCapture(str(path))
    assert recording.seconds == pytest.approx(60.0, abs=1 / 30 + 0.8 / 24)  # its own ends jitter as well
    assert recording.frames == capture.get(cv2.CAP_PROP_FRAME_COUNT)
    begins = {number: place / 30 for place, number in reversed(list(enumerate(numbers_in(path))))}
    assert max(abs(begins[number] - (times[number] - times[0])) for number in begins) < 1 / 30
    assert len(begins) == recording.frames - recording.repeated  # what was handed over is in the file


def test_colours_survive(tmp_path: Path):
    planted = [(30, 60, 200), (200, 60, 30), (40, 200, 40), (128, 128, 128)]  # BGR
    image = np.zeros((96, 160, 3), np.uint8)
    for i, colour in enumerate(planted):
        image[:, 40 * i : 40 * (i + 1)] = colour
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"))
    for i in range(5):
        recorder.write(image, i / 30)
    recorder.close()
    seen = read_video(tmp_path / "take.mp4")[-1]
    for i, colour in enumerate(planted):
        assert np.abs(seen[48, 40 * i + 20].astype(int) - colour).max() <= 4


def test_the_file_says_what_it_is(tmp_path: Path):
    path = tmp_path / "take.mp4"
    recorder = Recorder(RecordingSettings(path, about=Provenance("marble")))
    recorder.write(numbered(1), 0.0)
    recorder.close()
    said = told(path)
    assert re.search(r"title\s*: marble, played with Puppet", said)
    assert re.search(r"comment\s*: Synthetic performance of the actor 'marble', made with Puppet", said)
    assert "h264" in said
    assert "yuv420p(tv" in said


def test_what_nobody_foresaw_is_told_with_its_log_and_leaves_no_file(tmp_path: Path):
    def impossible() -> np.ndarray:
        raise KeyError("planted")

    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"), pre_roll=[(impossible, 0.0)])
    recorder.write(numbered(1), 0.1)
    recorder.close()
    said = str(recorder.error)
    assert "Writing it failed unexpectedly (KeyError: 'planted'); its log is " in said
    assert not (tmp_path / "take.mp4").exists()


def test_another_size_is_fitted_into_the_first_and_odd_sizes_are_padded(tmp_path: Path):
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"))
    recorder.write(np.full((95, 161, 3), 255, np.uint8), 0.0)
    recorder.write(np.full((50, 50, 3), 255, np.uint8), 1 / 30)
    recorder.close()
    first, second = read_video(tmp_path / "take.mp4")
    assert first.shape == second.shape == (96, 162, 3)
    assert first[:95, :161].min() > 240
    assert second[40, 10].max() < 16  # bars left and right
    assert second[40, 80].min() > 240


def test_a_full_queue_is_counted_and_time_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The picture after which the writer is held up is in the file, those that found no room are made up for."""
    monkeypatch.setattr(recorder_module, "QUEUE_FRAMES", (4, 4))
    gate = threading.Event()
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"))
    start = recorder._start
    monkeypatch.setattr(recorder, "_start", lambda image: (gate.wait(30), start(image))[1])
    recorder.write(numbered(0), 0.0)
    until(lambda: not recorder._queue)  # the writer has taken it and waits at the gate
    for number in range(1, 30):
        recorder.write(numbered(number), number / 30)
    assert recorder.dropped == 25
    gate.set()
    until(lambda: not recorder._queue)
    recorder.write(numbered(30), 1.0)
    recording = recorder.close()
    assert recording.dropped == 25
    assert recording.repeated == 25
    assert recording.frames == 31
    assert numbers_in(tmp_path / "take.mp4") == [0, 1, 2, 3] + [4] * 26 + [30]


def test_rendering_waits_instead_of_dropping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recorder_module, "QUEUE_FRAMES", (2, 2))
    recorder = Recorder(RecordingSettings(tmp_path / "out.mp4"), wait=True)
    for number in range(200):
        recorder.write(numbered(number), number / 30)
    assert recorder.close().dropped == 0
    assert numbers_in(tmp_path / "out.mp4") == list(range(200))


def test_nothing_written_leaves_no_file_and_close_is_idempotent(tmp_path: Path):
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"))
    assert recorder.close().frames == 0
    assert recorder.close().frames == 0
    recorder.write(numbered(1), 0.0)  # too late, ignored
    assert recorder.error is None
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "take.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"take\.mp4 exists already"):
        Recorder(RecordingSettings(path))
    assert path.read_bytes() == b"precious"


def test_a_folder_that_cannot_be_written_is_told_at_the_start(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RecordingError, match="Cannot write to .*file"):
        Recorder(RecordingSettings(tmp_path / "file" / "take.mp4"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told_at_the_start(tmp_path: Path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(RecordingError, match=r"Cannot write to .*locked: Permission denied"):
        Recorder(RecordingSettings(tmp_path / "locked" / "take.mp4"))


def test_only_mp4(tmp_path: Path):
    with pytest.raises(RecordingError) as told:
        Recorder(RecordingSettings(tmp_path / "take.avi"))
    assert str(told.value) == (
        "take.avi: H.264 recordings are MP4, M4V, MOV or MKV files; choose a name that ends with .mp4, "
        "or with .webm for VP9"
    )
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_full_disk_stops_with_a_message(tmp_path: Path):
    """/dev/full: the real ffmpeg gets the real error."""
    script = (
        'args=""; while [ $# -gt 1 ]; do args="$args \'$1\'"; shift; done; eval exec \'"$FFMPEG"\' $args file:/dev/full'
    )
    executable = fake_ffmpeg(tmp_path / "ffmpeg", script)
    path = tmp_path / "take.mp4"
    recorder = Recorder(RecordingSettings(path), executable=executable)
    for number in range(300):
        recorder.write(numbered(number), number / 30)
    recorder.close()
    assert recorder.error is not None
    assert "the disk is full" in str(recorder.error)
    assert not path.exists()  # nothing could be written, so no empty file is left


@posix
def test_a_disk_that_fills_up_keeps_what_was_written(tmp_path: Path):
    """No file may grow beyond 200 KiB (RLIMIT_FSIZE): the real ffmpeg fails in the middle of the take."""
    executable = fake_ffmpeg(tmp_path / "ffmpeg", 'trap \'\' XFSZ; ulimit -f 400; exec "$FFMPEG" "$@"')
    path = tmp_path / "take.mp4"
    recorder = Recorder(RecordingSettings(path), wait=True, executable=executable)
    noise = np.random.default_rng(1)
    for number in range(400):
        if recorder.error:
            break
        image = numbered(number) // 2 + noise.integers(0, 90, (96, 160, 3))
        recorder.write(image.astype(np.uint8), number / 30)
    recording = recorder.close()
    assert recorder.error is not None
    assert str(path) in str(recorder.error)
    assert "kept" in str(recorder.error)
    kept = numbers_in(path)
    assert len(kept) >= 15
    assert kept == list(range(len(kept)))
    assert recording.frames >= len(kept)
    recorder.write(numbered(0), 999.0)  # ignored


@posix
def test_an_ffmpeg_that_dies_at_once_is_told(tmp_path: Path):
    executable = fake_ffmpeg(tmp_path / "ffmpeg", "echo 'Unknown encoder libx264' >&2; exit 1")
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"), wait=True, executable=executable)
    recorder.write(numbered(0), 0.0)
    recorder.close()
    assert "ffmpeg says: Unknown encoder libx264" in str(recorder.error)
    assert not (tmp_path / "take.mp4").exists()


def test_a_missing_ffmpeg_is_told(tmp_path: Path):
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"), executable=str(tmp_path / "none"))
    recorder.write(numbered(0), 0.0)
    recorder.close()
    assert "could not be started" in str(recorder.error)


@posix
def test_an_ffmpeg_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recorder_module, "STALLED_AFTER", 0.5)
    executable = fake_ffmpeg(tmp_path / "ffmpeg", "exec tail -f /dev/null")
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4"), executable=executable)
    for number in range(300):
        recorder.write(numbered(number), number / 30)
    recorder.close()
    assert recorder.dropped > 0
    assert "ffmpeg ended unexpectedly" in str(recorder.error)


@pytest.mark.parametrize(("suffix", "encoder"), [(".mp4", "libx264"), (".mkv", "libx264"), (".webm", "libvpx-vp9")])
def test_killing_ffmpeg_keeps_all_but_the_last_second(suffix: str, encoder: str, tmp_path: Path):
    path = tmp_path / f"take{suffix}"
    chosen = next(known for known in ENCODERS if known.name == encoder)
    recorder = Recorder(RecordingSettings(path, encoder=chosen), wait=True)
    for number in range(150):
        recorder.write(numbered(number), number / 30)
    until(lambda: len(read_video(path)) >= 120)  # playable while it grows, at most a second behind
    assert recorder._process is not None
    recorder._process.kill()
    recorder.write(numbered(150), 5.0)
    recorder.close()
    assert "kept" in str(recorder.error)
    kept = numbers_in(path)
    assert len(kept) >= 120
    assert kept == list(range(len(kept)))


APP = """
import sys
sys.path[:0] = {folders}
from pathlib import Path
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.provenance.xmp import Provenance
from puppet.media.recorder import Recorder
from video_fixtures import numbered

recorder = Recorder(RecordingSettings(Path(sys.argv[1])), wait=True)
for number in range(150):
    recorder.write(numbered(number), number / 30)
recorder._changed.acquire()
recorder._changed.wait_for(lambda: not recorder._queue)
print("written", recorder._process.pid, flush=True)
sys.stdin.read()
"""


def test_killing_the_app_keeps_all_but_the_last_second(tmp_path: Path):
    """ffmpeg sees the end of its input and finishes the file on its own."""
    path = tmp_path / "take.mp4"
    folders = [str(Path(__file__).resolve().parents[3] / "tests" / "support"), str(Path(__file__).resolve().parents[3])]
    program = APP.format(folders=folders)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as app:
        assert app.stdout is not None
        assert app.stdout.readline().startswith("written")
        app.kill()
    until(lambda: path.read_bytes()[-500:].find(b"mfro") >= 0)  # the box that ffmpeg writes last
    kept = numbers_in(path)
    assert len(kept) >= 149  # the very last picture may have been on its way
    assert kept == list(range(len(kept)))
