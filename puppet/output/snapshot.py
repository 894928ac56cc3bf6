"""A result as a PNG file that says what it is."""

from __future__ import annotations

from pathlib import Path

import cv2

from puppet.core.errors import RecordingError
from puppet.core.types import Result
from puppet.output.compose import compose
from puppet.output.new_files import save_new
from puppet.provenance.xmp import Provenance, in_png
from puppet.storage.names import new_recording_path


def save_snapshot(result: Result, folder: Path, about: Provenance) -> Path:
    """Save what `about` says is shown as a new PNG file that says what it is; with alpha where nothing is behind it.

    Raises RecordingError.
    """
    picture = compose(result, about.layout, badge=bool(about.badge), alpha=True)
    done, encoded = cv2.imencode(".png", picture)
    if not done:
        raise RecordingError("The snapshot could not be encoded as PNG")
    return save_new(new_recording_path(folder, about.actor, ".png"), in_png(encoded.tobytes(), about))
