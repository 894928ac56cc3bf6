"""How results leave the program: what the user chose for recordings and renderings. Qt-free; part of Settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from puppet.core.layout import LAYOUT_CHOICES, Layout, layouts_of
from puppet.core.types import Result
from puppet.media.codecs import Codec, Quality
from puppet.media.encoders import choose, offered
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import find_ffmpeg
from puppet.media.sound_file import SoundSource
from puppet.output.recording_sink import RecorderSink
from puppet.provenance.xmp import Provenance

HEIGHTS = (0, 480, 720, 1080)  # px; 0: as large as the pictures are
LONGEST_PRE_ROLL = 30.0  # s
LONGEST_DELAY = 500  # ms, either way


@dataclass(frozen=True)
class OutputSettings:
    """Everything about outputs that survives a restart."""

    layout: str = field(default=Layout.SIDE_BY_SIDE.value, metadata={"choices": LAYOUT_CHOICES})
    height: int = field(default=0, metadata={"choices": HEIGHTS})  # of the file's pictures, px; 0: their own
    codec: str = field(default=Codec.H264.value, metadata={"choices": tuple(codec.value for codec in Codec)})
    quality: str = field(default=Quality.HIGH.value, metadata={"choices": tuple(quality.value for quality in Quality)})
    hardware: bool = True  # use a hardware encoder where one works
    badge: bool = True  # on the actor's picture
    microphone: str = ""  # a device's name; empty: no sound
    muted: bool = False
    automatic_delay: bool = True  # sound and pictures go together by their time stamps; else by `delay_ms`
    delay_ms: int = field(default=0, metadata={"range": (-LONGEST_DELAY, LONGEST_DELAY)})  # > 0: sound comes later
    pre_roll: float = field(default=0.0, metadata={"range": (0.0, LONGEST_PRE_ROLL)})  # s kept from before a take
    sign: bool = False  # C2PA, where c2pa-python is installed

    @property
    def layouts(self) -> tuple[Layout, ...]:
        return layouts_of(self.layout)

    @property
    def suffix(self) -> str:
        """The usual ending of a recording's name."""
        return Codec(self.codec).suffixes[0]

    def suiting(self, path: Path) -> OutputSettings:
        """These, with another codec where this one does not go into files of such a name and one that can be encoded
        here does. Raises RecordingError when there is no ffmpeg.
        """
        kind = path.suffix.lower()
        if kind in Codec(self.codec).suffixes:
            return self
        fitting = [codec for codec in Codec if kind in codec.suffixes]
        there = [codec for codec in offered(find_ffmpeg()) if codec in fitting] if fitting else []
        return replace(self, codec=there[0].value) if there else self

    @property
    def delay(self) -> float:
        """Seconds by which sound comes later than its time stamps say."""
        return 0.0 if self.automatic_delay else self.delay_ms / 1000

    def recording(self, path: Path, actor: str = "", consent: str = "", fps: float = 30.0) -> RecordingSettings:
        """Settings of a take. The first call for a codec tries hardware encoders out, which takes seconds.

        Raises RecordingError when this ffmpeg cannot encode the codec.
        """
        return RecordingSettings(
            path,
            fps=fps,
            encoder=choose(find_ffmpeg(), Codec(self.codec), self.hardware),
            quality=Quality(self.quality),
            about=Provenance(actor, consent),
        )

    def take(
        self,
        path: Path,
        actor: str = "",
        consent: str = "",
        lead: Sequence[Result] = (),
        microphone: SoundSource | None = None,
    ) -> RecorderSink:
        """Begin a live take; see `RecorderSink` and `recording`. Raises RecordingError."""
        return RecorderSink(
            self.recording(path, actor, consent),
            self.layouts,
            height=self.height,
            badge=self.badge,
            lead=lead,
            microphone=microphone,
            delay=self.delay,
            signed=self.sign,
        )
