"""What every output in the registry promises."""

from pathlib import Path

import pytest
from video_fixtures import numbered, result_of

from puppet.core.errors import RecordingError
from puppet.output.registry import SINKS, SinkKind


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
