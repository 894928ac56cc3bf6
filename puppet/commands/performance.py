"""What the driver does in a whole clip: the face of every frame, and the driver at rest in every shot."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Sequence

import numpy as np

from puppet.core.errors import SourceError
from puppet.core.progress import progress
from puppet.core.protocols import Source
from puppet.core.trackers import TRACKER
from puppet.core.types import Face, Floats, Frame, HeadPose
from puppet.face import align
from puppet.face.cuts import CutDetector
from puppet.face.identity import (
    MeanDescriptor,
    group_by_identity,
    identity_descriptor,
    identity_distance,
    landmark_colours,
)
from puppet.face.neutral import SAMPLE_INTERVAL, Neutral, infer_neutral, median_pose
from puppet.face.protocols import box_of
from puppet.face.retarget import head_movement
from puppet.face.shots import FaceSighting, mean_descriptor_within, split_into_shots
from puppet.face.tracking import video_tracker

SAMPLED = 600  # frames the driver's neutral is worked out from
SHORT = 1.5  # s of a face: a shot that shows less of it borrows a neutral
SAME_PERSON = 0.7  # `identity_distance` below which shots share a neutral: to keep them apart costs little
ALIKE_DEGREES, ALIKE_PLACE, ALIKE_SIZE = 12.0, 0.5, 0.15  # as `types.Drive`: how far usual poses may differ to be one


class Performance:
    """The driver's face in every frame of a clip; a Tracker that finds again what was tracked before.

    points: f32 (478, 3) px by frame number, None where no face was seen. cuts: numbers of the frames with which another
    picture begins; scenes: the numbers of these pictures, where known (`cuts.CutDetector`). seen: of each frame with a
    face. 6 kB per frame: ten minutes of video are 100 MB.
    """

    def __init__(
        self,
        points: Sequence[Floats | None],
        cuts: Sequence[int] = (),
        seen: Sequence[FaceSighting] = (),
        scenes: Sequence[int] = (),
    ) -> None:
        self.points = points
        self.faces = sum(p is not None for p in points)
        self.faces_seen = 0
        self.shots = split_into_shots(len(points), cuts, seen, SAMPLE_INTERVAL)
        self._looks = [
            mean_descriptor_within([one for one in seen if one.frame in shot], SAMPLE_INTERVAL) for shot in self.shots
        ]
        numbers = [0, *(scenes or range(1, len(cuts) + 1))]
        self._scenes = [numbers[bisect.bisect_right(cuts, shot.start)] for shot in self.shots]

    def track(self, frame: Frame) -> Face | None:
        """The face of a frame, by its number; None where none was seen."""
        points = self.points[frame.index] if frame.index < len(self.points) else None
        self.faces_seen = int(points is not None)
        return None if points is None else align.face_of(points)

    def close(self) -> None:
        """Nothing to free."""

    def neutral(self) -> Neutral:
        """The driver at rest in the whole clip, which must show a face."""
        return self._rest_in(self.shots)

    def neutrals(self) -> dict[int, Neutral]:
        """The driver at rest in each shot that shows a face, by the number of its first frame.

        Shots of one person share what that person looks like at rest, and those that show the head alike also how it is
        usually held. A short shot borrows the rest of whoever it most likely shows.
        """
        with_face = [shot for shot in self.shots if any(self.points[i] is not None for i in shot)]
        if len(with_face) < 2:
            return {shot.start: self.neutral() for shot in with_face}
        scenes = self._scenes_of(with_face)
        looks = [one for one, _ in scenes]
        long = [one is not None and one.seconds >= SHORT for one in looks]
        people = group_by_identity(
            [one if enough else None for one, enough in zip(looks, long, strict=True)], SAME_PERSON
        )
        for i, one in enumerate(looks):
            if not long[i]:
                people[i] = self._nearest_person(i, looks, people) if one is not None else -1
        result: dict[int, Neutral] = {}
        for person in dict.fromkeys(people):
            own = [i for i, who in enumerate(people) if who == person]
            if person < 0:
                for i in own:
                    rest = self._rest_in(scenes[i][1])
                    result |= {shot.start: rest for shot in scenes[i][1]}
                continue
            rest = self._rest_in([shot for i in own if long[i] for shot in scenes[i][1]])
            shots_and_points = [(scenes[i][1], self._points_in(scenes[i][1])) for i in own]
            result |= _neutrals_by_pose(rest, shots_and_points)
        return result

    def _scenes_of(self, with_face: Sequence[range]) -> list[tuple[MeanDescriptor | None, list[range]]]:
        """Shots that show one picture again, and one face in it, together: interviews cut to and fro."""
        scenes: list[tuple[int, MeanDescriptor | None, list[range]]] = []
        for shot in with_face:
            place = self.shots.index(shot)
            looks, scene = self._looks[place], self._scenes[place]
            for k, (number, one, parts) in enumerate(scenes):
                if number == scene and looks is not None and one is not None and identity_distance(looks, one) < 1:
                    scenes[k] = (number, one.joined(looks), [*parts, shot])
                    break
            else:
                scenes.append((scene, looks, [shot]))
        return [(one, parts) for _, one, parts in scenes]

    @staticmethod
    def _nearest_person(short: int, looks: Sequence[MeanDescriptor | None], people: Sequence[int]) -> int:
        """The person whose rest a short shot borrows; -1 when it is like nobody."""
        own = looks[short]
        assert own is not None
        others = [
            (identity_distance(own, one), who)
            for one, who in zip(looks, people, strict=True)
            if one is not None and who >= 0
        ]
        nearest, who = min(others, default=(np.inf, -1))
        return who if nearest < 1 else -1

    def _points_in(self, parts: Sequence[range]) -> list[Floats]:
        return [points for part in parts for i in part if (points := self.points[i]) is not None]

    def _rest_in(self, parts: Sequence[range]) -> Neutral:
        return infer_neutral([align.face_of(points) for points in _sampled(self._points_in(parts))])


ShotsAndPoints = tuple[Sequence[range], Sequence[Floats]]  # of one scene


def _neutrals_by_pose(rest: Neutral, scenes: Sequence[ShotsAndPoints]) -> dict[int, Neutral]:
    """One person's neutral in each of their scenes: those that show the head alike share its usual pose."""
    alike: list[tuple[HeadPose, list[ShotsAndPoints]]] = []
    for parts, points in sorted(scenes, key=lambda one: -len(one[1])):
        pose = median_pose(_sampled(points), rest.landmarks)
        near = next((group for usual, group in alike if _held_alike(usual, pose)), None)
        if near is None:
            alike.append((pose, [(parts, points)]))
        else:
            near.append((parts, points))
    if len(alike) == 1:
        return {shot.start: rest for parts, _ in scenes for shot in parts}
    result: dict[int, Neutral] = {}
    for _, group in alike:
        together = [points for _, one in group for points in one]
        pose = median_pose(_sampled(together), rest.landmarks)
        result |= {shot.start: Neutral(rest.landmarks, pose) for parts, _ in group for shot in parts}
    return result


