"""Films of pictures that are made one after the other, such as the morph of two actors: no camera, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from puppet.core.errors import PuppetError
from puppet.core.layout import Layout
from puppet.core.types import Image
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder, Recording
from puppet.provenance.badge import badged
from puppet.provenance.xmp import Provenance


def write_film(
    pictures: Iterable[Image],
    path: Path,
    fps: float = 30.0,
    actor: str = "",
    stopped: Callable[[], bool] = lambda: False,
    consent: str = "",
    badge: bool = False,
) -> Recording:
    """Write pictures uint8 (H, W, 3) BGR at a constant rate to a new MP4 file.

    stopped: asked before every picture, ends the film early. actor, consent: whose face is seen and who agreed, for the
    file's metadata. badge: draw the provenance badge on every picture.

    Raises RecordingError when the file exists, cannot be written, or ffmpeg fails; PuppetError without any picture.
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
