"""Which tracked frames are fit for training, and for which reason each of the others is dropped.

Frames are judged in the order of REASONS and dropped for the first that applies; judgements that compare a frame with
the others (blur, jumps, occlusion, duplicates) only look at frames that passed so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet.core.rows import evenly_repeated
from puppet.core.types import Floats
from puppet.face import align
from puppet.face.landmarks import BROWS, EYE_LEFT, EYE_RIGHT, LIPS

NO_FACE = "no face"
OTHER_PERSON = "another person"
MANY_FACES = "more than one face"
CUT_OFF = "face cut off by the picture's edge"
BLURRED = "blurred"
TURNED = "head turned too far"
JUMP = "landmarks jumped"
OCCLUDED = "face covered"
OUTSIDE = "face outside the steady crop"
DUPLICATE = "near-duplicate"
REASONS = (NO_FACE, OTHER_PERSON, MANY_FACES, CUT_OFF, BLURRED, TURNED, JUMP, OCCLUDED, OUTSIDE, DUPLICATE)
KEPT = ""

EDGE_TOLERANCE = 0.02  # outer-eye distances a landmark may lie beyond the edge: FaceMesh's own error
BLUR_RATIO = 0.35  # of the clip's median sharpness
BLUR_SPREADS = 6.0  # and this many robust standard deviations of log-sharpness below it
MAX_PITCH = 40.0  # degrees; beyond, FaceMesh guesses the hidden half
MAX_ROLL = 50.0
JUMP_WINDOW = 3  # frames on each side whose median is where the face should be
JUMP_DISTANCE = 0.12  # outer-eye distances, mean over the landmarks
JUMP_SPREADS = 12.0
JUMP_TIME = 0.5  # s; frames further apart are not neighbours
FIT_FRAMES = 800  # at most, evenly spread
FIT_BLOCK = 4.0  # s; alternate blocks are fitted to each other, so that a covered stretch is not explained by itself
FIT_RATIO = 3.0  # times the median residual
FIT_LEAST = 40  # frames; fewer do not show what this face can do
DUPLICATE_WINDOW = 2.0  # s
DUPLICATE_EXPRESSION = 0.003  # outer-eye distances: lids, lips, brows and irises all closer than this ...
DUPLICATE_POSE = 0.5  # ... degrees, and head angles too
DUPLICATE_PLACE = 0.01  # ... and the head's place in outer-eye distances


@dataclass(frozen=True)
class Fit:
    """A low-rank model of one person's frames, and when a frame does not fit it.

    components: number of linear ones. floor: residual (root mean square over the landmarks) below which no fit is bad.
    spreads: robust standard deviations above the median from which one is.
    """

    components: int
    floor: float
    spreads: float


# FaceMesh draws a plausible face under a hand, 0.013 eye distances from this person's own; rare grimaces are as far.
# So landmarks only show gross misfits. Colours at the landmarks show the rest: hands, hair and microphones measure 23
# grey levels and more, the most extreme clean frame of marble.mp4 measures 11.
SHAPE_FIT = Fit(24, 0.012, 12.0)  # outer-eye distances
COLOUR_FIT = Fit(16, 12.0, 8.0)  # grey levels


@dataclass(frozen=True)
class Track:
    """F records of tracked frames, in order of source and time; a frame with several faces has a record for each.

    source i16, frame i32, scene i32 (number of the shot, which a cut changes), time f64 s, faces i8 (how many were
    seen), width and height i32 px, sharpness f32, points f32 (F, 478, 3) px (NaN without a face), colours u8
    (F, 478, 3) at the landmarks. still: bool by source; stills have no neighbours in time.
    """

    source: NDArray[np.int16]
    frame: NDArray[np.int32]
    scene: NDArray[np.int32]
    time: NDArray[np.float64]
    faces: NDArray[np.int8]
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    sharpness: Floats
    points: Floats
    colours: NDArray[np.uint8]
    still: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Posed:
    """Poses of all frames against one reference face; NaN without a face.

    canonical f32 (F, 478, 3); angles f32 (F, 3) degrees; scale f64 (F,) px; translation f64 (F, 3) px.
    """

    canonical: Floats
    angles: Floats
    scale: NDArray[np.float64]
    translation: NDArray[np.float64]

    def head_pose(self, i: int) -> align.HeadPose:
        """The pose of frame i, which shows a face."""
        return align.HeadPose(align.rotation_of(self.angles[i]), float(self.scale[i]), self.translation[i])


def pose_all(points: Floats, reference: Floats | None = None) -> Posed:
    """Poses of landmarks f32 (F, 478, 3) px, NaN where there is no face; `reference` as in `align.canonicalise`."""
    count = len(points)
    posed = Posed(
        np.full(points.shape, np.nan, np.float32),
        np.full((count, 3), np.nan, np.float32),
        np.full(count, np.nan),
        np.full((count, 3), np.nan),
    )
    for i in np.flatnonzero(~np.isnan(points[:, 0, 0])):
        posed.canonical[i], pose = align.canonicalise(points[i], reference)
        posed.angles[i], posed.scale[i] = align.angles_of(pose.rotation), pose.scale
        posed.translation[i] = pose.translation
    return posed


class Verdicts:
    """The reason by frame why it is dropped, KEPT ("") while there is none. The first reason counts."""

    def __init__(self, count: int) -> None:
        self.reason = np.full(count, KEPT, object)

    @property
    def kept(self) -> NDArray[np.intp]:
        """Indices of the frames that passed so far, ascending."""
        return np.flatnonzero(self.reason == KEPT)

    def drop(self, bad: NDArray[np.bool_], reason: str) -> None:
        """Drop frames for a reason; bad: bool (F,)."""
        self.reason[bad & (self.reason == KEPT)] = reason

    def drop_kept(self, bad: NDArray[np.bool_], reason: str) -> None:
        """Drop some of the frames that are left; bad: bool, one by `kept`."""
        self.reason[self.kept[bad]] = reason

    def counts(self) -> dict[str, int]:
        """Dropped frames by reason, every reason named."""
        return {reason: int((self.reason == reason).sum()) for reason in REASONS}


def judge_faces(
    track: Track, posed: Posed, max_yaw: float, others: NDArray[np.bool_] | None = None, alone: bool = True
) -> Verdicts:
    """Judge frames for all reasons that do not depend on the crop, except duplicates, which must come last.

    others: records (F,) that show another person. alone: frames with several faces are dropped.
    """
    verdicts = Verdicts(len(track))
    verdicts.drop(track.faces < 1, NO_FACE)
    if others is not None:
        verdicts.drop(others, OTHER_PERSON)
    if alone:
        verdicts.drop(track.faces > 1, MANY_FACES)
    verdicts.drop(cut_off(track, posed.scale), CUT_OFF)
    kept = verdicts.kept
    verdicts.drop_kept(blurred(track.sharpness[kept], track.source[kept]), BLURRED)
    verdicts.drop(turned(posed.angles, max_yaw), TURNED)
    kept = verdicts.kept
    moving = ~np.array(track.still, bool)[track.source[kept]]
    jumps = jumped(track.points[kept] / posed.scale[kept, None, None], track.source[kept], track.time[kept])
    verdicts.drop_kept(jumps & moving, JUMP)
    kept = verdicts.kept
    blocks = np.where(np.array(track.still, bool)[track.source[kept]], kept, track.time[kept] // FIT_BLOCK)
    bad_shape = misfits(posed.canonical[kept], blocks, SHAPE_FIT)
    bad_colour = misfits(track.colours[kept].astype(np.float32), blocks, COLOUR_FIT)
    verdicts.drop_kept(bad_shape | bad_colour, OCCLUDED)
    return verdicts


def turned(angles: Floats, max_yaw: float) -> NDArray[np.bool_]:
    """Which heads (F,), angles f32 (F, 3) in degrees, are turned too far for FaceMesh to see both sides."""
    yaw, pitch, roll = np.abs(np.nan_to_num(angles)).T
    return (yaw > max_yaw) | (pitch > MAX_PITCH) | (roll > MAX_ROLL)


def judge_duplicates(verdicts: Verdicts, track: Track, posed: Posed) -> None:
    """Drop frames that show the same as a kept frame of the last DUPLICATE_WINDOW seconds."""
    kept = verdicts.kept
    place = posed.translation[kept, :2] / posed.scale[kept, None]
    same = duplicates(
        posed.canonical[kept],
        posed.angles[kept],
        place,
        track.source[kept],
        track.time[kept],
        np.array(track.still, bool),
    )
    verdicts.drop_kept(same, DUPLICATE)


def cut_off(track: Track, scale: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which frames (F,) have a landmark beyond the picture's edge by more than FaceMesh's error; scale (F,) px."""
    return beyond_edge(track.points, track.width, track.height, scale)


