"""Between two actors, and along a path: pictures of what lies between, and films of it. Numpy only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from puppet.actor.card import MESH
from puppet.core import pixels
from puppet.core.errors import PuppetError
from puppet.core.layout import Layout
from puppet.core.types import Image, Latent, Portrait
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder, Recording
from puppet.provenance.badge import badged
from puppet.provenance.xmp import Provenance

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor


class ActorMorph:
    """One face that turns into another's.

    The points of two puppet actors correspond (landmarks, rings, border), though they are triangulated differently:
    each actor's texture is drawn over points between both, and the two pictures are cross-dissolved. Actors whose
    points do not correspond are cross-dissolved alone; `bends` tells.
    """

    def __init__(self, a: Actor, b: Actor) -> None:
        self.a, self.b = a, b
        self.bends = a.card.kind == b.card.kind == MESH and _points(a) == _points(b)

    def draw(self, a: Latent, b: Latent, share: float) -> Portrait:
        """Share 0: a's face, 1: b's. As large as the larger actor's pictures, uint8 (S, S, 3) BGR."""
        share = float(np.clip(share, 0, 1))
        size = max(self.a.card.image_size, self.b.card.image_size)
        if not self.bends:
            return Portrait(_dissolve(self.a.decode(a).image, self.b.decode(b).image, share, size))
        texture_a, points_a = self.a.parts(a)
        texture_b, points_b = self.b.parts(b)
        side_a, side_b = self.a.card.image_size, self.b.card.image_size
        # the centre of pixel i of S lies at (i + 0.5) / S of the picture
        between = (1 - share) * (points_a + 0.5) / side_a + share * (points_b + 0.5) / side_b
        first = self.a.draw(texture_a, (between * side_a - 0.5).astype(np.float32)) if share < 1 else None
        second = self.b.draw(texture_b, (between * side_b - 0.5).astype(np.float32)) if share > 0 else None
        if first is None or second is None:
            (only,) = [portrait for portrait in (first, second) if portrait is not None]
            return Portrait(_fitted(only.image, size))
        return Portrait(_dissolve(first.image, second.image, share, size))


def eased(count: int) -> Iterator[float]:
    """`count` shares from 0 to 1 that start and end slowly."""
    for linear in np.linspace(0, 1, count):
        yield float(linear * linear * (3 - 2 * linear))


def film(
    pictures: Iterable[Image],
    path: Path,
    fps: float = 30.0,
    actor: str = "",
    stopped: Callable[[], bool] = lambda: False,
    consent: str = "",
    badge: bool = False,
) -> Recording:
    """Record pictures uint8 (H, W, 3) BGR at a constant rate to a new MP4 file; `stopped` ends it early.

    actor, consent: whose face is seen, and who agreed, for the file's metadata. badge: put the sign on every picture.

    Raises RecordingError: the file exists, cannot be written, or ffmpeg fails.
    """
    about = Provenance(actor, consent, Layout.ACTOR, badge)
    recorder = Recorder(RecordingSettings(path, fps=fps, about=about), wait=True)
    try:
        for index, picture in enumerate(pictures):
            if stopped() or recorder.error is not None:
                break
            recorder.write(badged(picture) if badge else picture, index / fps)
    finally:
        recording = recorder.close()
    if recorder.error is not None:
        raise recorder.error
    if not recording.frames:
        raise PuppetError("Nothing was filmed: there was no picture")
    return recording


def _points(actor: Actor) -> int:
    return 0 if actor.card.texture_points is None else len(actor.card.texture_points)


def _fitted(image: Image, size: int) -> Image:
    return image if len(image) == size else pixels.resize(image, size, size)


def _dissolve(a: Image, b: Image, share: float, size: int) -> Image:
    mixed = (1 - share) * _fitted(a, size).astype(np.float32) + share * _fitted(b, size)
    return np.rint(mixed).astype(np.uint8)
