"""Shots of a whole video: from one cut to the next, and from one person's face to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats
from puppet.face.identity import MeanDescriptor, identity_distance, mean_descriptor

GAP = 0.4  # s without a face, after which it may be another one
JUMP = 1.0  # sizes of a face, within GAP: then it is another one, or the same in another place
WINDOW = 4.0  # s on each side that are compared
CHECK_EVERY = 1.0  # s
SURELY = 1.3  # `identity_distance` where nothing but the face speaks for a change


@dataclass(frozen=True, slots=True)
class FaceSighting:
    """A face that was seen in one frame of a video."""

    frame: int  # number
    at: float  # s
    place: tuple[float, float, float]  # x, y of the face's middle, and its size, px
    descriptor: Floats | None  # as `identity.identity_descriptor`; None where none was taken


def split_into_shots(frames: int, cuts: Sequence[int], seen: Sequence[FaceSighting], interval: float) -> list[range]:
    """Frame numbers of each shot: from one cut to the next, and from one face to the next.

    frames: how many there are. cuts: numbers of the frames with which another scene begins. interval: s that one
    descriptor stands for.
    """
    edges = sorted({0, frames, *(cut for cut in cuts if 0 < cut < frames)})
    found: list[range] = []
    for first, end in zip(edges, edges[1:], strict=False):
        inside = [one for one in seen if first <= one.frame < end]
        starts = [first, *(inside[k].frame for k in _changes(inside, interval)), end]
        found += [range(a, b) for a, b in zip(starts, starts[1:], strict=False)]
    return found


def mean_descriptor_within(seen: Sequence[FaceSighting], interval: float) -> MeanDescriptor | None:
    """The mean descriptor of a face over these frames; None where none was taken."""
    taken = [one.descriptor for one in seen if one.descriptor is not None]
    return mean_descriptor(taken, len(taken) * interval)


def _changes(seen: Sequence[FaceSighting], interval: float) -> list[int]:
    """Indices in `seen`, all of one scene, at which another face begins."""
    times: NDArray[np.float64] = np.array([one.at for one in seen], np.float64)
    changes: list[int] = []
    checked = -np.inf

    def other(k: int) -> float:
        """Distance between the faces before index k and from k on; 0 where one is not known."""
        start = max(changes[-1] if changes else 0, int(np.searchsorted(times, seen[k].at - WINDOW - GAP)))
        old = mean_descriptor_within(seen[start:k], interval)
        new = mean_descriptor_within(seen[k : int(np.searchsorted(times, seen[k].at + WINDOW))], interval)
        return 0.0 if old is None or new is None else identity_distance(old, new)

    for k in range(1, len(seen)):
        if changes and k <= changes[-1]:
            continue
        (x, y, size), (last_x, last_y, last_size) = seen[k].place, seen[k - 1].place
        moved = float(np.hypot(x - last_x, y - last_y)) / max(size, last_size)
        if seen[k].at - seen[k - 1].at > GAP or moved > JUMP:
            if other(k) > 1:
                changes.append(k)
        elif seen[k].at - checked >= CHECK_EVERY:
            checked = seen[k].at
            if other(k) > SURELY:  # the change lies where both sides differ most
                near = range(k, int(np.searchsorted(times, seen[k].at + WINDOW)))
                changes.append(max(near, key=other))
    return changes
