"""Where results go. An output is one class here and one line in `SINKS`; the contract test picks it up."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import cv2

from puppet.core.errors import PuppetError, RecordingError, reason
from puppet.core.layout import Layout
from puppet.core.types import Image, Result
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder, Recording, Sound
from puppet.media.sound_file import SoundFile, SoundSource
from puppet.media.timeline import Timeline
from puppet.output.compose import compose
from puppet.provenance import signing
from puppet.provenance.xmp import Provenance, in_png
from puppet.storage import files
from puppet.storage.names import new_recording_path, with_free_name


class Sink(Protocol):
    """Takes every result. `error` is set when it gave up; the engine then detaches it and reports."""

    @property
    def error(self) -> PuppetError | None: ...

    def write(self, result: Result) -> None:
        """From the inference thread; does not block, does not raise, ignored after `close`."""
        ...

    def close(self) -> None:
        """Idempotent; raises RecordingError after everything is closed, and again to whoever closes it again."""
        ...


def path_of(path: Path, layout: Layout, layouts: Sequence[Layout]) -> Path:
    """The file of one layout, when a take that is called `path` has these."""
    return path if len(layouts) == 1 else path.with_name(f"{path.stem}_{layout.value}{path.suffix}")


class RecorderSink:
    """Records a take: what each of `layouts` shows, one file each, all with the same pictures at the same times.
    Raises RecordingError, see `Recorder`.

    settings.path: with several layouts, their names are put before its ending. height: see `compose`. badge: on the
    actor's picture. wait: back-pressure instead of drops, and no time is cut, for rendering. lead: results from before
    the take that belong to it. microphone: heard in every file, later by `delay` seconds. sound: heard instead, of a
    file that is there already. signed: files that show the actor, by C2PA, see `signing`; trouble with that is raised
    by `close`. becomes: see `Recorder`. `recording` tells of the first file once closed.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        layouts: Sequence[Layout] = (Layout.SIDE_BY_SIDE,),
        *,
        height: int = 0,
        badge: bool = False,
        wait: bool = False,
        lead: Sequence[Result] = (),
        microphone: SoundSource | None = None,
        delay: float = 0.0,
        sound: Sound | None = None,
        signed: bool = False,
        becomes: Path | None = None,
    ) -> None:
        self.recording: Recording | None = None
        self.recordings: tuple[Recording, ...] = ()
        self.sound_left: Path | None = None  # a file beside the take's: its sound, when it could not be put into them
        self.dropped = 0  # results that found a queue full, and are in no file
        self._fps = settings.fps
        self._layouts, self._height, self._badge, self._wait = tuple(layouts), height, badge, wait
        self._timeline = Timeline()
        self._lock = threading.Lock()  # a pause falls between two results
        self._closing = threading.Lock()  # the engine closes what gave up while the window closes what it began
        self._begun = False
        self._recorders: list[Recorder] = []
        if signed:
            signing.check(settings.path.suffix)
        try:
            for layout in self._layouts:
                self._recorders.append(
                    Recorder(
                        self._settings(settings, layout),
                        wait=wait,
                        gaps=wait or microphone is not None,
                        lead=self._lead(lead, layout),
                        becomes=None if becomes is None else path_of(becomes, layout, self._layouts),
                    )
                )
        except RecordingError:
            for made in self._recorders:
                made.close()
            raise
        self._given = sound
        self._signed = signed
        self._sound = (
            SoundFile(self.path, microphone, self._timeline, delay, self.paths) if microphone is not None else None
        )
        if lead:
            self._begin(lead[0].frame.captured_at)

    @property
    def recorder(self) -> Recorder:
        """Of the first file."""
        return self._recorders[0]

    @property
    def path(self) -> Path:
        return self.recorder.path

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(recorder.path for recorder in self._recorders)

    @property
    def error(self) -> RecordingError | None:
        return next((recorder.error for recorder in self._recorders if recorder.error is not None), None)

    @property
    def seconds(self) -> float:
        return self.recorder.seconds

    @property
    def fps(self) -> float:
        """Of the files."""
        return self._fps

    @property
    def paused(self) -> bool:
        return self._timeline.paused

    def pause(self) -> None:
        """Leave out what comes, pictures and sound, until `resume`."""
        with self._lock:
            self._timeline.pause(time.perf_counter())

    def resume(self) -> None:
        with self._lock:
            self._timeline.resume(time.perf_counter())

    def write(self, result: Result) -> None:
        with self._lock:
            at = self._timeline.place(result.frame.captured_at)
        if at is None or self.recordings:
            return
        pictures = [compose(result, layout, self._height, self._badge) for layout in self._layouts]
        pairs = list(zip(self._recorders, pictures, strict=True))
        if not self._wait and not all(recorder.has_room(picture) for recorder, picture in pairs):
            self.dropped += 1  # in all files or in none: their timing stays the same
            return
        self._begin(at)
        for recorder, picture in pairs:
            recorder.write(picture, at)

    def close(self) -> None:
        """Finish the files; may take seconds, so not from the window's thread."""
        with self._closing:
            if not self.recordings:
                self._finish()
        if self.error is not None:
            raise self.error

    def _finish(self) -> None:
        sound = self._sound.close() if self._sound is not None else self._given
        made = tuple(recorder.close(sound) for recorder in self._recorders)
        self.recordings = tuple(replace(recording, dropped=self.dropped) for recording in made)
        self.recording = self.recordings[0]
        if self._sound is not None:
            if not made[0].frames or all(recording.sound for recording in made):
                self._sound.discard()
            else:
                self.sound_left = self._sound.keep()
        if self.error is not None:
            return
        for recorder, recording in zip(self._recorders, made, strict=True):
            if self._signed and recording.frames and recorder.about.synthetic:
                signing.sign(recording.path, recorder.about)

    def _begin(self, at: float) -> None:
        """The first picture: the sound begins with it."""
        if not self._begun:
            self._begun = True
            if self._sound is not None:
                self._sound.begin(at)

    def _settings(self, settings: RecordingSettings, layout: Layout) -> RecordingSettings:
        path = path_of(settings.path, layout, self._layouts)
        about = replace(settings.about, layout=layout, badge=None if layout is Layout.DRIVER else self._badge)
        return replace(settings, path=path, about=about)

    def _lead(self, lead: Sequence[Result], layout: Layout) -> list[tuple[Callable[[], Image], float]]:
        return [
            (functools.partial(compose, result, layout, self._height, self._badge), result.frame.captured_at)
            for result in lead
        ]


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


def save_snapshot(result: Result, folder: Path, about: Provenance) -> Path:
    """Save what `about` says is shown as a new PNG file that says what it is. Raises RecordingError."""
    picture = compose(result, about.layout, badge=bool(about.badge))
    done, encoded = cv2.imencode(".png", picture)
    if not done:
        raise RecordingError("The snapshot could not be encoded as PNG")
    return write_new(new_recording_path(folder, about.actor, ".png"), in_png(encoded.tobytes(), about))


def write_new(path: Path, data: bytes) -> Path:
    """As `files.write_new`. Raises RecordingError."""
    try:
        return files.write_new(path, data)
    except OSError as problem:
        raise RecordingError(f"Cannot save {path}: {reason(problem)}; choose another folder") from problem
