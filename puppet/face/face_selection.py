"""Which face to follow, where several are in view, and where to search when none is. Numpy and OpenCV only.

FaceMesh stays with the face it follows and takes whatever it finds when that one is lost: a photo on the wall as well,
and permanently. It does not see small faces. So a face detector goes over the whole picture after a loss and every few
seconds (a detection pass), and the tracker is directed to one of the faces found:

- what moves comes before what is motionless, however large (a photo, a poster, a screen that shows a still);
- among equals the one that was followed before, then the larger one;
- a face that was observed long enough, never moved and was never followed is not followed: the actor rests instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from puppet.core.types import Face, Floats, Frame, Image
from puppet.face.cuts import CutDetector
from puppet.face.face_motion import face_motion, face_patch
from puppet.face.protocols import SAME_PLACE, DirectableTracker, FaceBox, FaceDetector, box_of

DETECT_EVERY = 2.0  # s between passes while the followed face is known to move, and no other is in view
DETECT_OFTEN = 1.0  # s while that is not known yet
DETECT_SEVERAL = 0.4  # s while there are others
SEARCH_EVERY = 0.25  # s while no face is followed, but in every frame for
SEARCH_LONG = 0.5  # s after a loss: a small face that moves fast is lost often

MEMORY = 3.0  # s of motion by which two faces are compared
WATCHED = 1.1  # s that a face must be known before it can be called motionless
STILL, MOVING = 0.14, 0.2  # of the face's contrast: photos with noise reach 0.14, people move by 0.2 within MEMORY
CLEARLY = 2.0  # times as much motion as the other face
OFTEN, RARELY = 3, 0.125  # passes at which a face moved before it surely is alive; share that noise explains
TILE = 960  # px, side of the parts in which smaller faces are looked for when there is none in the whole picture
OVERLAP = 0.25  # of a tile

JUMP = 1.0  # sizes between two frames: then it is another face, or another picture
RETURN_PLACE, RETURN_SIZE = 1.5, 1.6  # sizes, and ratio, within which a face is where the one before was
ESTABLISHED = 10.0  # s after which a face that replaced a lost one is left for no other
LARGER = 1.5  # times as large as the one that was just taken up


@dataclass(eq=False)
class _Candidate:
    """A face that is in view, and how it moved from one detection pass to the next."""

    box: FaceBox
    since: float  # s, first pass that found it
    seen_at: float  # s, last pass that found it
    patch: Floats  # see `face_patch`, at that pass
    motions: list[tuple[float, float]] = field(default_factory=lambda: [])  # (s, motion) of each pass but the first
    passes: int = 0  # after the first
    moves: int = 0  # of these, at which it moved
    no_face_at: float = -np.inf  # s, when FaceMesh saw no face there

    def update(self, box: FaceBox, patch: Floats, at: float) -> None:
        amount = face_motion(self.patch, patch)
        if np.isfinite(amount):
            self.motions = [(t, m) for t, m in self.motions if at - t <= MEMORY] + [(at, amount)]
            self.passes += 1
            self.moves += amount > MOVING
        self.box, self.patch, self.seen_at = box, patch, at

    @property
    def moved(self) -> float:
        """Motion within MEMORY: the upper quartile, as noise makes a photo seem to move now and then."""
        return float(np.quantile([m for _, m in self.motions], 0.75)) if self.motions else 0.0

    @property
    def still(self) -> bool:
        """Whether it was observed long enough and hardly ever moved."""
        hardly = self.moves <= RARELY * self.passes
        return hardly and self.seen_at - self.since >= WATCHED and self.moved < MOVING

    @property
    def alive(self) -> bool:
        """Whether it moved so often that it is no photo."""
        return self.moves >= max(OFTEN, 2 * RARELY * self.passes)


class SelectingTracker:
    """A tracker that chooses which face to follow, see above. Makes and uses everything in the thread that made it.

    mesh: follows one face. make_detector: gives the detector of all faces. thorough: search a whole large picture in
    one pass, for files; a camera's frames cannot wait.
    """

    def __init__(
        self, mesh: DirectableTracker, make_detector: Callable[[], FaceDetector], thorough: bool = False
    ) -> None:
        self._mesh = mesh
        self._thorough = thorough
        self._tile = -1  # that was searched last
        self._detector = make_detector()
        self._cuts = CutDetector()
        self._candidates: list[_Candidate] = []
        self._followed: FaceBox | None = None  # in the frame before
        self._before: FaceBox | None = None  # where the face was that was lost
        self._ignored: FaceBox | None = (
            None  # in the frame before: a face that the mesh follows, but that was not chosen
        )
        self._lost_at = -np.inf  # s
        self._taken_up = -np.inf  # s, when the one that is followed was
        self._detected_at = -np.inf
        self._last_at = -np.inf
        self._ever_followed = False
        self.faces_seen = 0

    def track(self, frame: Frame) -> Face | None:
        """The followed face; None when none is seen, or only one that is not chosen."""
        at = frame.captured_at
        if at < self._last_at:  # a video that starts again
            self._candidates, self._followed, self._before, self._detected_at = [], None, None, -np.inf
        self._last_at = at
        self._cuts.update(frame.image)
        if self._cuts.cut_pending:  # where a face was in another scene, FaceMesh would see a torn one for some frames
            self._mesh.reset()
            self._ignored = None
        face = seen = self._mesh.track(frame)
        box = None if face is None else box_of(face.points)
        ignored = box is not None and self._ignored is not None and self._ignored.distance(box) <= SAME_PLACE
        lost = self._followed is not None and (
            box is None or self._cuts.cut_pending or self._followed.distance(box) > JUMP
        )
        if lost:
            self._before, self._lost_at = self._followed, at
        taken_up = box is not None and not ignored and (lost or self._followed is None)
        if taken_up:
            self._taken_up = at
        if lost or taken_up or at - self._detected_at >= self._interval():
            face = self._choose(frame, face)
        elif ignored:
            self._ignored, face = box, None
        self._followed = None if face is None else box if face is seen else box_of(face.points)
        self._ever_followed = self._ever_followed or face is not None
        self.faces_seen = 0 if face is None else max(1, len(self._candidates))
        return face

    def close(self) -> None:
        """Free everything; call from the thread that made it."""
        self._mesh.close()
        self._detector.close()

    def _interval(self) -> float:
        """Seconds from one detection pass to the next."""
        if self._followed is None:
            return 0.0 if self._last_at - self._lost_at < SEARCH_LONG else SEARCH_EVERY
        if len(self._candidates) > 1:
            return DETECT_SEVERAL
        return DETECT_EVERY if self._candidates and self._candidates[0].alive else DETECT_OFTEN

    def _choose(self, frame: Frame, face: Face | None) -> Face | None:
        """A detection pass: the face to follow among all in the frame, now followed by the mesh; None for none of them.

        face: what the mesh sees in this frame.
        """
        at = self._detected_at = frame.captured_at
        found = self._detector.detect(frame.image)
        if not found and face is None:
            found = self._detect_in_tiles(frame.image)
        self._ignored = None
        current: _Candidate | None = None
        if face is not None:
            box = box_of(face.points)
            if all(box.distance(other) > SAME_PLACE for other in found):
                found = [*found, box]  # turned so far that only FaceMesh, which follows it, sees a face
        self._update_candidates(frame, found)
        if face is not None:
            box = box_of(face.points)
            current = min(self._candidates, key=lambda one: box.distance(one.box))
            if current.still and self._ever_followed and self._is_another(current):
                self._ignored, face, current = box, None, None
        here = [one for one in self._candidates if one.seen_at == at]
        for other in sorted(here, key=self._preference, reverse=True):
            if other is current or at - other.no_face_at < DETECT_EVERY or not self._is_better(other, current, at):
                continue
            rest = [one.box for one in here if one.box.distance(other.box) > SAME_PLACE]
            seen = self._mesh.follow(frame, other.box, rest)
            if seen is not None and box_of(seen.points).distance(other.box) <= SAME_PLACE:
                self._taken_up, self._ignored = at, None
                return seen
            other.no_face_at = at
            if current is not None:
                return self._mesh.follow(frame, current.box, [other.box])
        return face

    def _detect_in_tiles(self, image: Image) -> list[FaceBox]:
        """Faces in one tile of the picture, another tile at each call; thorough: in all tiles."""
        parts = tiles(*image.shape[:2])
        if len(parts) < 2:
            return []
        found: list[FaceBox] = []
        for _ in range(len(parts) if self._thorough else 1):
            self._tile = (self._tile + 1) % len(parts)
            left, top, right, bottom = parts[self._tile]
            there = self._detector.detect(np.ascontiguousarray(image[top:bottom, left:right]))
            moved = [FaceBox(one.x + left, one.y + top, one.size) for one in there]
            found += [one for one in moved if all(one.distance(other) > SAME_PLACE for other in found)]
        return found

    def _update_candidates(self, frame: Frame, found: Sequence[FaceBox]) -> None:
        at, grey = frame.captured_at, np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
        known = [one for one in self._candidates if at - one.seen_at <= 2 * DETECT_EVERY]
        self._candidates = list(known)
        for box in found:
            patch = face_patch(grey, box)
            nearest = min(known, key=lambda one: box.distance(one.box), default=None)
            if nearest is not None and box.distance(nearest.box) <= SAME_PLACE:
                nearest.update(box, patch, at)
                known.remove(nearest)
            else:
                self._candidates.append(_Candidate(box, at, at, patch))

    def _is_another(self, one: _Candidate) -> bool:
        """Whether it is not where the face was that was followed before."""
        followed = self._followed or self._before
        return followed is not None and not _is_back(one.box, followed)

    def _preference(self, one: _Candidate) -> tuple[bool, bool, float]:
        return not one.still, self._before is not None and _is_back(one.box, self._before), one.box.size

    def _is_better(self, other: _Candidate, current: _Candidate | None, at: float) -> bool:
        """Whether to leave `current`, the face that is followed, for the other one."""
        if current is None:
            return not other.still or not self._ever_followed
        motionless = not current.alive and current.moved < CLEARLY * STILL and at - current.since >= WATCHED
        if motionless and other.moves > 1 and other.moved > max(MOVING, CLEARLY * current.moved):
            return True
        if other.still or at - self._taken_up > ESTABLISHED:
            return False
        if self._before is not None:
            here, there = _is_back(current.box, self._before), _is_back(other.box, self._before)
            if here or there:
                return there and not here
        return other.box.size > LARGER * current.box.size and current.moves <= other.moves


def _is_back(box: FaceBox, before: FaceBox) -> bool:
    """Whether a face is where the one before was, and as large."""
    ratio = box.size / before.size
    return box.distance(before) <= RETURN_PLACE and 1 / RETURN_SIZE <= ratio <= RETURN_SIZE


def tiles(height: int, width: int) -> list[tuple[int, int, int, int]]:
    """Parts of a picture, TILE px wide and high at most, that overlap: left, top, right, bottom in px."""

    def starts(side: int) -> list[int]:
        count = 1 if side <= TILE else 1 + math.ceil((side - TILE) / (TILE * (1 - OVERLAP)))
        return np.linspace(0, max(0, side - TILE), count).round().astype(int).tolist()

    return [
        (left, top, min(width, left + TILE), min(height, top + TILE))
        for top in starts(height)
        for left in starts(width)
    ]
