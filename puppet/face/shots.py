"""Where a film's picture changes to another one, and where another face takes the place of the one before."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from puppet.core.types import Floats, Image
from puppet.face.persons import Looks, apart, looks_of

THUMBNAIL, SAMPLES = 24, 96  # px, its side; px of the picture that it is made from, at least
EVEN = 4.0  # grey levels: a picture with less contrast than that says nothing by its contrast
CUT, ANY_CUT = 0.12, 0.3  # 1 - correlation between two thumbnails: jump cuts within a scene keep below 0.05
CHANGED = 2.0  # grey levels on average: less is no cut
SUDDEN = 6.0  # times the median of the frames before, unless it is an ANY_CUT: a camera that pans is none
HISTORY = 12  # frames
LASTS = 3  # frames that a new picture must last: a flash is no cut
SCENES = 4  # pictures that are known again

GAP = 0.4  # s without a face, after which it may be another one
JUMP = 1.0  # sizes of a face, within GAP: then it is another one, or the same in another place
WINDOW = 4.0  # s on each side that are compared
CHECK_EVERY = 1.0  # s
SURELY = 1.3  # `persons.apart` where nothing but the face speaks for a change


class CutWatch:
    """Told every frame's picture, in order; notices when it becomes another one."""

    def __init__(self, first: int = 0) -> None:
        """first: the number of the first picture."""
        self.scene = first  # number of the picture that is shown; one that comes back has the number that it had
        self._next = first + 1
        self._known: deque[tuple[int, Floats]] = deque(maxlen=SCENES)
        self._last: Floats | None = None
        self._waiting: list[Floats] = []  # thumbnails since what may be a cut
        self._steps: deque[float] = deque(maxlen=HISTORY)

    @property
    def may_begin(self) -> bool:
        """Whether another picture may have begun with the last frame; that is known LASTS - 1 frames later."""
        return len(self._waiting) == 1

    def see(self, image: Image) -> int | None:
        """How many frames ago another picture began (0: with this one), when that has become sure; else None."""
        thumbnail = _thumbnail(image)
        if self._last is None:
            self._last = thumbnail
            return None
        if not self._waiting:
            step = _difference(self._last, thumbnail)
            usual = float(np.median(self._steps)) if self._steps else 0.0
            if not (step > ANY_CUT or step > max(CUT, SUDDEN * usual)):
                self._steps.append(step)
                self._last = thumbnail
                return None
        elif _difference(self._last, thumbnail) < CUT:  # a flash, or something before the lens
            self._waiting, self._last = [], thumbnail
            return None
        if (
            self._waiting and _difference(self._waiting[-1], thumbnail) >= CUT
        ):  # what changes all the time is no picture
            self._waiting = []
        self._waiting.append(thumbnail)
        if len(self._waiting) < LASTS:
            return None
        self._known.append((self.scene, self._last))
        again = min(self._known, key=lambda known: _difference(known[1], thumbnail))
        if _difference(again[1], thumbnail) < CUT:
            self.scene = again[0]
        else:
            self.scene, self._next = self._next, self._next + 1
        self._last, self._waiting = thumbnail, []
        self._steps.clear()
        return LASTS - 1


def _thumbnail(image: Image) -> Floats:
    """f32 (THUMBNAIL, THUMBNAIL, 3), blurred."""
    step = max(1, min(image.shape[:2]) // SAMPLES)
    small = cv2.resize(image[::step, ::step], (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0), np.float32)


def _difference(a: Floats, b: Floats) -> float:
    """1 - correlation, so that light that changes as a whole does not count; 0 where hardly anything changed."""
    if np.abs(a - b).mean() < CHANGED:
        return 0.0
    a, b = (one - one.mean() for one in (a, b))
    return 1 - float((a * b).mean() / max(float(a.std()), EVEN) / max(float(b.std()), EVEN))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A frame in which a face was seen: its number, its time in s, and the face's middle x, y and size in px.

    look: as `persons.look`, or None where it was not taken.
    """

    frame: int
    at: float
    place: tuple[float, float, float]
    look: Floats | None


def shots(frames: int, cuts: Sequence[int], seen: Sequence[Sighting], interval: float) -> list[range]:
    """Frame numbers of each shot: from one cut to the next, and from one face to the next.

    cuts: numbers of the frames with which another picture begins; interval: s that one look stands for.
    """
    edges = sorted({0, frames, *(cut for cut in cuts if 0 < cut < frames)})
    found = []
    for first, end in zip(edges, edges[1:], strict=False):
        inside = [one for one in seen if first <= one.frame < end]
        starts = [first, *(inside[k].frame for k in _changes(inside, interval)), end]
        found += [range(a, b) for a, b in zip(starts, starts[1:], strict=False)]
    return found


def looks_within(seen: Sequence[Sighting], interval: float) -> Looks | None:
    """What the face looked like in these frames."""
    looks = [one.look for one in seen if one.look is not None]
    return looks_of(looks, len(looks) * interval)


def _changes(seen: Sequence[Sighting], interval: float) -> list[int]:
    """Places in `seen`, all of one scene, at which another face begins."""
    times = np.array([one.at for one in seen])
    changes: list[int] = []
    checked = -np.inf

    def other(k: int) -> float:
        """How different the face is before and from place k on."""
        start = max(changes[-1] if changes else 0, int(np.searchsorted(times, times[k] - WINDOW - GAP)))
        old = looks_within(seen[start:k], interval)
        new = looks_within(seen[k : int(np.searchsorted(times, times[k] + WINDOW))], interval)
        return 0.0 if old is None or new is None else apart(old, new)

    for k in range(1, len(seen)):
        if changes and k <= changes[-1]:
            continue
        (x, y, size), (last_x, last_y, last_size) = seen[k].place, seen[k - 1].place
        moved = float(np.hypot(x - last_x, y - last_y)) / max(size, last_size)
        if times[k] - times[k - 1] > GAP or moved > JUMP:
            if other(k) > 1:
                changes.append(k)
        elif times[k] - checked >= CHECK_EVERY:
            checked = times[k]
            if other(k) > SURELY:  # the change lies where both sides differ most
                near = range(k, int(np.searchsorted(times, times[k] + WINDOW)))
                changes.append(max(near, key=other))
    return changes
