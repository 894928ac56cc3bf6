"""Who is seen in tracked footage: several people are told apart by the shape of the bone and by colours, over shots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.data.cleaning import Posed, Track
from puppet.core.errors import DataError
from puppet.core.types import Face, Floats
from puppet.face.cuts import CONFIRM_FRAMES
from puppet.face.identity import MeanDescriptor, group_by_identity, identity_descriptor, identity_distance
from puppet.face.neutral import SAMPLE_INTERVAL
from puppet.face.shots import FaceSighting, mean_descriptor_within, split_into_shots

LONG = 2.0  # s of a face that tell who it is; what is shorter goes to whom it is most like
FOLLOWED = 0.5  # s between two faces of one path
STEP = 1.0  # sizes of a face between two faces of one path
FEW, FEW_SHARE = 5, 0.01  # frames, and share of them, below which a face is a mistake or a passer-by, and nobody
STILL_SECONDS = 0.5  # s that a picture of its own is worth
APART_TOGETHER = 0.5  # of a person's frames that show others, too: then the two were filmed side by side


@dataclass(frozen=True)
class People:
    """of: the person of each record, 0 the one with most frames, -1 nobody (F,); frames: of each person."""

    of: NDArray[np.intp]
    frames: tuple[int, ...]

    def chosen(self, number: int) -> int:
        """The person that was asked for, counted from 1, 0: the one with most frames. DataError when there is none."""
        if number > max(1, len(self.frames)):
            seen = "one person was" if len(self.frames) == 1 else f"{len(self.frames)} people were"
            raise DataError(f"--person {number}: {seen} seen in the footage; choose a number up to {len(self.frames)}")
        return max(0, number - 1)

    def words(self, kept: int) -> str:
        """One line, when there are several."""
        listed = ", ".join(f"person {i + 1}: {count} frames" for i, count in enumerate(self.frames))
        return f"{len(self.frames)} people were seen ({listed}); person {kept + 1} is kept, --person N takes another"


def tell_apart(track: Track, posed: Posed) -> People:
    """Whose face each record shows."""
    paths = list(_paths(track, posed))
    looks = [_looks(track, posed, rows) for rows in paths]
    long = [one is not None and one.seconds >= LONG for one in looks]
    if not any(long):
        long = [one is not None for one in looks]
    frames = [set(zip(track.source[rows].tolist(), track.frame[rows].tolist(), strict=True)) for rows in paths]
    together = [(i, j) for i in range(len(paths)) for j in range(i) if frames[i] & frames[j]]
    long_enough = [one if enough else None for one, enough in zip(looks, long, strict=True)]
    told = group_by_identity(long_enough, strangers=together)
    seen = [(one, who) for one, who in zip(looks, told, strict=True) if one is not None and who >= 0]
    number = np.full(len(track), -1, np.intp)
    for path, (rows, one, who) in enumerate(zip(paths, looks, told, strict=True)):
        taken = {told[j] for i, j in _both_ways(together) if i == path}
        rest = [
            (identity_distance(one, other), whose) for other, whose in seen if one is not None and whose not in taken
        ]
        number[rows] = who if who >= 0 else min(rest, default=(0.0, max(told) + 1))[1]
    counts = np.bincount(number[number >= 0])
    least = max(FEW, FEW_SHARE * counts.sum())
    order = sorted(
        (who for who in range(len(counts)) if counts[who] >= min(least, counts.max())), key=lambda who: -counts[who]
    )
    of = np.full(len(track), -1, np.intp)
    for place, who in enumerate(order):
        of[number == who] = place
    return People(of, tuple(int(counts[who]) for who in order))


def filmed_together(track: Track, mine: NDArray[np.bool_]) -> bool:
    """Whether others are seen beside a person, whose records are `mine`, most of the time."""
    return bool(mine.any()) and float((track.faces[mine] > 1).mean()) > APART_TOGETHER


def _both_ways(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [*pairs, *((b, a) for a, b in pairs)]


def _paths(track: Track, posed: Posed) -> Iterator[NDArray[np.intp]]:
    """Records of one face that is followed through one shot, as indices; pictures of their own are one path."""
    for source in range(len(track.still)):
        mine = np.flatnonzero((track.source == source) & (track.faces > 0))
        if not len(mine):
            continue
        if track.still[source]:
            yield mine
            continue
        for rows in _followed(track, posed, mine):
            cuts = _cuts(track, source)
            seen = [_sighting(track, posed, row, i, _taken(track.time[rows], i)) for i, row in enumerate(rows)]
            starts = np.searchsorted(track.frame[rows], cuts)
            for shot in split_into_shots(len(rows), [int(k) for k in starts], seen, SAMPLE_INTERVAL):
                yield rows[shot.start : shot.stop]


def _cuts(track: Track, source: int) -> list[int]:
    """Frame numbers at which another picture begins: CONFIRM_FRAMES - 1 looked-at frames before that was noticed."""
    mine = np.flatnonzero(track.source == source)
    numbers, first = np.unique(track.frame[mine], return_index=True)
    noticed = np.flatnonzero(np.diff(track.scene[mine][first])) + 1
    return [int(numbers[max(0, k - (CONFIRM_FRAMES - 1))]) for k in noticed]


def _followed(track: Track, posed: Posed, mine: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Faces of one source, by where they are from frame to frame."""
    if (track.faces[mine] == 1).all():
        return [mine]
    paths: list[list[int]] = []
    for row in mine.tolist():
        away = [_away(track, posed, path[-1], row) for path in paths]
        nearest = int(np.argmin(away)) if away else 0
        if away and away[nearest] <= STEP:
            paths[nearest].append(row)
        else:
            paths.append([row])
    return [np.array(path, np.intp) for path in paths]


def _away(track: Track, posed: Posed, last: int, row: int) -> float:
    """From one record of a path to the next, in sizes of the face; infinite where it cannot be the next."""
    if track.frame[last] == track.frame[row] or track.time[row] - track.time[last] > FOLLOWED:
        return float("inf")
    moved = posed.translation[row, :2] - posed.translation[last, :2]
    return float(np.hypot(moved[0], moved[1]) / (2 * max(posed.scale[row], posed.scale[last])))


def _taken(times: NDArray[np.float64], i: int) -> bool:
    """One look for each SAMPLE_INTERVAL."""
    return i == 0 or int(times[i] / SAMPLE_INTERVAL) != int(times[i - 1] / SAMPLE_INTERVAL)


def _sighting(track: Track, posed: Posed, row: int, place: int, taken: bool) -> FaceSighting:
    x, y = posed.translation[row, :2]
    seen = _look(track, posed, row) if taken else None
    return FaceSighting(place, float(track.time[row]), (float(x), float(y), 2 * float(posed.scale[row])), seen)


def _look(track: Track, posed: Posed, row: int) -> Floats | None:
    return identity_descriptor(Face(track.points[row], posed.head_pose(row), posed.canonical[row]), track.colours[row])


def _looks(track: Track, posed: Posed, rows: NDArray[np.intp]) -> MeanDescriptor | None:
    still = track.still[track.source[rows[0]]]
    seen = [
        _sighting(track, posed, row, i, still or _taken(track.time[rows], i)) for i, row in enumerate(rows.tolist())
    ]
    return mean_descriptor_within(seen, STILL_SECONDS if still else SAMPLE_INTERVAL)