def _sampled(points: Sequence[Floats]) -> Sequence[Floats]:
    """At most SAMPLED of them, evenly spread."""
    return points[:: -(-len(points) // SAMPLED)]


def _held_alike(a: HeadPose, b: HeadPose) -> bool:
    turned, moved, nearer = np.split(np.abs(head_movement(a, b)), [3, 5])
    return bool(turned.max() < ALIKE_DEGREES and moved.max() < ALIKE_PLACE and nearer[0] < ALIKE_SIZE)


def track_clip(source: Source, tracker: str = TRACKER.default) -> Performance:
    """Track every frame of an opened source. tracker: one of TRACKER's choices.

    Raises SourceError when no face is seen in any of them, PuppetError for a tracker that is not there.
    """
    found: list[Floats | None] = []
    cuts: list[int] = []
    scenes: list[int] = []
    seen: list[FaceSighting] = []
    watch, looked = CutDetector(), -np.inf
    with (
        contextlib.closing(video_tracker(still=source.frame_count == 1, library=tracker)) as mesh,
        progress(total=source.frame_count, label="tracking", unit="frames") as bar,
    ):
        while (frame := source.read()) is not None:
            face = mesh.track(frame)
            ago = watch.update(frame.image)
            if ago is not None:
                cuts.append(len(found) - ago)
                scenes.append(watch.scene)
            if face is not None:
                taken = frame.captured_at - looked >= SAMPLE_INTERVAL
                looked = frame.captured_at if taken else looked
                spot = box_of(face.points)
                shown = identity_descriptor(face, landmark_colours(frame.image, face)) if taken else None
                seen.append(FaceSighting(len(found), frame.captured_at, (spot.x, spot.y, spot.size), shown))
            found.append(None if face is None else face.points)
            bar.update()
    performance = Performance(found, cuts, seen, scenes)
    if not performance.faces:
        raise SourceError(
            f"{source.name}: no face was seen in {frames_in_words(len(found))}, so nothing was rendered; "
            "the driver's face must be visible, upright and not too small",
            "empty",
        )
    return performance


def frames_in_words(frames: int) -> str:
    """A number of frames for people: "1 frame", "2 frames"."""
    return "1 frame" if frames == 1 else f"{frames} frames"
