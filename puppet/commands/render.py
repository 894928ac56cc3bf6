"""Offline: every frame of a video through the puppeteer, into a file of the same rate and length.

The clip is gone through twice: first to follow the face, so that the driver's neutral is known from the whole clip
before the first picture is made, then to act.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor
from puppet.actor.runtime import load_actor
from puppet.core.addresses import without_secrets
from puppet.core.errors import PuppetError, RecordingError, SourceError, reason
from puppet.core.layout import Layout
from puppet.core.progress import progress
from puppet.core.texts import one_line
from puppet.core.types import Face, Floats, Frame, HeadPose, Result
from puppet.engine.puppeteer import Puppeteer, StepOptions
from puppet.face import align
from puppet.face.face_selection import spot_of
from puppet.face.neutral import KEEP_EVERY, Neutral, usual_neutral, usual_pose
from puppet.face.persons import Looks, apart, colours, grouped, look
from puppet.face.retarget import head_movement
from puppet.face.shots import CutWatch, Sighting, looks_within, shots
from puppet.face.tracking import Tracker, film_tracker
from puppet.media.codecs import Codec
from puppet.media.frame_times import FilmTimes, film_rate, film_times
from puppet.media.recorder import Sound, check_name
from puppet.media.video_facts import FilmFacts, film_facts
from puppet.output.recording_sink import RecorderSink, path_of
from puppet.output.settings import OutputSettings
from puppet.sources.files import IMAGE_SUFFIXES
from puppet.sources.registry import DEMO_CLIP, Source, open_source
from puppet.storage.file_lock import only_writer
from puppet.storage.files import publish, publish_numbered
from puppet.storage.unfinished import draft_name, drop_parts, keep_part, unregister

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor

SAMPLED = 600  # frames the driver's neutral is worked out from
SHORT = 1.5  # s of a face: a shot that shows less of it borrows a neutral
SAME_PERSON = 0.7  # `persons.apart` below which shots share a neutral: to keep them apart costs little
ALIKE_DEGREES, ALIKE_PLACE, ALIKE_SIZE = 12.0, 0.5, 0.15  # as `frames.Drive`: how far usual poses may differ to be one


@dataclass(frozen=True)
class Rendered:
    """What came out. frames_read: of the driver; frames: in the file; faces: frames read in which a face was seen;
    strange: frames whose expression lies outside the actor's footage.
    """

    paths: tuple[Path, ...]
    frames_read: int
    frames: int
    seconds: float
    faces: int
    strange: int
    sound: bool

    def summary(self) -> str:
        """One line for the user."""
        seen = f"face seen in {100 * self.faces / self.frames_read:.1f} % of {_count(self.frames_read)}"
        strange = f"{100 * self.strange / max(1, self.faces):.0f} % of those beyond what the actor's footage shows"
        where = ", ".join(one_line(str(path.resolve()), None) for path in self.paths)
        return f"{where}: {_count(self.frames)}, {self.seconds:.2f} s, {seen}, {strange}"


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
    The output has its name only once it is finished. An existing one is replaced only with `force`. Ctrl-C, and trouble
    on the way, keep what there is as a playable NAME.part file.
    Raises PuppetError: unreadable video, no face in it, unknown actor, output that cannot be written, or that another
    process is writing.
    """
    outputs = outputs or OutputSettings()
    played = load_actor(find_actor(actor or DEFAULT_ACTOR), provider)
    source = open_source(video, paced=False)
    if source.live:
        name = without_secrets(str(video))
        raise SourceError(f"{name} never ends; record it with: puppet run --source {name} --record OUT.mp4", "live")
    with only_writer(output):
        target = _Target(output, outputs.layouts, video, force)
        check_name(output, Codec(outputs.codec))
        source.open()
        try:
            return _render(source, target, played, options or StepOptions(), outputs, _film_of(video))
        finally:
            source.close()


