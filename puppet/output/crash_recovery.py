"""What a start does about what a killed process left behind: drafts go, takes are finished. See `unfinished`."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.media.ffmpeg_arguments import container
from puppet.media.frame_times import film_times
from puppet.media.recorder import Sound, find_ffmpeg, tidy
from puppet.provenance.xmp import Provenance
from puppet.storage.file_lock import acquire, is_at, release
from puppet.storage.unfinished import LIST, PARTS, Entry, Kind, lists_folder, read_list, read_parts

PATIENCE = 30 * 24 * 3600.0  # s for which a list is kept of what lies on a disk that is not there


def clear_up() -> list[str]:
    """Remove and finish what dead processes left; what was finished, in sentences. May take seconds where there is a
    take. Trouble stops nothing: the next start tries again.
    """
    told: list[str] = []
    with contextlib.suppress(OSError):
        for path in sorted(lists_folder().glob(f"*{LIST}")):
            with contextlib.suppress(OSError):
                told += _clear(path)
        for path in lists_folder().glob(f"*{PARTS}"):
            with contextlib.suppress(OSError):
                if not any(part.is_there for part in read_parts(path)):
                    path.unlink(missing_ok=True)
        for path in (lists_folder().parent / "locks").glob("*.lock"):
            with contextlib.suppress(OSError):
                lock = acquire(path)
                if lock is not None:
                    release(path, lock)
    return told


def clear_up_and_say() -> None:
    """For commands at their start: see `clear_up`."""
    for told in clear_up():
        print(told, file=sys.stderr)


def _clear(path: Path) -> list[str]:
    """One process's list; it stays when something on it cannot be done now."""
    lock = acquire(path)
    if lock is None:
        return []  # it lives
    with lock:
        if not is_at(path, lock):
            return []
        entries, told = read_list(path), []
        done = True
        for entry in entries:
            done = done and entry.path.parent.exists()  # else its disk may come back
            if entry.kind is Kind.DRAFT:
                entry.remove()
        takes = [entry for entry in entries if entry.kind is Kind.RECORDING and entry.is_there]
        sounds = [entry for entry in entries if entry.kind is Kind.SOUND and entry.is_there]
        joined = {take.path: _finish(take, sounds, told) for take in takes}
        for sound in sounds:
            if all(joined.get(take) for take in _takes_of(sound)):
                sound.remove()
        if done or time.time() - os.fstat(lock.fileno()).st_mtime > PATIENCE:
            release(path, lock)
    return told


def _finish(take: Entry, sounds: Sequence[Entry], told: list[str]) -> bool:
    """Make a plain file of a take, with its sound; whether it has that now."""
    if take.path.stat().st_size == 0:
        take.remove()  # no picture had come
        return False
    if container(take.path) != "matroska" and not _is_fragmented(take.path):
        return False  # somebody else's: ours is not finished
    sound = next((sound for sound in sounds if take.path in _takes_of(sound)), None)
    times = film_times(take.path).times
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
        heard = sound is not None and tidy(take.path, executable, about, Sound(sound.path), seconds)
        if heard or tidy(take.path, executable, about):
            told.append(f"{take.path} was interrupted when the program ended; its {seconds:.1f} s are complete now")
        return heard
    return False


def _is_fragmented(path: Path) -> bool:
    """Whether an MP4 grew by fragments, of which the first lies near its beginning."""
    with path.open("rb") as file:
        return b"moof" in file.read(1 << 20)


def _takes_of(sound: Entry) -> list[Path]:
    return [Path(str(take)) for take in sound.facts.get("takes", ())]