def beyond_edge(points: Floats, width: NDArray, height: NDArray, scale: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which faces f32 (F, 478, 3) px reach beyond the edge of their pictures, whose sides are (F,) px.

    scale: (F,) px per outer-eye distance.
    """
    margin = (EDGE_TOLERANCE * np.nan_to_num(scale))[:, None]
    x, y = np.nan_to_num(points[..., 0], nan=1.0), np.nan_to_num(points[..., 1], nan=1.0)
    low = np.minimum(x, y).min(1, keepdims=True) < -0.5 - margin
    right = x.max(1, keepdims=True) > width[:, None] - 0.5 + margin
    bottom = y.max(1, keepdims=True) > height[:, None] - 0.5 + margin
    return (low | right | bottom)[:, 0]


def _robust_limit(values: NDArray, spreads: float) -> tuple[float, float]:
    """Median, and `spreads` robust standard deviations (1.4826 * median absolute deviation)."""
    middle = float(np.median(values))
    return middle, spreads * 1.4826 * float(np.median(np.abs(values - middle)))


def blurred(sharpness: Floats, source: NDArray) -> NDArray[np.bool_]:
    """Which frames (F,) are far less sharp than their source's median, by ratio and by the source's usual spread."""
    bad = np.zeros(len(sharpness), bool)
    for s in np.unique(source):
        mine = source == s
        logs = np.log(np.maximum(sharpness[mine], 1e-6))
        middle, spread = _robust_limit(logs, BLUR_SPREADS)
        bad[mine] = logs < middle - max(spread, -np.log(BLUR_RATIO))
    return bad


def jumped(points: Floats, source: NDArray, time: NDArray) -> NDArray[np.bool_]:
    """Which frames (F,) have landmarks far from the median of their neighbours in time.

    points: f32 (F, 478, 3) in outer-eye distances.
    """
    count = len(points)
    away = np.zeros(count)
    for i in range(count):
        near = np.arange(max(0, i - JUMP_WINDOW), min(count, i + JUMP_WINDOW + 1))
        near = near[(source[near] == source[i]) & (np.abs(time[near] - time[i]) <= JUMP_TIME)]
        if len(near) > 2:
            away[i] = np.linalg.norm(points[i, :, :2] - np.median(points[near, :, :2], 0), axis=1).mean()
    middle, spread = _robust_limit(away, JUMP_SPREADS) if count else (0.0, 0.0)
    return away > max(JUMP_DISTANCE, middle + spread)


def misfits(values: Floats, blocks: NDArray, fit: Fit) -> NDArray[np.bool_]:
    """Which frames (F,) do not fit a low-rank PCA of what this person shows at other times.

    values f32 (F, 478, 3); blocks (F,): stretches of time; odd ones are judged by a fit to
    even ones and the other way round.
    """
    count = len(values)
    bad = np.zeros(count, bool)
    if count < FIT_LEAST:
        return bad
    for _ in range(2):  # the second time without the frames that spoilt the first fit
        residual = _fit_residuals(values, blocks, ~bad, fit.components)
        middle, spread = _robust_limit(residual, fit.spreads)
        bad = residual > max(fit.floor, FIT_RATIO * middle, middle + spread)
    return bad


def _fit_residuals(values: Floats, blocks: NDArray, trusted: NDArray[np.bool_], components: int) -> NDArray[np.float64]:
    """Root mean square over the landmarks of the residual's length, by frame."""
    flat = values.reshape(len(values), -1)
    even = blocks.astype(np.int64) % 2 == 0
    residual = np.zeros(len(flat))
    for judged in (even, ~even):
        fitted = np.flatnonzero(~judged & trusted)
        if len(fitted) < FIT_LEAST // 2:
            fitted = np.flatnonzero(trusted)
        fitted = fitted[evenly_repeated(len(fitted), min(len(fitted), FIT_FRAMES))]
        mean = flat[fitted].mean(0)
        axes = _principal_axes(flat[fitted] - mean, min(components, len(fitted) // 4))
        offset = flat[judged] - mean
        offset = offset - offset @ axes.T @ axes
        residual[judged] = np.sqrt((offset**2).mean(1) * 3)
    return residual


def _principal_axes(offset: Floats, rank: int) -> NDArray[np.float64]:
    """Orthonormal rows (rank, D) of centred samples (n, D); by way of the n x n Gram matrix, n being the smaller."""
    values, vectors = np.linalg.eigh(offset.astype(np.float64) @ offset.T)
    keep = np.argsort(-values)[:rank]
    keep = keep[values[keep] > 1e-9 * max(values[-1], 1e-12)]
    return vectors[:, keep].T @ offset / np.sqrt(values[keep])[:, None]


_EXPRESSIVE = np.array(
    sorted({*EYE_LEFT, *EYE_RIGHT, *LIPS, *BROWS, 468, 473}),
    np.intp,
)


def duplicates(
    canonical: Floats, angles: Floats, place: NDArray, source: NDArray, time: NDArray, still: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which frames (F,) are closer than the DUPLICATE_* thresholds to a kept one; stills are compared with every still.

    canonical f32 (F, 478, 3); angles (F, 3) degrees; place (F, 2) outer-eye distances; still: bool by source.
    """
    shape = canonical[:, _EXPRESSIVE, :2]
    bad = np.zeros(len(shape), bool)
    first = 0
    for i in range(len(shape)):
        while source[first] != source[i] or (not still[source[i]] and time[first] < time[i] - DUPLICATE_WINDOW):
            first += 1
        near = first + np.flatnonzero(~bad[first:i])
        near = near[np.abs(angles[near] - angles[i]).max(1, initial=0) < DUPLICATE_POSE]
        near = near[np.abs(place[near] - place[i]).max(1, initial=0) < DUPLICATE_PLACE]
        if len(near):
            bad[i] = bool((np.abs(shape[near] - shape[i]).max((1, 2)) < DUPLICATE_EXPRESSION).any())
    return bad
