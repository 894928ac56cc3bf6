"""What every output that writes a file promises. A new one gets a row in SINKS."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from video_fixtures import numbered, result_of

from puppet.core.errors import RecordingError
from puppet.core.protocols import Sink
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.output.recording_sink import RecorderSink
from puppet.provenance.xmp import Provenance
from puppet.storage.names import new_recording_path, with_free_name


def make_recorder(folder: Path, actor: str) -> Sink:
    settings = RecordingSettings(folder, about=Provenance(actor))
    return with_free_name(new_recording_path(folder, actor), lambda path: RecorderSink(replace(settings, path=path)))


SINKS = {"recorder": make_recorder}  # makes a sink that puts a new file into a folder, for the named actor
MakeSink = Callable[[Path, str], Sink]


@pytest.mark.parametrize("make", SINKS.values(), ids=SINKS)
def test_every_sink_keeps_the_contract(make: MakeSink, tmp_path: Path):
    sink = make(tmp_path, "marble")
    for index in range(5):
        sink.write(result_of(numbered(index), index, index / 30))
    sink.close()
    sink.close()
    sink.write(result_of(numbered(9), 9, 1.0))  # ignored
    assert sink.error is None
    made = list(tmp_path.iterdir())
    assert len(made) == 1
    assert "marble" in made[0].name


@pytest.mark.parametrize("make", SINKS.values(), ids=SINKS)
def test_every_sink_tells_that_it_cannot_write(make: MakeSink, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="file"):
        make(tmp_path / "file", "marble")
