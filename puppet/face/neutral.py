"""A person's neutral: their face at rest and their usual head pose, captured on request or inferred from many faces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Face, Floats, HeadPose
from puppet.face import align
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, LIPS, STABLE
from puppet.face.measurements import measure, nearness
from puppet.face.neutral_from_picture import rest_from_picture, shows_one_picture
from puppet.face.rest_prior import TRUSTED, rest_correction, rest_weights


@dataclass(frozen=True, slots=True)
class Neutral:
    """A person at rest."""

    landmarks: Floats  # canonical f32 (478, 3) of the relaxed face
    pose: HeadPose  # usual head pose, px of the person's own frames, fitted against these landmarks


def neutral_from_face(face: Face) -> Neutral:
    """The neutral of a person who shows it in this face."""
    return Neutral(face.canonical, align.head_pose(face.points, face.canonical))


def infer_neutral(faces: Sequence[Face]) -> Neutral:
    """The neutral of a person who was never asked for one, from at least one tracked face.

    Faces that show no more than one picture give a guess, see `neutral_from_picture`.
    """
    return infer_from_picture(faces) if shows_one_picture(faces) else infer_with_confidence(faces)[0]


def infer_from_picture(faces: Sequence[Face]) -> Neutral:
    """The neutral of a person of whom one picture is known, from at least one tracked face."""
    landmarks = rest_from_picture(np.median([face.canonical for face in faces], 0))
    return Neutral(landmarks, median_pose([face.points for face in faces], landmarks))


def infer_with_confidence(faces: Sequence[Face]) -> tuple[Neutral, float]:
    """The neutral from many faces of a person, and how far it can be trusted, 0 .. 1."""
    angles = np.stack([align.angles_of(face.pose.rotation) for face in faces])
    landmarks, confidence = estimate_with_confidence(np.stack([face.canonical for face in faces]), angles)
    return Neutral(landmarks, median_pose([face.points for face in faces], landmarks)), confidence


def median_pose(points: Iterable[Floats], neutral: Floats) -> HeadPose:
    """Median head pose of faces f32 (478, 3) px, fitted against the person's own neutral f32 (478, 3)."""
    poses = align.head_poses(np.stack(list(points)), neutral)
    angles = np.median([align.angles_of(pose.rotation) for pose in poses], axis=0)
    scale = float(np.median([pose.scale for pose in poses]))
    return HeadPose(align.rotation_of(angles), scale, np.median([pose.translation for pose in poses], axis=0))


FRONTAL_DEGREES = 12.0  # frames turned further than this from the median pose tell less about the neutral


def estimate_neutral(canonical: Floats, angles: Floats) -> Floats:
    """The relaxed face of a person who was never asked to relax: canonical f32 (N, 478, 3), angles (N, 3) -> (478, 3).

    Each region takes the frames in which it is at rest: eyes open but not wide, the mouth where `rest_prior` sees
    it calm, brows where they mostly are. Regions blend smoothly, so that the result is a face although no frame may
    have shown it. Where mouth or brows never came to rest, their likely rest is predicted from what they did (by
    `rest_prior` again).
    """
    return estimate_with_confidence(canonical, angles)[0]


ENOUGH_FACES = 25  # 3 s at SAMPLE_INTERVAL
FACING_DEGREES, FACING_SHARE = 15.0, 0.3  # yaw and pitch at which FaceMesh still sees both sides; share of the frames
SHUT_GAP, SHUT_SHARE = 0.03, 0.1  # outer-eye distances between lips that touch; share of the frames
UNREST = 2 * TRUSTED  # a correction of that size means that rest was not seen


def estimate_with_confidence(canonical: Floats, angles: Floats) -> tuple[Floats, float]:
    """What `estimate_neutral` gives, and how far it can be trusted, 0 .. 1.

    The confidence is the least of four: enough faces (ENOUGH_FACES); enough of them near frontal; lips seen together in
    some; mouth and brows at rest in some, which the size of the correction by `rest_prior` tells: 1 up to TRUSTED, 0
    from UNREST on.
    """
    shapes, kept = near_frontal(canonical, angles)
    resting = calmest_shape(shapes, rest_weights(shapes, angles[kept]))
    correction, wanted = rest_correction(resting, shapes, angles[kept])
    facing = float((np.abs(angles[:, :2]).max(1) < FACING_DEGREES).mean())
    shut = float((measure(canonical)["mouth_open"] < SHUT_GAP).mean())
    calm = (UNREST - wanted) / (UNREST - TRUSTED)
    weakest = min(len(canonical) / ENOUGH_FACES, facing / FACING_SHARE, shut / SHUT_SHARE, calm)
    return resting + correction, float(np.clip(weakest, 0, 1))


