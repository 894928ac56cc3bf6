"""Whom to follow, where more than one face is in view, and where to look again when none is. Numpy and OpenCV only.

FaceMesh stays with the face it follows and takes whatever it finds when that one is lost: a photo on the wall as well,
and for good. It does not see small faces. So a second look, by a detector of its own, goes over the whole picture after
a loss and every few seconds, and the tracker is pointed at the face that is meant:

- what moves comes before what is motionless, however large (a photo, a poster, a screen that shows a still);
- among equals the one that was followed before, then the larger one;
- a face that was watched, never moved and was never followed is nobody: the actor rests rather than wears it.

Motion is what remains when two pictures of a face are laid over each other as well as a plane in space allows
(Evangelidis & Psarakis 2008): neither a camera that shakes nor a poster that is carried counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Face, Floats, Frame, Image
from puppet.face import align
from puppet.face.shots import CutWatch

LOOK_EVERY = 2.0  # s between looks while one face is followed that is known to move, and nobody else is in view
LOOK_OFTEN = 1.0  # s while that is not known yet
WATCH_EVERY = 0.4  # s while there are others
SEARCH_EVERY = 0.25  # s while nobody is followed, but in every frame for
SEARCH_LONG = 0.5  # s after a loss: a small face that moves fast is lost often
AT_LEAST = 0.5  # score of what the detector takes for a face; FaceMesh then confirms it, or does not

MEMORY = 3.0  # s of motion by which two faces are compared
WATCHED = 1.1  # s that a face must be known before it can be called motionless
STILL, MOVING = 0.14, 0.2  # of the face's contrast: photos with noise reach 0.14, people move by 0.2 within MEMORY
CLEARLY = 2.0  # times as much motion as the other face
LIVELY, RARELY = 3, 0.125  # looks at which a face moved before nobody doubts that it lives; share that noise explains
TILE = 960  # px, side of the parts in which smaller faces are looked for when there is none in the whole picture
OVERLAP = 0.25  # of a tile

PATCH = 48  # px, side of the pictures of a face that are laid over each other
PATCH_FACES = 1.24  # their side in sizes of the face
PATCH_BLUR = 1.5  # px; takes off what noise does to small faces
PATCH_EDGE = 6  # px at each edge that are left out
CHANGED = 0.97  # quantile over the pixels: an expression changes few of them

SAME_PLACE = 0.6  # sizes of a face that it may have moved between two looks
JUMP = 1.0  # sizes between two frames: then it is another face, or another picture
RETURN_PLACE, RETURN_SIZE = 1.5, 1.6  # sizes, and ratio, within which a face is where the one before was
ESTABLISHED = 10.0  # s after which whoever was taken up instead of a lost face is the one that is followed
LARGER = 1.5  # times as large as the one that was just taken up


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a face is: its middle and its width in px."""

    x: float
    y: float
    size: float

    def distance(self, other: Spot) -> float:
        """In sizes of the larger one."""
        return float(np.hypot(self.x - other.x, self.y - other.y)) / max(self.size, other.size)

    def mirrored(self, width: int) -> Spot:
        """The same in the mirrored picture, `width` px wide."""
        return Spot(width - 1 - self.x, self.y, self.size)


