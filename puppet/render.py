"""Offline: every frame of a video through the puppeteer, into a file of the same rate and length."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from puppet.actor import DEFAULT_ACTOR, find_actor, load_actor
from puppet.errors import PuppetError, RecordingError, SourceError
from puppet.ffmpeg import RecordingSettings, literal
from puppet.pipeline import Layout, Puppeteer, StepOptions
from puppet.progress import Progress, progress
from puppet.recorder import CREATION_FLAGS, Recorder, find_ffmpeg
from puppet.sources import DEMO_CLIP, Source, open_source
from puppet.tracking import FaceMeshTracker, Tracker

if TYPE_CHECKING:
    from puppet.actor import Actor


@dataclass(frozen=True)
class Rendered:
    """What came out. frames_read: of the driver; frames: in the file; faces: frames read in which a face was seen."""

    path: Path
    frames_read: int
    frames: int
    seconds: float
    faces: int
    sound: bool

    def summary(self) -> str:
        """One line for the user."""
        seen = f"face seen in {100 * self.faces / self.frames_read:.1f} % of {self.frames_read} frames"
        return f"{self.path.resolve()}: {self.frames} frames, {self.seconds:.2f} s, {seen}"


def render(
    video: str,
    output: Path,
    actor: str | None = None,
    layout: str = "side-by-side",
    smoothing: float = 0.5,
    provider: str = "auto",
    force: bool = False,
) -> Rendered:
    """Let an actor (name or file; None: the built-in one) play a video, image folder or image, or "demo".

    layout: "side-by-side", "actor" or "driver". The output has the video's rate, length and sound. An existing
    output is replaced only with `force`, and only once the new one is finished. Ctrl-C keeps a playable file.
    Raises PuppetError: unreadable video, no face in it, unknown actor, output that cannot be written.
    """
    played = load_actor(find_actor(actor or DEFAULT_ACTOR), provider)
    options = StepOptions(smoothing=smoothing, layout=Layout[layout.upper().replace("-", "_")])
    source = open_source(video, paced=False)
    if source.live:
        raise SourceError(f"{video} never ends; record it with: puppet run --source {video} --record OUT.mp4", "live")
    source.open()
    try:
        with _target(output, video, force) as target:
            return _render(source, target, output, played, options, _sound_of(video))
    finally:
        source.close()


def _render(
    source: Source, target: Path, output: Path, actor: Actor, options: StepOptions, sound_from: Path | None
) -> Rendered:
    recorder = Recorder(RecordingSettings(target, fps=source.fps, actor=actor.name), wait=True)
    interrupted = False
    counts = _Counts()
    try:
        with progress(total=source.frame_count, label="rendering", unit="frames") as bar:
            _play(source, recorder, _make_tracker(source), actor, options, bar, counts)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        recording = recorder.close()
    if recorder.error is not None:
        raise recorder.error
    if interrupted:
        if recording.frames:
            print(f"Stopped; the first {recording.seconds:.1f} s are in {output}", file=sys.stderr)
        raise KeyboardInterrupt
    if not counts.faces:
        target.unlink(missing_ok=True)
        raise SourceError(
            f"{source.name}: no face was seen in {counts.read} frames, so nothing was rendered; "
            "the driver's face must be visible, upright and not too small",
            "empty",
        )
    if source.frame_count and counts.read < source.frame_count - 1:
        print(f"{source.name} ends early: {counts.read} of {source.frame_count} frames can be read", file=sys.stderr)
    sound = sound_from is not None and add_sound(target, sound_from, recording.seconds)
    return Rendered(output, counts.read, recording.frames, recording.seconds, counts.faces, sound)


@dataclass
class _Counts:
    read: int = 0
    faces: int = 0


def _play(
    source: Source,
    recorder: Recorder,
    tracker: Tracker,
    actor: Actor,
    options: StepOptions,
    bar: Progress,
    counts: _Counts,
) -> None:
    puppeteer = Puppeteer(tracker, actor, options)
    try:
        while recorder.error is None and (frame := source.read()) is not None:
            result = puppeteer.step(frame)
            recorder.write(result.image, frame.captured_at)
            counts.read += 1
            counts.faces += result.face is not None
            bar.update()
    finally:
        puppeteer.close()


def _make_tracker(source: Source) -> Tracker:
    """A single picture has no frame before it to follow a face from."""
    return FaceMeshTracker(still=source.frame_count == 1)


@contextlib.contextmanager
def _target(output: Path, video: str, force: bool) -> Iterator[Path]:
    """The file to write: `output`, or a sibling that takes its place in the end when there is one to replace."""
    if not output.exists():
        yield output
        return
    if not force:
        raise RecordingError(f"{output} exists already and is not overwritten; add --force, or choose another name")
    if Path(video).exists() and output.samefile(video):
        raise RecordingError(f"{output} is the video that is to be read; choose another name")
    if not output.is_file():
        raise RecordingError(f"{output} is not a file; choose another name")
    draft = output.with_name(f"{output.stem}.new{output.suffix}")
    try:
        yield draft
    finally:
        if draft.exists():
            os.replace(draft, output)


# --- sound ---


def _sound_of(video: str) -> Path | None:
    """The file that may have sound, or None for pictures."""
    path = DEMO_CLIP if video == "demo" else Path(video)
    return path if path.is_file() else None


def add_sound(silent: Path, sound_from: Path, seconds: float) -> bool:
    """Put the sound of one file under the pictures of another, atomically. False when there is none, or it fails."""
    draft = silent.with_name(f".{silent.stem}.sound{silent.suffix}")
    try:
        subprocess.run(
            sound_arguments(find_ffmpeg(), silent, sound_from, draft, seconds),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=CREATION_FLAGS,
        )
        os.replace(draft, silent)
    except (OSError, subprocess.SubprocessError, PuppetError):
        return False
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return True


def sound_arguments(executable: str, pictures: Path, sound_from: Path, target: Path, seconds: float) -> list[str]:
    """Pictures as they are, sound as AAC, cut to `seconds`. ffmpeg fails when there is no sound to map."""
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostats", "-nostdin", "-y",
        "-i", literal(pictures), "-i", literal(sound_from), "-map", "0:v", "-map", "1:a:0",
        "-c:v", "copy", "-c:a", "aac", "-b:a", "160k", "-t", f"{seconds:.6f}", "-map_metadata", "0",
        "-movflags", "+faststart", "-f", "mp4", literal(target),
    ]
    # fmt: on
