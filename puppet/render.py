"""Offline: every frame of a video through the puppeteer, into a file of the same rate and length.

The clip is gone through twice: first to follow the face, so that the driver's neutral is known from the whole clip
before the first picture is made, then to act.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from puppet import align
from puppet.actor import DEFAULT_ACTOR, find_actor, load_actor
from puppet.compose import Layout
from puppet.errors import RecordingError, SourceError, reason
from puppet.film_facts import FilmFacts, film_facts
from puppet.film_times import FilmTimes, film_rate, film_times
from puppet.frames import Face, Floats, Frame, Result
from puppet.neutral import Neutral, usual_neutral
from puppet.output_settings import OutputSettings
from puppet.pipeline import Puppeteer, StepOptions
from puppet.progress import progress
from puppet.recorded import IMAGE_SUFFIXES
from puppet.recorder import Sound
from puppet.sinks import RecorderSink, path_of
from puppet.sources import DEMO_CLIP, Source, open_source
from puppet.tracking import FaceMeshTracker, MirrorTracker, Tracker

if TYPE_CHECKING:
    from puppet.actor import Actor

SAMPLED = 600  # frames the driver's neutral is worked out from


@dataclass(frozen=True)
class Rendered:
    """What came out. frames_read: of the driver; frames: in the file; faces: frames read in which a face was seen;
    strange: frames whose expression lies outside the actor's footage."""

    paths: tuple[Path, ...]
    frames_read: int
    frames: int
    seconds: float
    faces: int
    strange: int
    sound: bool

    def summary(self) -> str:
        """One line for the user."""
        seen = f"face seen in {100 * self.faces / self.frames_read:.1f} % of {self.frames_read} frames"
        strange = f"{100 * self.strange / max(1, self.faces):.0f} % of those beyond what the actor's footage shows"
        where = ", ".join(str(path.resolve()) for path in self.paths)
        return f"{where}: {self.frames} frames, {self.seconds:.2f} s, {seen}, {strange}"


def render(
    video: str,
    output: Path,
    actor: str | None = None,
    options: StepOptions | None = None,
    provider: str = "auto",
    force: bool = False,
    outputs: OutputSettings | None = None,
) -> Rendered:
    """Let an actor (name or file; None: the built-in one) play a video, image folder or image, or "demo".

    The output has the video's rate, length and sound; a video of varying rate gets the constant one at which every
    frame has its place. outputs: layout (several: several files, see `RecorderSink`), size, codec, badge.
    An existing output is replaced only with `force`, and only once the new one is finished. Ctrl-C keeps a playable
    file.
    Raises PuppetError: unreadable video, no face in it, unknown actor, output that cannot be written.
    """
    outputs = outputs or OutputSettings()
    played = load_actor(find_actor(actor or DEFAULT_ACTOR), provider)
    source = open_source(video, paced=False)
    if source.live:
        raise SourceError(f"{video} never ends; record it with: puppet run --source {video} --record OUT.mp4", "live")
    source.open()
    try:
        with _target(output, outputs.layouts, video, force) as target:
            return _render(source, target, output, played, options or StepOptions(), outputs, _film_of(video))
    finally:
        source.close()


def _render(
    source: Source,
    target: Path,
    output: Path,
    actor: Actor,
    options: StepOptions,
    outputs: OutputSettings,
    film: Path | None,
) -> Rendered:
    facts = film_facts(film) if film is not None else FilmFacts()
    times = film_times(film) if film is not None else FilmTimes()
    take = RecorderSink(
        outputs.recording(target, actor.name, actor.card.consent, film_rate(times, facts, source.fps)),
        outputs.layouts,
        height=outputs.height,
        badge=outputs.badge,
        wait=True,
        signed=outputs.sign,
        sound=_sound_of(film, facts, times),
    )
    interrupted, strange = False, 0
    performance = Performance([])
    try:
        performance = _follow(source)
        source.open()
        strange = _act(source, take, performance, actor, options, times.end)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        take.close()
    recording = take.recording
    assert recording is not None
    if interrupted:
        if recording.frames:
            where = " and ".join(str(path) for path in take.paths)
            print(f"Stopped; the first {recording.seconds:.1f} s are in {where}", file=sys.stderr)
        raise KeyboardInterrupt
    read = len(performance.points)
    promised = len(times.times) or source.frame_count or 0
    if read < promised - 1:
        print(f"{source.name} ends early: {read} of {promised} frames can be read", file=sys.stderr)
    made = tuple(path_of(output, layout, outputs.layouts) for layout in outputs.layouts)
    return Rendered(made, read, recording.frames, recording.seconds, performance.faces, strange, recording.sound)


