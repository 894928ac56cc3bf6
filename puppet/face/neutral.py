"""A person at rest: asked for (key C), or worked out from what they do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Face, Floats, HeadPose
from puppet.face import align
from puppet.face.first_neutral import first_rest, is_one_picture
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, LIPS, STABLE
from puppet.face.measurements import measure, nearness
from puppet.face.rest_prior import TRUSTED, restful, unseen_rest


@dataclass(frozen=True, slots=True)
class Neutral:
    """landmarks: canonical f32 (478, 3) of the relaxed face; pose: how and where the head is usually held, in px of the
    person's own frames, fitted against these landmarks.
    """

    landmarks: Floats
    pose: HeadPose


def neutral_of(face: Face) -> Neutral:
    """The neutral of somebody who says that this is it."""
    return Neutral(face.canonical, align.head_pose(face.points, face.canonical))


def usual_neutral(faces: Sequence[Face]) -> Neutral:
    """The neutral of somebody who was never asked for one, from at least one tracked face.

    Of somebody of whom a single picture is known, or as good as one, it is a guess (`first_neutral`).
    """
    return guessed_neutral(faces) if is_one_picture(faces) else judged_neutral(faces)[0]


def guessed_neutral(faces: Sequence[Face]) -> Neutral:
    """The neutral of somebody of whom one picture is known, from at least one tracked face."""
    landmarks = first_rest(np.median([face.canonical for face in faces], 0))
    return Neutral(landmarks, usual_pose([face.points for face in faces], landmarks))


def judged_neutral(faces: Sequence[Face]) -> tuple[Neutral, float]:
    """`usual_neutral` of the same faces, and how far it can be trusted, 0 .. 1."""
    angles = np.stack([align.angles_of(face.pose.rotation) for face in faces])
    landmarks, confidence = judged_estimate(np.stack([face.canonical for face in faces]), angles)
    return Neutral(landmarks, usual_pose([face.points for face in faces], landmarks)), confidence


def usual_pose(points: Iterable[Floats], neutral: Floats) -> HeadPose:
    """Median head pose of faces f32 (478, 3) px, fitted against the person's own neutral f32 (478, 3)."""
    poses = align.head_poses(np.stack(list(points)), neutral)
    angles = np.median([align.angles_of(pose.rotation) for pose in poses], axis=0)
    scale = float(np.median([pose.scale for pose in poses]))
    return HeadPose(align.rotation_of(angles), scale, np.median([pose.translation for pose in poses], axis=0))


FRONTAL_DEGREES = 12.0  # frames turned further than this from the usual pose tell less about the neutral


def estimate_neutral(canonical: Floats, angles: Floats) -> Floats:
    """The relaxed face of a person who was never asked to relax: canonical f32 (N, 478, 3), angles (N, 3) -> (478, 3).

    Each region takes the frames in which it is at rest: eyes open but not wide, the mouth where `rest_model` sees
    it calm, brows where they mostly are. Regions blend smoothly, so that the result is a face although no frame may
    have shown it. Where mouth or brows never came to rest, the likely rest is worked out from what they did (by
    `rest_model` again).
    """
    return judged_estimate(canonical, angles)[0]


ENOUGH_FACES = 25  # 3 s at KEEP_EVERY
FACING_DEGREES, FACING_SHARE = 15.0, 0.3  # yaw and pitch at which FaceMesh still sees both sides; share of the frames
SHUT_GAP, SHUT_SHARE = 0.03, 0.1  # outer-eye distances between lips that touch; share of the frames
UNREST = 2 * TRUSTED  # a correction of that size means that rest was not seen


def judged_estimate(canonical: Floats, angles: Floats) -> tuple[Floats, float]:
    """`estimate_neutral` of the same faces, and how far it can be trusted, 0 .. 1: the weakest of four.

    Enough faces (ENOUGH_FACES); enough of them near frontal; lips seen together in some; mouth and brows at rest in
    some, which the size of the correction by `rest_model` tells: 1 up to TRUSTED, 0 from UNREST on.
    """
    shapes, kept = frontal(canonical, angles)
    resting = calmest(shapes, restful(shapes, angles[kept]))
    correction, wanted = unseen_rest(resting, shapes, angles[kept])
    facing = float((np.abs(angles[:, :2]).max(1) < FACING_DEGREES).mean())
    shut = float((measure(canonical)["mouth_open"] < SHUT_GAP).mean())
    calm = (UNREST - wanted) / (UNREST - TRUSTED)
    weakest = min(len(canonical) / ENOUGH_FACES, facing / FACING_SHARE, shut / SHUT_SHARE, calm)
    return resting + correction, float(np.clip(weakest, 0, 1))


def frontal(canonical: Floats, angles: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The faces near the usual pose, placed bone on bone f32 (M, 478, 3), and which ones these are, bool (N,)."""
    turned = np.abs(angles - np.median(angles, 0)).max(1)
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


def calmest(shapes: Floats, counts: Floats) -> Floats:
    """The calmest that each region was seen, as one face f32 (478, 3), from shapes f32 (N, 478, 3).

    counts: how much each shape tells of the mouth's rest, f32 (N,) with sum 1 (`rest_model.restful`).
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


KEPT = 96  # faces the automatic neutral looks back on
KEEP_EVERY = 0.12  # s between them: about 12 s of history, and all of the first seconds' variety
FIRST_LOOK, LAST_LOOK = 0.3, 2.0  # s between estimates; each interval is 1.5 times the one before
EASE = 1.0  # s in which a new estimate takes over, so that the actor never jumps


class AutomaticNeutral:
    """Watches a face and improves its idea of the neutral; eased, so that the actor never jumps.

    confidence: how far the last estimate can be trusted, 0 .. 1; 0 before the first.
    """

    def __init__(self) -> None:
        self.confidence = 0.0
        self._kept: list[Face] = []
        self._kept_at = self._looked_at = self._eased_at = -np.inf
        self._interval = FIRST_LOOK
        self._target: Neutral | None = None
        self._current: Neutral | None = None

    def watch(self, face: Face, at: float, still: bool = False) -> Neutral:
        """The neutral to use for this face, seen at `at` seconds. still: there will never be another picture of it."""
        if at - self._kept_at >= KEEP_EVERY:
            self._kept_at = at
            self._kept.append(face)
            if len(self._kept) > KEPT:
                del self._kept[1::2]  # thin the past rather than forget it
        if self._target is None or at - self._looked_at >= self._interval:
            self._looked_at = at
            self._interval = min(self._interval * 1.5, LAST_LOOK)
            self._target, self.confidence = (guessed_neutral(self._kept), 1.0) if still else judged_neutral(self._kept)
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
