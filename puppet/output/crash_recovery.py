"""Recovers what a killed process left: takes become plain files, drafts are removed. See `storage.unfinished`."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.media.ffmpeg_arguments import CLUSTERED, container
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.frame_times import probe_frame_times
from puppet.media.remux import remux
from puppet.media.sound_file import SoundTrack
from puppet.provenance.xmp import Provenance
from puppet.storage.file_lock import acquire, is_at, release
from puppet.storage.unfinished import LIST, PARTS, Entry, Kind, lists_folder, read_list, read_parts

PATIENCE = 30 * 24 * 3600.0  # s for which a list is kept of what lies on a disk that is not there


def recover_unfinished() -> list[str]:
    """Finish the takes and remove the drafts of processes that are dead; a sentence for each finished take.

    May take seconds where there is a take. Errors are ignored: the next start tries again.
    """
    sentences: list[str] = []
    with contextlib.suppress(OSError):
        for path in sorted(lists_folder().glob(f"*{LIST}")):
            with contextlib.suppress(OSError):
                sentences += _recover(path)
        for path in lists_folder().glob(f"*{PARTS}"):
            with contextlib.suppress(OSError):
                if not any(part.is_there for part in read_parts(path)):
                    path.unlink(missing_ok=True)
        for path in (lists_folder().parent / "locks").glob("*.lock"):
            with contextlib.suppress(OSError):
                lock = acquire(path)
                if lock is not None:
                    release(path, lock)
    return sentences


def recover_and_report() -> None:
    """What a command does at its start: `recover_unfinished`, with the sentences on standard error."""
    for sentence in recover_unfinished():
        print(sentence, file=sys.stderr)


def _recover(path: Path) -> list[str]:
    """Work through one process's list, which is kept when something on it cannot be done now."""
    lock = acquire(path)
    if lock is None:
        return []  # its process lives
    with lock:
        if not is_at(path, lock):
            return []
        entries, sentences = read_list(path), []
        done = True
        for entry in entries:
            done = done and entry.path.parent.exists()  # else its disk may come back
            if entry.kind is Kind.DRAFT:
                entry.remove()
        takes = [entry for entry in entries if entry.kind is Kind.RECORDING and entry.is_there]
        sounds = [entry for entry in entries if entry.kind is Kind.SOUND and entry.is_there]
        joined = {take.path: _finish(take, sounds, sentences) for take in takes}
        for sound in sounds:
            if all(joined.get(take) for take in _takes_of(sound)):
                sound.remove()
        if done or time.time() - os.fstat(lock.fileno()).st_mtime > PATIENCE:
            release(path, lock)
    return sentences


def _finish(take: Entry, sounds: Sequence[Entry], sentences: list[str]) -> bool:
    """Make a plain file of a take, with its sound; whether the sound is in it now."""
    if take.path.stat().st_size == 0:
        take.remove()  # no picture had come
        return False
    if container(take.path) not in CLUSTERED and not _is_fragmented(take.path):
        return False  # another program's file: ours is not finished
    sound = next((sound for sound in sounds if take.path in _takes_of(sound)), None)
    times = probe_frame_times(take.path).times
    if len(times) < 2:
        return False  # ffmpeg, too, was killed before the first half second was on the disk
    seconds = times[-1] * len(times) / (len(times) - 1)
    with contextlib.suppress(RecordingError, ValueError):
        about = Provenance(
            str(take.facts.get("actor", "")),
            str(take.facts.get("consent", "")),
            Layout(take.facts.get("layout", Layout.SIDE_BY_SIDE.value)),
            take.facts.get("badge"),
        )
        executable = find_ffmpeg()
        heard = sound is not None and remux(take.path, executable, about, SoundTrack(sound.path), seconds)
        if heard or remux(take.path, executable, about):
            what = f"its {seconds:.1f} s are complete now"
            sentences.append(f"{take.path} was interrupted when the program ended; {what}")
        return heard
    return False


def _is_fragmented(path: Path) -> bool:
    """Whether an MP4 grew by fragments, of which the first lies near its beginning."""
    with path.open("rb") as file:
        return b"moof" in file.read(1 << 20)


def _takes_of(sound: Entry) -> list[Path]:
    return [Path(str(take)) for take in sound.facts.get("takes", ())]
