"""Turns a recording that grew by fragments into a plain file that players can seek in. Nothing is encoded again."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path

from puppet.media.ffmpeg_arguments import container, remux_arguments
from puppet.media.ffmpeg_child import last_lines, run_ffmpeg
from puppet.media.sound_file import SoundTrack
from puppet.provenance.xmp import Provenance, append_xmp
from puppet.storage.files import publish
from puppet.storage.unfinished import drop_draft, make_draft

NOTHING = Provenance()
SLOWEST_DISK = 5e6  # bytes per second that a slow USB stick writes
SHORTEST_LIMIT = 60.0  # s
logger = logging.getLogger(__name__)


def remux(
    path: Path, executable: str, about: Provenance = NOTHING, sound: SoundTrack | None = None, seconds: float = 0.0
) -> bool:
    """Turn a finished recording into a plain file, atomically, with its provenance, and with `sound` cut to `seconds`.

    False, with the file as it was, when that fails, as when there is no sound in the sound's file.
    """
    limit = SHORTEST_LIMIT + path.stat().st_size / SLOWEST_DISK + seconds
    draft = path
    try:
        draft = make_draft(path)
        arguments = remux_arguments(executable, path, draft, about)
        if sound is not None:
            arguments = remux_arguments(executable, path, draft, about, sound.path, sound.start, seconds, sound.track)
        done = run_ffmpeg(arguments, limit)
        if done.returncode != 0:
            raise OSError(f"ffmpeg, code {done.returncode}: {last_lines(done.stderr.decode(errors='replace'))}")
        if container(path) == "mp4":
            append_xmp(draft, about)
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())  # on the disk before it takes the place of a file that is
        publish(draft, path, replace=True)
    except (OSError, subprocess.TimeoutExpired) as problem:
        why = problem if isinstance(problem, OSError) else f"ffmpeg took longer than {limit:.0f} s"
        logger.warning("%s cannot be made a plain file: %s", path, why)
        return False
    finally:
        if draft != path:
            drop_draft(draft)
    return True
