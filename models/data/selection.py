"""Which tracked frames become the data set, and how each is cut: whom to keep, what to drop, where the crop lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.data import cleaning
from models.data.cleaning import Posed, Track, Verdicts
from models.data.dataset import Crop
from models.data.people import People, filmed_together, tell_apart
from puppet.core.errors import DataError
from puppet.core.types import Face, Floats
from puppet.face import align
from puppet.face.neutral import estimate_neutral

UNSTEADY_SHARE = 0.02  # of a source's frames outside its steady crop: then the report says so
UNSTEADY_SCALE = 1.5  # between the 5th and 95th percentile of the head's size
SMALL, LARGE = 256, 512  # px, sides of crops that nobody chose
LARGE_FROM = 400.0  # px of footage that a crop must cover to be a large one
COARSE = 0.75  # px of footage per pixel of the crop, below which the report says so
BEYOND_EDGE = 0.1  # of a crop's side that may lie outside the picture before the report says so


@dataclass(frozen=True)
class Selection:
    """What will be written: K rows of `track`, their poses against `neutral` and their transforms (K, 2, 3).

    size: side of the crops, px. notes: lines for the report. person: of `people`, who is kept.
    """

    track: Track
    verdicts: Verdicts
    rows: NDArray[np.intp]
    posed: Posed  # of `rows`
    neutral: Floats
    to_crop: NDArray[np.float64]
    size: int
    crop: Crop
    notes: list[str]
    people: People
    person: int


def select(
    track: Track, names: list[str], size: int | None, crop: Crop | None, max_yaw: float, person: int
) -> Selection:
    """Judge every frame and place every crop. names: of the sources; the others as in `prepare.Options`.

    DataError when no frame shows a usable face.
    """
    if not (track.faces > 0).any():
        raise DataError(f"no face was found in {', '.join(names)} ({len(track)} frames): is it in view, lit and large?")
    posed = cleaning.pose_all(track.points)
    people = tell_apart(track, posed)
    person = people.chosen(person)
    mine = people.of == person
    beside = filmed_together(track, mine)
    verdicts = cleaning.judge_faces(track, posed, max_yaw, ~mine, not beside)
    crop = crop or ("upright" if any(track.still) else "steady")
    covered = _covered(posed, verdicts, crop)
    size = size or (LARGE if covered >= LARGE_FROM else SMALL)
    notes = []
    if covered < COARSE * size:
        notes.append(f"a crop of {size} px shows {covered:.0f} px of the footage: it gets no sharper by its size; film "
                     f"closer or in a higher resolution, or use --size {SMALL}")  # fmt: skip
    if crop == "steady":
        to_crop, outside, unsteady = _steady(track, posed, verdicts, size, names)
        notes += unsteady
        verdicts.drop(outside, cleaning.OUTSIDE)
    else:
        to_crop = _upright(track, posed, size)
    if beside:
        verdicts.drop(_others_in_crop(track, mine, to_crop, size), cleaning.MANY_FACES)
    cleaning.judge_duplicates(verdicts, track, posed)
    rows = verdicts.kept
    if not len(rows):
        reasons = ", ".join(f"{reason}: {n}" for reason, n in verdicts.counts().items() if n)
        raise DataError(f"{', '.join(names)}: not one of {len(track)} frames is usable ({reasons})")
    neutral = estimate_neutral(posed.canonical[rows], posed.angles[rows])
    notes = [people.words(person), *notes] if len(people.frames) > 1 else notes
    for number, name in enumerate(names):
        if not (track.source[rows] == number).any():
            notes.append(f"{name}: no usable frame")
    posed = cleaning.pose_all(track.points[rows], neutral)
    crops = to_crop[rows]
    return Selection(track, verdicts, rows, posed, neutral, crops, size, crop, notes, people, person)


def _covered(posed: Posed, verdicts: Verdicts, crop: Crop) -> float:
    """Px of the footage that the side of a crop shows, in the median; 0 when no frame is usable."""
    usable = verdicts.kept
    eyes = align.STEADY_EYES if crop == "steady" else align.TIGHT_EYES
    return float(np.median(posed.scale[usable])) / eyes if len(usable) else 0.0


def _others_in_crop(
    track: Track, mine: NDArray[np.bool_], to_crop: NDArray[np.float64], size: int
) -> NDArray[np.bool_]:
    """Records of the person who is kept whose crop shows another face, or may: not every face was recorded (F,)."""
    shown = np.zeros(len(track), bool)
    for row in np.flatnonzero(mine & (track.faces > 1)):
        others = np.flatnonzero((track.source == track.source[row]) & (track.frame == track.frame[row]) & ~mine)
        shown[row] = len(others) < track.faces[row] - 1 or any(
            _is_in_crop(align.transform_points(track.points[other], to_crop[row]), size) for other in others
        )
    return shown


def _is_in_crop(points: Floats, size: int) -> bool:
    """Whether a face's points f32 (478, 3), px of a crop, lie in it in part."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return bool((high > -0.5).all() and (low < size - 0.5).all())


def _steady(
    track: Track, posed: Posed, verdicts: Verdicts, size: int, names: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """One transform per source: (F, 2, 3), frames whose face leaves its crop (F,), and notes for the report."""
    to_crop = np.full((len(track), 2, 3), np.nan)
    outside = np.zeros(len(track), bool)
    notes = []
    for number, name in enumerate(names):
        mine = track.source == number
        usable = verdicts.kept[mine[verdicts.kept]]
        if not len(usable):
            continue
        transform = align.steady_transform([posed.head_pose(i) for i in usable], size)
        to_crop[mine] = transform
        for i in usable:
            flat = align.transform_points(track.points[i], transform)[:, :2]
            outside[i] = flat.min() < -0.5 or flat.max() > size - 0.5
        low, high = np.quantile(posed.scale[usable], [0.05, 0.95])
        if outside[usable].mean() > UNSTEADY_SHARE or high / low > UNSTEADY_SCALE:
            notes.append(f"{name}: camera or head moves too far for one steady crop (face outside it in "
                         f"{outside[usable].mean():.0%} of the frames, {high / low:.1f} times larger at times); "
                         "put the camera on a stand, or use --crop upright")  # fmt: skip
        beyond = _beyond_edge(transform, size, int(track.width[usable[0]]), int(track.height[usable[0]]))
        if beyond > BEYOND_EDGE:
            notes.append(f"{name}: {beyond:.0%} of the crop lies outside the picture, whose edge is repeated there; "
                         "film with more room around the head")  # fmt: skip
    return to_crop, outside, notes


def _beyond_edge(transform: NDArray[np.float64], size: int, width: int, height: int) -> float:
    """Share of a crop's area that lies outside the picture (no rotation in steady crops)."""
    (x0, y0), (x1, y1) = (
        (np.array(corner) - transform[:, 2]) / transform[0, 0] for corner in ((-0.5, -0.5), (size - 0.5,) * 2)
    )
    inside = max(0.0, min(x1, width - 0.5) - max(x0, -0.5)) * max(0.0, min(y1, height - 0.5) - max(y0, -0.5))
    return float(1 - inside / ((x1 - x0) * (y1 - y0)))


def _upright(track: Track, posed: Posed, size: int) -> NDArray[np.float64]:
    """One transform per frame, the one that the live pipeline would use: (F, 2, 3), NaN without a face."""
    to_crop = np.full((len(track), 2, 3), np.nan)
    for i in np.flatnonzero(track.faces > 0):
        to_crop[i] = align.upright_transform(Face(track.points[i], posed.head_pose(i), posed.canonical[i]), size)
    return to_crop