class Performance:
    """What the driver did: points f32 (478, 3) px by frame number, None where no face was seen. A Tracker itself.

    6 kB per frame: ten minutes of video are 100 MB.
    """

    def __init__(self, points: Sequence[Floats | None]) -> None:
        self.points = points
        self.faces = sum(p is not None for p in points)
        self.faces_seen = 0

    def track(self, frame: Frame) -> Face | None:
        points = self.points[frame.index] if frame.index < len(self.points) else None
        self.faces_seen = int(points is not None)
        return None if points is None else align.face_of(points)

    def close(self) -> None:
        """Nothing to free."""

    def neutral(self) -> Neutral:
        """The driver at rest, from `SAMPLED` of the frames. There must be a face."""
        seen = [p for p in self.points if p is not None]
        return usual_neutral([align.face_of(points) for points in seen[:: -(-len(seen) // SAMPLED)]])


def _follow(source: Source) -> Performance:
    """Track the whole clip. Raises SourceError when there is no face in it."""
    found: list[Floats | None] = []
    with (
        contextlib.closing(_make_tracker(source)) as tracker,
        progress(total=source.frame_count, label="tracking", unit="frames") as bar,
    ):
        while (frame := source.read()) is not None:
            face = tracker.track(frame)
            found.append(None if face is None else face.points)
            bar.update()
    performance = Performance(found)
    if not performance.faces:
        raise SourceError(
            f"{source.name}: no face was seen in {len(found)} frames, so nothing was rendered; "
            "the driver's face must be visible, upright and not too small",
            "empty",
        )
    return performance


def _act(
    source: Source,
    take: RecorderSink,
    performance: Performance,
    actor: Actor,
    options: StepOptions,
    end: float,
) -> int:
    """Play and record the whole clip; returns the number of frames outside the actor's domain.

    end: when the last picture is over, s. Time in which the file has sound, or nothing, but no picture that can be
    decoded belongs to the nearest one: at the beginning to the first, at the end to the last.
    """
    strange, result = 0, None
    puppeteer = Puppeteer(performance, actor, options)
    puppeteer.set_neutral(performance.neutral())
    with (
        contextlib.closing(puppeteer),
        progress(total=len(performance.points), label="rendering", unit="frames") as bar,
    ):
        while take.error is None and (frame := source.read()) is not None:
            result, before = puppeteer.step(frame), result
            if before is None and frame.captured_at > 0.75 / take.fps:
                take.write(_at(result, 0.0))
            strange += result.out_of_domain is not None and result.out_of_domain > 1
            take.write(result)
            bar.update()
    if result is not None and end - 1 / take.fps > result.frame.captured_at + 0.5 / take.fps:
        take.write(_at(result, end - 1 / take.fps))
    return strange


def _at(result: Result, moment: float) -> Result:
    return replace(result, frame=replace(result.frame, captured_at=moment))


def _make_tracker(source: Source) -> Tracker:
    """A single picture has no frame before it to follow a face from. There is time to look twice."""
    return MirrorTracker(lambda: FaceMeshTracker(still=source.frame_count == 1))


@contextlib.contextmanager
def _target(output: Path, layouts: Sequence[Layout], video: str, force: bool) -> Iterator[Path]:
    """The file to write: `output`, or a new sibling that takes its place once it is finished; so with every layout.

    When that fails the siblings stay, if there are any, and so does what was there.
    """
    try:
        there = [path for path in (path_of(output, layout, layouts) for layout in layouts) if path.exists()]
    except OSError as problem:  # a name that is too long
        raise RecordingError(f"Cannot write {output}: {reason(problem)}; choose another name") from problem
    if not there:
        yield output
        return
    for path in there:
        if Path(video).exists() and path.samefile(video):
            raise RecordingError(f"{path} is the video that is to be read; choose another name")
        if not path.is_file():
            raise RecordingError(f"{path} is not a file; choose another name")
        if not force:
            raise RecordingError(f"{path} exists already and is not overwritten; add --force, or choose another name")
    draft, number = output.with_name(f"{output.stem}.new{output.suffix}"), 1
    while any(path_of(draft, layout, layouts).exists() for layout in layouts):  # of a run that was interrupted
        number += 1
        draft = output.with_name(f"{output.stem}.new-{number}{output.suffix}")
    yield draft
    for layout in layouts:
        os.replace(path_of(draft, layout, layouts), path_of(output, layout, layouts))


def _sound_of(film: Path | None, facts: FilmFacts, times: FilmTimes) -> Sound | None:
    """The track that a player would choose; where ffmpeg could not tell, the first one if there is any."""
    if film is None or (facts.known and facts.sound is None):
        return None
    return Sound(film, times.start, "a:0" if facts.sound is None else str(facts.sound))


def _film_of(video: str) -> Path | None:
    """The video file, which may have sound; None for pictures."""
    path = DEMO_CLIP if video == "demo" else Path(video)
    return path if path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES else None