def spot_of(points: Floats) -> Spot:
    """Of a tracked face f32 (478, 3) px, as the detector would place it."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    middle = (low + high) / 2
    return Spot(float(middle[0]), float(middle[1]), float((high - low).max()))


class Pointable(Protocol):
    """A tracker that can be told which face is meant."""

    faces_seen: int

    def track(self, frame: Frame) -> Face | None: ...

    def look_at(self, frame: Frame, spot: Spot, others: Sequence[Spot]) -> Face | None:
        """Leave whatever is followed for the face at `spot`, and none of the `others`; the face, if it is one."""
        ...

    def restart(self) -> None:
        """Forget where the face was: the next frame shows another picture."""
        ...

    def close(self) -> None: ...


class Finder(Protocol):
    """Finds faces, also small ones, in one picture by itself."""

    def find(self, image: Image) -> list[Spot]: ...

    def close(self) -> None: ...


@dataclass(eq=False)
class _Candidate:
    """A face that is in view, by the looks at which it was seen; motions: (time, motion) of each look but the first."""

    spot: Spot
    since: float
    seen_at: float
    patch: Floats
    motions: list[tuple[float, float]] = field(default_factory=list)
    looks: int = 0  # after the first
    lively: int = 0  # of these, at which it moved
    denied_at: float = -np.inf  # s, when FaceMesh saw no face there

    def see(self, spot: Spot, patch: Floats, at: float) -> None:
        amount = motion(self.patch, patch)
        if np.isfinite(amount):
            self.motions = [(t, m) for t, m in self.motions if at - t <= MEMORY] + [(at, amount)]
            self.looks += 1
            self.lively += amount > MOVING
        self.spot, self.patch, self.seen_at = spot, patch, at

    @property
    def moved(self) -> float:
        """How much it moved within MEMORY: upper quartile, for noise makes a photo seem to move now and then."""
        return float(np.quantile([m for _, m in self.motions], 0.75)) if self.motions else 0.0

    @property
    def still(self) -> bool:
        """Watched for long enough, and hardly ever moved."""
        hardly = self.lively <= RARELY * self.looks
        return hardly and self.seen_at - self.since >= WATCHED and self.moved < MOVING

    @property
    def alive(self) -> bool:
        """Moved so often that nobody doubts it."""
        return self.lively >= max(LIVELY, 2 * RARELY * self.looks)


class AttentiveTracker:
    """Follows the face that is meant, see above. A Tracker; makes and uses everything in the thread that made it.

    mesh: follows one face; finder: sees them all. thorough: there is time to search.
    """

    def __init__(self, mesh: Pointable, make_finder: Callable[[], Finder], thorough: bool = False) -> None:
        self._mesh = mesh
        self._thorough = thorough
        self._tile = -1  # that was looked at last
        self._finder = make_finder()
        self._cuts = CutWatch()
        self._candidates: list[_Candidate] = []
        self._followed: Spot | None = None  # in the frame before
        self._before: Spot | None = None  # where the face was that was lost
        self._ignored: Spot | None = None  # in the frame before: what the mesh follows, but is nobody
        self._lost_at = -np.inf  # s
        self._taken_up = -np.inf  # s, when the one that is followed was
        self._looked_at = -np.inf
        self._last_at = -np.inf
        self._ever = False  # whether anybody was followed
        self.faces_seen = 0

    def track(self, frame: Frame) -> Face | None:
        """The followed face, or None when none is seen that counts."""
        at = frame.captured_at
        if at < self._last_at:  # a film that begins anew
            self._candidates, self._followed, self._before, self._looked_at = [], None, None, -np.inf
        self._last_at = at
        self._cuts.see(frame.image)
        if self._cuts.may_begin:  # where a face was in another picture, FaceMesh would draw a torn one for some frames
            self._mesh.restart()
            self._ignored = None
        face = self._mesh.track(frame)
        spot = None if face is None else spot_of(face.points)
        ignored = spot is not None and self._ignored is not None and self._ignored.distance(spot) <= SAME_PLACE
        lost = self._followed is not None and (
            spot is None or self._cuts.may_begin or self._followed.distance(spot) > JUMP
        )
        if lost:
            self._before, self._lost_at = self._followed, at
        taken_up = spot is not None and not ignored and (lost or self._followed is None)
        if taken_up:
            self._taken_up = at
        if lost or taken_up or at - self._looked_at >= self._patience():
            face = self._look(frame, face)
        elif ignored:
            self._ignored, face = spot, None
        self._followed = None if face is None else spot_of(face.points)
        self._ever = self._ever or face is not None
        self.faces_seen = 0 if face is None else max(1, len(self._candidates))
        return face

    def close(self) -> None:
        """Free everything; call from the thread that made it."""
        self._mesh.close()
        self._finder.close()

    def _patience(self) -> float:
        """Seconds from one look to the next."""
        if self._followed is None:
            return 0.0 if self._last_at - self._lost_at < SEARCH_LONG else SEARCH_EVERY
        if len(self._candidates) > 1:
            return WATCH_EVERY
        return LOOK_EVERY if self._candidates and self._candidates[0].alive else LOOK_OFTEN

    def _look(self, frame: Frame, face: Face | None) -> Face | None:
        """Look at all faces in the frame; the one that is meant."""
        at = self._looked_at = frame.captured_at
        found = self._finder.find(frame.image)
        if not found and face is None:
            found = self._in_tiles(frame.image)
        self._ignored = mine = None
        if face is not None:
            spot = spot_of(face.points)
            if all(spot.distance(other) > SAME_PLACE for other in found):
                found = [*found, spot]  # turned so far that only FaceMesh, which follows it, sees a face
        self._remember(frame, found)
        if face is not None:
            spot = spot_of(face.points)
            mine = min(self._candidates, key=lambda one: spot.distance(one.spot))
            if mine.still and self._ever and self._stranger(mine):
                self._ignored, face, mine = spot, None, None
        here = [one for one in self._candidates if one.seen_at == at]
        for other in sorted(here, key=self._preference, reverse=True):
            if other is mine or at - other.denied_at < LOOK_EVERY or not self._better(other, mine, at):
                continue
            rest = [one.spot for one in here if one.spot.distance(other.spot) > SAME_PLACE]
            seen = self._mesh.look_at(frame, other.spot, rest)
            if seen is not None and spot_of(seen.points).distance(other.spot) <= SAME_PLACE:
                self._taken_up, self._ignored = at, None
                return seen
            other.denied_at = at
            if mine is not None:
                return self._mesh.look_at(frame, mine.spot, [other.spot])
        return face

    def _in_tiles(self, image: Image) -> list[Spot]:
        """Faces in one part of the picture, the next one at each call; thorough: in all parts."""
        parts = tiles(*image.shape[:2])
        if len(parts) < 2:
            return []
        found: list[Spot] = []
        for _ in range(len(parts) if self._thorough else 1):
            self._tile = (self._tile + 1) % len(parts)
            left, top, right, bottom = parts[self._tile]
            there = self._finder.find(np.ascontiguousarray(image[top:bottom, left:right]))
            moved = [Spot(one.x + left, one.y + top, one.size) for one in there]
            found += [one for one in moved if all(one.distance(other) > SAME_PLACE for other in found)]
        return found

    def _remember(self, frame: Frame, found: Sequence[Spot]) -> None:
        at, grey = frame.captured_at, np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
        known = [one for one in self._candidates if at - one.seen_at <= 2 * LOOK_EVERY]
        self._candidates = list(known)
        for spot in found:
            patch = _patch(grey, spot)
            nearest = min(known, key=lambda one: spot.distance(one.spot), default=None)
            if nearest is not None and spot.distance(nearest.spot) <= SAME_PLACE:
                nearest.see(spot, patch, at)
                known.remove(nearest)
            else:
                self._candidates.append(_Candidate(spot, at, at, patch))

    def _stranger(self, one: _Candidate) -> bool:
        """Not the one that was followed before."""
        followed = self._followed or self._before
        return followed is not None and not _returned(one.spot, followed)

    def _preference(self, one: _Candidate) -> tuple[bool, bool, float]:
        return not one.still, self._before is not None and _returned(one.spot, self._before), one.spot.size

    def _better(self, other: _Candidate, mine: _Candidate | None, at: float) -> bool:
        """Whether to leave `mine`, the face that is followed, for the other one."""
        if mine is None:
            return not other.still or not self._ever
        motionless = not mine.alive and mine.moved < CLEARLY * STILL and at - mine.since >= WATCHED
        if motionless and other.lively > 1 and other.moved > max(MOVING, CLEARLY * mine.moved):
            return True
        if other.still or at - self._taken_up > ESTABLISHED:
            return False
        if self._before is not None:
            here, there = _returned(mine.spot, self._before), _returned(other.spot, self._before)
            if here or there:
                return there and not here
        return other.spot.size > LARGER * mine.spot.size and mine.lively <= other.lively


def _returned(spot: Spot, before: Spot) -> bool:
    ratio = spot.size / before.size
    return spot.distance(before) <= RETURN_PLACE and 1 / RETURN_SIZE <= ratio <= RETURN_SIZE


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


def _patch(grey: NDArray[np.uint8], spot: Spot) -> Floats:
    """A face in a grey picture (H, W), f32 (PATCH, PATCH), a little blurred."""
    side = PATCH_FACES * spot.size
    reach = side  # px around it that shrinking may need
    x0, y0 = max(0, int(spot.x - reach)), max(0, int(spot.y - reach))
    part = grey[y0 : int(spot.y + reach) + 2, x0 : int(spot.x + reach) + 2]
    if not part.size:
        return np.zeros((PATCH, PATCH), np.float32)
    scale = PATCH / side
    if scale < 1:
        part = cv2.GaussianBlur(part, (0, 0), align.shrinking_blur(scale))
    middle = (PATCH - 1) / 2
    place = np.array([[scale, 0, middle - scale * (spot.x - x0)], [0, scale, middle - scale * (spot.y - y0)]])
    cut = cv2.warpAffine(part, place, (PATCH, PATCH), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(cut.astype(np.float32), (0, 0), PATCH_BLUR), np.float32)


def motion(before: Floats, after: Floats) -> float:
    """How a face changed between two pictures of it, f32 (PATCH, PATCH), beyond what moving a photo of it would do.

    In standard deviations of the picture; 0 for the same picture. NaN where they cannot be laid over each other.
    """
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        start = np.eye(2, 3, dtype=np.float32)
        everywhere = np.ones((PATCH, PATCH), np.uint8)
        _, warp = cv2.findTransformECC(before, after, start, cv2.MOTION_AFFINE, criteria, everywhere, 5)
    except cv2.error:  # nothing in common, or nothing in them
        return float("nan")
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(after, warp, (PATCH, PATCH), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inner = slice(PATCH_EDGE, -PATCH_EDGE)
    a, b = before[inner, inner].ravel(), np.asarray(laid)[inner, inner].ravel()
    light = np.column_stack([b, np.ones_like(b)])  # brighter or darker as a whole is no motion
    left = np.abs(a - light @ np.linalg.lstsq(light, a, rcond=None)[0])
    return float(np.quantile(left, CHANGED) / max(float(a.std()), 1.0))
