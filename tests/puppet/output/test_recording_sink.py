from pathlib import Path

import cv2
import numpy as np
import pytest
from video_fixtures import numbered, read_video, result_of, shown_number

from puppet.core.errors import RecordingError
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.output.recording_sink import SINKS, RecorderSink, SinkKind, save_snapshot
from puppet.provenance.xmp import Provenance


@pytest.mark.parametrize("kind", SINKS, ids=lambda kind: kind.name)
def test_every_sink_keeps_the_contract(kind: SinkKind, tmp_path: Path):
    sink = kind.make(tmp_path, "marble")
    for index in range(5):
        sink.write(result_of(numbered(index), index, index / 30))
    sink.close()
    sink.close()
    sink.write(result_of(numbered(9), 9, 1.0))  # ignored
    assert sink.error is None
    made = list(tmp_path.iterdir())
    assert len(made) == 1
    assert "marble" in made[0].name


@pytest.mark.parametrize("kind", SINKS, ids=lambda kind: kind.name)
def test_every_sink_tells_that_it_cannot_write(kind: SinkKind, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="file"):
        kind.make(tmp_path / "file", "marble")


def test_the_composed_picture_is_recorded_at_its_capture_time(tmp_path: Path):
    sink = RecorderSink(RecordingSettings(tmp_path / "take.mp4"))
    for index in (0, 1, 2):
        sink.write(result_of(numbered(index), index, 50 + index / 10))
    sink.close()
    assert sink.recording is not None
    assert sink.recording.path == sink.path
    assert [shown_number(image) for image in read_video(sink.path)] == [0] * 3 + [1] * 3 + [2] * 3
    assert (sink.seconds, sink.dropped) == (pytest.approx(0.3), 0)


def test_a_sink_that_gave_up_says_so_to_everybody_who_closes_it(tmp_path: Path):
    sink = RecorderSink(RecordingSettings(tmp_path / "take.mp4"))
    sink.recorder._executable = str(tmp_path / "none")
    sink.write(result_of(numbered(0)))
    with pytest.raises(RecordingError, match="could not be started"):
        sink.close()
    assert sink.error is not None
    with pytest.raises(RecordingError, match="could not be started"):  # the engine closed it first, then the window
        sink.close()


def test_a_snapshot_is_the_composed_picture_and_says_what_it_is(tmp_path: Path):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    first = save_snapshot(result_of(image), tmp_path / "shots", Provenance("marble"))
    second = save_snapshot(result_of(image), tmp_path / "shots", Provenance("marble"))
    assert first != second
    assert first.suffix == ".png"
    assert np.array_equal(cv2.imread(str(first)), image)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert b"Synthetic performance of the actor 'marble'" in first.read_bytes()


def test_a_snapshot_into_nowhere_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"Cannot save .*file"):
        save_snapshot(result_of(numbered(1)), tmp_path / "file" / "shots", Provenance("marble"))