def near_frontal(canonical: Floats, angles: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The faces near the median pose, placed bone on bone f32 (M, 478, 3), and which ones these are, bool (N,)."""
    turned: Floats = np.abs(angles - np.median(angles, 0)).max(1)
    kept = turned <= max(FRONTAL_DEGREES, float(np.quantile(turned, 0.3)))
    return _placed(canonical[kept]), kept


def _placed(shapes: Floats) -> Floats:
    """Canonical landmarks f32 (N, 478, 3) moved, turned and scaled so that bone lies where it mostly does.

    To first order (these similarities are small: all shapes are canonical), and all shapes at once: this runs live.
    """
    x, y, z = shapes.mean(0).T
    o, i = np.zeros_like(x), np.ones_like(x)
    moves = ((i, o, o), (o, i, o), (o, o, i), (o, -z, y), (z, o, -x), (-y, x, o), (x, y, z))
    basis = np.stack([np.stack(move, 1) for move in moves])  # (7, 478, 3)
    bone, by_move = shapes[:, STABLE], basis[:, STABLE].reshape(len(basis), -1)
    amounts = (bone - np.median(bone, 0)).reshape(len(shapes), -1) @ np.linalg.pinv(by_move)
    return shapes - np.tensordot(amounts, basis, 1)


def calmest_shape(shapes: Floats, counts: Floats) -> Floats:
    """One face f32 (478, 3) with each region as calm as it was seen, from shapes f32 (N, 478, 3).

    counts: how much each shape tells of the mouth's rest, f32 (N,) with sum 1 (`rest_prior.rest_weights`).
    """
    usual = np.median(shapes, 0)
    values = measure(shapes)
    lids = values["lids_right"] + values["lids_left"]
    eyes = shapes[_between(lids, 0.5, 0.85)].mean(0)
    mouth = np.tensordot(counts, shapes, 1)
    near_eyes = np.maximum(nearness(usual, EYE_RIGHT + IRIS_RIGHT, 0.06), nearness(usual, EYE_LEFT + IRIS_LEFT, 0.06))
    near_mouth = np.maximum(nearness(usual, LIPS, 0.25), usual[:, 1] > 0.75)
    for region, weight in ((eyes, near_eyes), (mouth, near_mouth)):
        usual = usual + weight[:, None] * (region - usual)
    return usual.astype(np.float32)


def _between(values: Floats, low: float, high: float) -> NDArray[np.intp]:
    """Rows whose value ranks between two quantiles; at least one."""
    last = len(values) - 1
    return np.argsort(values, kind="stable")[int(low * last) : int(np.ceil(high * last)) + 1]


KEPT = 96  # faces that the automatic neutral is estimated from
SAMPLE_INTERVAL = 0.12  # s between them: about 12 s of history, and all of the first seconds' variety
FIRST_INTERVAL, LAST_INTERVAL = 0.3, 2.0  # s between estimates; each interval is 1.5 times the one before
EASE = 1.0  # s in which a new estimate takes over, so that the actor never jumps


class AutomaticNeutral:
    """A neutral that gets better with every face seen, and changes gradually, so that the actor never jumps.

    confidence: how far the last estimate can be trusted, 0 .. 1; 0 before the first.
    """

    def __init__(self) -> None:
        self.confidence = 0.0
        self._kept: list[Face] = []
        self._kept_at = self._estimated_at = self._eased_at = -np.inf
        self._interval = FIRST_INTERVAL
        self._target: Neutral | None = None
        self._current: Neutral | None = None

    def update(self, face: Face, at: float, still: bool = False) -> Neutral:
        """The neutral to use for this face, seen at `at` seconds. still: no other picture will follow."""
        if at - self._kept_at >= SAMPLE_INTERVAL:
            self._kept_at = at
            self._kept.append(face)
            if len(self._kept) > KEPT:
                del self._kept[1::2]  # thin the past rather than forget it
        if self._target is None or at - self._estimated_at >= self._interval:
            self._estimated_at = at
            self._interval = min(self._interval * 1.5, LAST_INTERVAL)
            self._target, self.confidence = (
                (infer_from_picture(self._kept), 1.0) if still else infer_with_confidence(self._kept)
            )
        self._current = self._eased(self._target, at)
        return self._current

    def _eased(self, target: Neutral, at: float) -> Neutral:
        elapsed, self._eased_at = at - self._eased_at, at
        if self._current is None or not np.isfinite(elapsed):
            return target
        share = 1 - np.exp(-max(elapsed, 0.0) / (EASE / 3))
        landmarks = self._current.landmarks + np.float32(share) * (target.landmarks - self._current.landmarks)
        return Neutral(landmarks, _pose_between(self._current.pose, target.pose, share))


def _pose_between(a: HeadPose, b: HeadPose, share: float) -> HeadPose:
    """`a` at share 0, `b` at share 1."""
    angles = align.angles_of(a.rotation)
    angles = angles + share * (align.angles_of(b.rotation) - angles)
    scale = a.scale + share * (b.scale - a.scale)
    return HeadPose(align.rotation_of(angles), scale, a.translation + share * (b.translation - a.translation))
