"""What the user chose for recordings and renderings, as a part of the settings. Only data: importing it is cheap."""

from __future__ import annotations

from dataclasses import dataclass, field

from puppet.core.layout import LAYOUT, Layout, layouts_of
from puppet.media.codecs import CODEC, HEIGHT, QUALITY, Codec

LONGEST_PRE_ROLL = 30.0  # s
LONGEST_DELAY = 500  # ms, either way


@dataclass(frozen=True)
class OutputSettings:
    """Everything about outputs that survives a restart."""

    layout: str = LAYOUT.field()
    height: int = HEIGHT.field()  # of the file's pictures, px; 0: their own
    codec: str = CODEC.field()
    quality: str = QUALITY.field()
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
        """What each file of a take shows."""
        return layouts_of(self.layout)

    @property
    def suffix(self) -> str:
        """The usual ending of a recording's name."""
        return Codec(self.codec).suffixes[0]

    @property
    def delay(self) -> float:
        """Seconds by which sound comes later than its time stamps say."""
        return 0.0 if self.automatic_delay else self.delay_ms / 1000
