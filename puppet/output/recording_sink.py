"""Records results as a take: one file or several, with sound, by what the user chose."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.core.types import Image, Result
from puppet.media.codecs import Codec, Quality
from puppet.media.encoders import available_codecs, choose_encoder
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.recorder import Recorder, Recording
from puppet.media.sound_file import SoundFile, SoundSource, SoundTrack
from puppet.media.timeline import Timeline
from puppet.output.compose import compose, is_transparent
from puppet.output.settings import OutputSettings
from puppet.provenance import signing
from puppet.provenance.xmp import Provenance


def layout_path(path: Path, layout: Layout, layouts: Sequence[Layout]) -> Path:
    """The file of one layout, when a take that is called `path` has these."""
    return path if len(layouts) == 1 else path.with_name(f"{path.stem}_{layout.value}{path.suffix}")


class RecorderSink:
    """A sink that records a take: one file for each of `layouts`, all with the same pictures at the same times.

    settings.path: with several layouts, their names are put before its ending. height: see `compose`. badge: on the
    actor's picture. wait: a full queue makes `write` wait instead of dropping, and no time is cut, for rendering.
    pre_roll: results from before the take that belong to it. microphone: heard in every file, later by `delay` seconds.
    sound: heard instead, from a file that exists already. signed: files that show the actor get a C2PA signature;
    `close` raises what goes wrong with it. draft_of: see `Recorder`. Raises RecordingError, see `Recorder`.

    Once closed, `recordings` tells of every file, `recording` of the first one. sound_left: a file beside the take's
    with its sound, when that could not be put into them. dropped: results that found a queue full, and are in no file.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        layouts: Sequence[Layout] = (Layout.SIDE_BY_SIDE,),
        *,
        height: int = 0,
        badge: bool = False,
        wait: bool = False,
        pre_roll: Sequence[Result] = (),
        microphone: SoundSource | None = None,
        delay: float = 0.0,
        sound: SoundTrack | None = None,
        signed: bool = False,
        draft_of: Path | None = None,
    ) -> None:
        self.recording: Recording | None = None
        self.recordings: tuple[Recording, ...] = ()
        self.sound_left: Path | None = None
        self.dropped = 0
        self._fps = settings.fps
        self._layouts, self._height, self._badge, self._wait = tuple(layouts), height, badge, wait
        self._codec = settings.encoder.codec
        self._refusal: RecordingError | None = None
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
                        keep_gaps=wait or microphone is not None,
                        pre_roll=self._pictures(pre_roll, layout),
                        draft_of=None if draft_of is None else layout_path(draft_of, layout, self._layouts),
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
        if pre_roll:
            self._begin(pre_roll[0].frame.captured_at)

    @property
    def recorder(self) -> Recorder:
        """That of the first file."""
        return self._recorders[0]

    @property
    def path(self) -> Path:
        """The first file."""
        return self.recorder.path

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file, in the order of the layouts."""
        return tuple(recorder.path for recorder in self._recorders)

    @property
    def error(self) -> RecordingError | None:
        """The first of `errors`."""
        return next(iter(self.errors), None)

    @property
    def errors(self) -> tuple[RecordingError, ...]:
        """Why the take was refused; those of all files, in their order."""
        refusal = () if self._refusal is None else (self._refusal,)
        return (*refusal, *(recorder.error for recorder in self._recorders if recorder.error is not None))

    @property
    def seconds(self) -> float:
        """Length of what was handed to ffmpeg so far."""
        return self.recorder.seconds

    @property
    def fps(self) -> float:
        """Pictures per second of the files."""
        return self._fps

    @property
    def paused(self) -> bool:
        """Whether what comes now is left out."""
        return self._timeline.paused

    def pause(self) -> None:
        """Leave out what comes, pictures and sound, until `resume`."""
        with self._lock:
            self._timeline.pause(time.perf_counter())

    def resume(self) -> None:
        """Go on after `pause`."""
        with self._lock:
            self._timeline.resume(time.perf_counter())

    def write(self, result: Result) -> None:
        """Add a picture to every file, or to none when one of their queues is full.

        A take whose first picture has nothing behind the actor is refused, in `error`, where the codec has no alpha;
        later ones are over green then.
        """
        with self._lock:
            at = self._timeline.place(result.frame.captured_at)
        if at is None or self.recordings or self._refusal is not None:
            return
        if not self._begun and is_transparent(result):
            try:
                check_alpha(self._codec, self._layouts)
            except RecordingError as problem:
                self._refusal = problem
                return
        pictures = [self._composed(result, layout) for layout in self._layouts]
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
        path = layout_path(settings.path, layout, self._layouts)
        about = replace(settings.about, layout=layout, badge=None if layout is Layout.DRIVER else self._badge)
        return replace(settings, path=path, about=about)

    def _pictures(self, pre_roll: Sequence[Result], layout: Layout) -> list[tuple[Callable[[], Image], float]]:
        return [(functools.partial(self._composed, result, layout), result.frame.captured_at) for result in pre_roll]

    def _composed(self, result: Result, layout: Layout) -> Image:
        return compose(result, layout, self._height, self._badge, self._codec.alpha)


def recording_settings(
    outputs: OutputSettings, path: Path, actor: str = "", consent: str = "", fps: float = 30.0
) -> RecordingSettings:
    """How a take at `path` is recorded by what the user chose.

    The first call for a codec tries hardware encoders out, which takes seconds. Raises RecordingError when this ffmpeg
    cannot encode the codec.
    """
    return RecordingSettings(
        path,
        fps=fps,
        encoder=choose_encoder(find_ffmpeg(), Codec(outputs.codec), outputs.hardware),
        quality=Quality(outputs.quality),
        about=Provenance(actor, consent),
    )


def begin_take(
    outputs: OutputSettings,
    path: Path,
    actor: str = "",
    consent: str = "",
    pre_roll: Sequence[Result] = (),
    microphone: SoundSource | None = None,
) -> RecorderSink:
    """Begin a live take by what the user chose; see `RecorderSink` and `recording_settings`. Raises RecordingError."""
    return RecorderSink(
        recording_settings(outputs, path, actor, consent),
        outputs.layouts,
        height=outputs.height,
        badge=outputs.badge,
        pre_roll=pre_roll,
        microphone=microphone,
        delay=outputs.delay,
        signed=outputs.sign,
    )


def check_alpha(codec: Codec, layouts: Sequence[Layout]) -> None:
    """Raise RecordingError where the actor is to be seen over nothing, and the codec cannot show that."""
    if not codec.alpha and any(layout is not Layout.DRIVER for layout in layouts):
        choices = " or ".join(f"{other.label} ({other.suffixes[0]})" for other in Codec if other.alpha)
        raise RecordingError(
            f"The background is transparent, which {codec.label} cannot show; choose the codec {choices}, or another "
            "background"
        )


def with_fitting_codec(outputs: OutputSettings, path: Path, alpha: bool = False) -> OutputSettings:
    """The settings with a codec that goes into files of this name's ending, or as they are when none can be encoded.

    alpha: only codecs that can be transparent. Raises RecordingError when there is no ffmpeg.
    """
    suffix, chosen = path.suffix.lower(), Codec(outputs.codec)
    if suffix in chosen.suffixes and (chosen.alpha or not alpha):
        return outputs
    fitting = [codec for codec in Codec if suffix in codec.suffixes and (codec.alpha or not alpha)]
    there = [codec for codec in available_codecs(find_ffmpeg()) if codec in fitting] if fitting else []
    return replace(outputs, codec=there[0].value) if there else outputs
