"""The outputs that write files. A new one is a class that is a `Sink`, and one line in SINKS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from puppet.core.protocols import Sink
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.output.recording_sink import RecorderSink
from puppet.provenance.xmp import Provenance
from puppet.storage.names import new_recording_path, with_free_name


@dataclass(frozen=True)
class SinkKind:
    """An entry of the registry: `make` a sink that puts a new file into a folder, for the named actor."""

    name: str
    make: Callable[[Path, str], Sink]


SINKS: tuple[SinkKind, ...] = (
    SinkKind(
        "recorder",
        lambda folder, actor: with_free_name(
            new_recording_path(folder, actor),
            lambda path: RecorderSink(RecordingSettings(path, about=Provenance(actor))),
        ),
    ),
)