def _render(
    source: Source,
    target: _Target,
    actor: Actor,
    options: StepOptions,
    outputs: OutputSettings,
    film: Path | None,
) -> Rendered:
    facts = film_facts(film) if film is not None else FilmFacts()
    times = film_times(film) if film is not None else FilmTimes()
    take = RecorderSink(
        outputs.recording(target.draft, actor.name, actor.card.consent, film_rate(times, facts, source.fps)),
        outputs.layouts,
        height=outputs.height,
        badge=outputs.badge,
        wait=True,
        signed=outputs.sign,
        sound=_sound_of(film, facts, times),
        becomes=target.output,
    )
    try:
        try:
            performance = _follow(source)
            source.open()
            strange = _act(source, take, performance, actor, options, times.end)
        finally:
            take.close()
    except KeyboardInterrupt:
        if take.recording is not None and take.recording.frames:
            where = " and ".join(str(part) for part in target.keep(take.paths).values())
            print(f"Stopped; the first {take.recording.seconds:.1f} s are in {where}", file=sys.stderr)
        raise
    except PuppetError as problem:
        words, kept = str(problem), target.keep(take.paths)
        for draft, path in zip(take.paths, target.outputs, strict=True):
            words = words.replace(str(draft), str(kept.get(draft, path)))
        raise problem if words == str(problem) else RecordingError(words) from problem
    except Exception:
        target.keep(take.paths)
        raise
    recording = take.recording
    assert recording is not None
    read = len(performance.points)
    promised = len(times.times) or source.frame_count or 0
    if read < promised - 1:
        print(f"{source.name} ends early: {read} of {promised} frames can be read", file=sys.stderr)
    made = target.publish(take.paths)
    sound = recording.sound
    return Rendered(made, read, recording.frames, recording.seconds, performance.faces, strange, sound)


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
    pose.
    """
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
            f"{source.name}: no face was seen in {_count(len(found))}, so nothing was rendered; "
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
    return film_tracker(still=source.frame_count == 1)


class _Target:
    """The files to write, one for each layout: hidden drafts, which get their names once all is finished."""

    def __init__(self, output: Path, layouts: Sequence[Layout], video: str, force: bool) -> None:
        """Raises RecordingError for files that are there and must not be replaced."""
        self.output, self._layouts, self._force = output, layouts, force
        self.outputs = tuple(path_of(output, layout, layouts) for layout in layouts)
        for path in self.outputs:
            if not os.path.lexists(path):
                continue
            if Path(video).exists() and path.exists() and path.samefile(video):
                raise RecordingError(f"{path} is the video that is to be read; choose another name")
            if not path.is_file():
                raise RecordingError(f"{path} is not a file; choose another name")
            if not force:
                raise RecordingError(
                    f"{path} exists already and is not overwritten; add --force, or choose another name"
                )
        self.draft = draft_name(output)

    def publish(self, drafts: Sequence[Path]) -> tuple[Path, ...]:
        """Give the finished files their names. RecordingError when a name was taken meanwhile, or cannot be given."""
        for draft, path in zip(drafts, self.outputs, strict=True):
            try:
                publish(draft, path, self._force)
            except OSError as problem:
                kept = ", ".join(str(part) for part in self.keep(drafts).values())
                taken = isinstance(problem, FileExistsError)
                why = "was made by another program meanwhile" if taken else reason(problem)
                raise RecordingError(f"{path}: {why}; the finished video is kept as {kept}") from problem
        drop_parts(self.output)
        return self.outputs

    def keep(self, drafts: Sequence[Path]) -> dict[Path, Path]:
        """Give the user what there is, as NAME.part files: draft -> part."""
        kept: dict[Path, Path] = {}
        part = self.output.with_name(f"{self.output.stem}.part{self.output.suffix}")
        for draft, layout in zip(drafts, self._layouts, strict=True):
            with contextlib.suppress(OSError):  # then it stays where it is
                if draft.stat().st_size:
                    kept[draft] = draft
                    kept[draft] = publish_numbered(draft, path_of(part, layout, self._layouts), "-")
                    keep_part(kept[draft], self.output)
            unregister(draft)
        return kept


def _count(frames: int) -> str:
    return "1 frame" if frames == 1 else f"{frames} frames"


def _sound_of(film: Path | None, facts: FilmFacts, times: FilmTimes) -> Sound | None:
    """The track that a player would choose; where ffmpeg could not tell, the first one if there is any."""
    if film is None or (facts.known and facts.sound is None):
        return None
    return Sound(film, times.start, "a:0" if facts.sound is None else str(facts.sound))


def _film_of(video: str) -> Path | None:
    """The video file, which may have sound; None for pictures."""
    path = DEMO_CLIP if video == "demo" else Path(video)
    return path if path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES else None
