"""Offline: every frame of a video through the puppeteer, into a file of the same rate and length.

The clip is gone through twice: first to follow the face, so that the driver's neutral is known from the whole clip
before the first picture is made, then to act.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from puppet import align
from puppet.actor import DEFAULT_ACTOR, find_actor, load_actor
from puppet.compose import Layout
from puppet.errors import RecordingError, SourceError
from puppet.film_times import FilmTimes, film_times, steady_rate
from puppet.following import spot_of
from puppet.frames import Face, Floats, Frame, HeadPose
from puppet.neutral import KEEP_EVERY, Neutral, usual_neutral, usual_pose
from puppet.output_settings import OutputSettings
from puppet.persons import Looks, apart, colours, grouped, look
from puppet.pipeline import Puppeteer, StepOptions
from puppet.progress import progress
from puppet.recorded import IMAGE_SUFFIXES
from puppet.recorder import Sound
from puppet.retarget import head_movement
from puppet.shots import CutWatch, Sighting, looks_within, shots
from puppet.sinks import RecorderSink, path_of
from puppet.sources import DEMO_CLIP, Source, open_source
from puppet.tracking import Tracker, film_tracker

if TYPE_CHECKING:
    from puppet.actor import Actor

SAMPLED = 600  # frames the driver's neutral is worked out from
SHORT = 1.5  # s of a face: a shot that shows less of it borrows a neutral
SAME_PERSON = 0.7  # `persons.apart` below which shots share a neutral: to keep them apart costs little
ALIKE_DEGREES, ALIKE_PLACE, ALIKE_SIZE = 12.0, 0.5, 0.15  # as `frames.Drive`: how far usual poses may differ to be one


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
    times = film_times(film) if film is not None else FilmTimes()
    take = RecorderSink(
        outputs.recording(target, actor.name, actor.card.consent, steady_rate(times.times, source.fps)),
        outputs.layouts,
        height=outputs.height,
        badge=outputs.badge,
        wait=True,
        signed=outputs.sign,
        sound=Sound(film, times.start) if film is not None else None,
    )
    interrupted, strange = False, 0
    performance = Performance([])
    try:
        performance = _follow(source)
        source.open()
        strange = _act(source, take, performance, actor, options)
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
    if source.frame_count and read < source.frame_count - 1:
        print(f"{source.name} ends early: {read} of {source.frame_count} frames can be read", file=sys.stderr)
    made = tuple(path_of(output, layout, outputs.layouts) for layout in outputs.layouts)
    return Rendered(made, read, recording.frames, recording.seconds, performance.faces, strange, recording.sound)


class Performance:
    """What the driver did: points f32 (478, 3) px by frame number, None where no face was seen. A Tracker itself.

    cuts: numbers of the frames with which another picture begins, scenes: the numbers of these pictures, where known
    (`shots.CutWatch`); seen: of each frame with a face.
    6 kB per frame: ten minutes of video are 100 MB.
    """

    def __init__(
        self,
        points: Sequence[Floats | None],
        cuts: Sequence[int] = (),
        seen: Sequence[Sighting] = (),
        scenes: Sequence[int] = (),
    ) -> None:
        self.points = points
        self.faces = sum(p is not None for p in points)
        self.faces_seen = 0
        self.shots = shots(len(points), cuts, seen, KEEP_EVERY)
        self._looks = [looks_within([one for one in seen if one.frame in shot], KEEP_EVERY) for shot in self.shots]
        numbers = [0, *(scenes or range(1, len(cuts) + 1))]
        self._scenes = [numbers[bisect.bisect_right(cuts, shot.start)] for shot in self.shots]

    def track(self, frame: Frame) -> Face | None:
        points = self.points[frame.index] if frame.index < len(self.points) else None
        self.faces_seen = int(points is not None)
        return None if points is None else align.face_of(points)

    def close(self) -> None:
        """Nothing to free."""

    def neutral(self) -> Neutral:
        """The driver at rest, from `SAMPLED` of the frames. There must be a face."""
        return self._rest_in(self.shots)

    def neutrals(self) -> dict[int, Neutral]:
        """The driver at rest in each shot that shows a face, by the number of its first frame.

        Shots of one person share what that person looks like at rest, and those that show the head alike also how it is
        usually held. A short shot borrows the rest of whoever it most likely shows.
        """
        filmed = [shot for shot in self.shots if any(self.points[i] is not None for i in shot)]
        if len(filmed) < 2:
            return {shot.start: self.neutral() for shot in filmed}
        takes = self._takes(filmed)
        looks = [one for one, _ in takes]
        long = [one is not None and one.seconds >= SHORT for one in looks]
        people = grouped([one if enough else None for one, enough in zip(looks, long, strict=True)], SAME_PERSON)
        for i, one in enumerate(looks):
            if not long[i]:
                people[i] = self._lender(i, looks, people) if one is not None else -1
        result = {}
        for person in dict.fromkeys(people):
            mine = [i for i, who in enumerate(people) if who == person]
            if person < 0:
                for i in mine:
                    rest = self._rest_in(takes[i][1])
                    result |= {shot.start: rest for shot in takes[i][1]}
                continue
            rest = self._rest_in([shot for i in mine if long[i] for shot in takes[i][1]])
            filmed = [
                (parts, [p for part in parts for i in part if (p := self.points[i]) is not None])
                for parts in (takes[i][1] for i in mine)
            ]
            result |= _held(rest, filmed)
        return result

    def _takes(self, filmed: Sequence[range]) -> list[tuple[Looks | None, list[range]]]:
        """Shots that show one picture again, and one face in it, together: interviews go to and fro."""
        takes: list[tuple[int, Looks | None, list[range]]] = []
        for shot in filmed:
            place = self.shots.index(shot)
            mine, scene = self._looks[place], self._scenes[place]
            for k, (number, one, parts) in enumerate(takes):
                if number == scene and mine is not None and one is not None and apart(mine, one) < 1:
                    takes[k] = (number, one.joined(mine), [*parts, shot])
                    break
            else:
                takes.append((scene, mine, [shot]))
        return [(one, parts) for _, one, parts in takes]

    @staticmethod
    def _lender(short: int, looks: Sequence[Looks | None], people: Sequence[int]) -> int:
        """The person whose rest a short shot borrows; -1 when it is like nobody."""
        mine = looks[short]
        assert mine is not None
        others = [
            (apart(mine, one), who) for one, who in zip(looks, people, strict=True) if one is not None and who >= 0
        ]
        nearest, who = min(others, default=(np.inf, -1))
        return who if nearest < 1 else -1

    def _rest_in(self, parts: Sequence[range]) -> Neutral:
        seen = [p for part in parts for i in part if (p := self.points[i]) is not None]
        return usual_neutral([align.face_of(points) for points in seen[:: -(-len(seen) // SAMPLED)]])


def _held(rest: Neutral, filmed: Sequence[tuple[Sequence[range], Sequence[Floats]]]) -> dict[int, Neutral]:
    """One person's neutral in each of their takes (shots and points): those that show the head alike share its usual
    pose."""
    alike: list[tuple[HeadPose, list[tuple[Sequence[range], Sequence[Floats]]]]] = []
    for parts, points in sorted(filmed, key=lambda one: -len(one[1])):
        pose = usual_pose(points[:: -(-len(points) // SAMPLED)], rest.landmarks)
        near = next((group for usual, group in alike if _held_alike(usual, pose)), None)
        if near is None:
            alike.append((pose, [(parts, points)]))
        else:
            near.append((parts, points))
    if len(alike) == 1:
        return {shot.start: rest for parts, _ in filmed for shot in parts}
    result = {}
    for _, group in alike:
        together = [p for _, points in group for p in points]
        pose = usual_pose(together[:: -(-len(together) // SAMPLED)], rest.landmarks)
        result |= {shot.start: Neutral(rest.landmarks, pose) for parts, _ in group for shot in parts}
    return result


def _held_alike(a: HeadPose, b: HeadPose) -> bool:
    turned, moved, nearer = np.split(np.abs(head_movement(a, b)), [3, 5])
    return bool(turned.max() < ALIKE_DEGREES and moved.max() < ALIKE_PLACE and nearer[0] < ALIKE_SIZE)


def _follow(source: Source) -> Performance:
    """Track the whole clip. Raises SourceError when there is no face in it."""
    found: list[Floats | None] = []
    cuts: list[int] = []
    scenes: list[int] = []
    seen: list[Sighting] = []
    watch, looked = CutWatch(), -np.inf
    with (
        contextlib.closing(_make_tracker(source)) as tracker,
        progress(total=source.frame_count, label="tracking", unit="frames") as bar,
    ):
        while (frame := source.read()) is not None:
            face = tracker.track(frame)
            ago = watch.see(frame.image)
            if ago is not None:
                cuts.append(len(found) - ago)
                scenes.append(watch.scene)
            if face is not None:
                taken = frame.captured_at - looked >= KEEP_EVERY
                looked = frame.captured_at if taken else looked
                spot = spot_of(face.points)
                shown = look(face, colours(frame.image, face)) if taken else None
                seen.append(Sighting(len(found), frame.captured_at, (spot.x, spot.y, spot.size), shown))
            found.append(None if face is None else face.points)
            bar.update()
    performance = Performance(found, cuts, seen, scenes)
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
) -> int:
    """Play and record the whole clip; returns the number of frames outside the actor's domain."""
    strange = 0
    puppeteer = Puppeteer(performance, actor, options, watchful=False)
    neutrals, starts = performance.neutrals(), {shot.start for shot in performance.shots}
    puppeteer.set_neutral(next(iter(neutrals.values())))
    with (
        contextlib.closing(puppeteer),
        progress(total=len(performance.points), label="rendering", unit="frames") as bar,
    ):
        while take.error is None and (frame := source.read()) is not None:
            if frame.index in starts:
                puppeteer.begin_shot(neutrals.get(frame.index))
            result = puppeteer.step(frame)
            strange += result.out_of_domain is not None and result.out_of_domain > 1
            take.write(result)
            bar.update()
    return strange


def _make_tracker(source: Source) -> Tracker:
    return film_tracker(still=source.frame_count == 1)


@contextlib.contextmanager
def _target(output: Path, layouts: Sequence[Layout], video: str, force: bool) -> Iterator[Path]:
    """The file to write: `output`, or a new sibling that takes its place once it is finished; so with every layout.

    When that fails the siblings stay, if there are any, and so does what was there.
    """
    there = [path for path in (path_of(output, layout, layouts) for layout in layouts) if path.exists()]
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


def _film_of(video: str) -> Path | None:
    """The video file, which may have sound; None for pictures."""
    path = DEMO_CLIP if video == "demo" else Path(video)
    return path if path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES else None
