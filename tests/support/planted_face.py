"""A made-up face of 478 points on which eyes, lips, brows and outline lie where they do on a real one.

Expressions are linear and leave `landmarks.STABLE` alone, so that the pose of a planted face is exact.
"""

from __future__ import annotations

import numpy as np

from puppet.core.types import LANDMARKS, Face, Floats, HeadPose
from puppet.face import align
from puppet.face.landmarks import (
    BROWS,
    EYE_LEFT,
    EYE_RIGHT,
    INNER_LIPS,
    IRIS_LEFT,
    IRIS_RIGHT,
    LIPS,
    OUTER_LIPS,
    OVAL,
    STABLE,
)

LID_GAP, LIP_GAP = 0.12, 0.008  # eye distances between lids and lips at rest, at their middle
EYE_MIDDLE = np.array([0.343, 0.0175])
MOUTH_MIDDLE, MOUTH_HALF = 0.68, 0.25  # y of the lips' seam; half the width of its inner edge
CHIN = 1.2
NOSE_BASE, NOSTRILS, CHEEKS, BELOW_LIPS = 2, (129, 358), (205, 425), (200, 199, 175)
SCALE, MIDDLE = 60.0, (96.0, 72.0)  # px per eye distance, and px of the eyes' middle, of `tracked` faces
UPRIGHT = HeadPose(np.eye(3), SCALE, np.array([*MIDDLE, 0.0]))


def rest_face(lid_gap: float = LID_GAP, mouth: float = 1.0) -> Floats:
    """Canonical landmarks f32 (478, 3). lid_gap in eye distances; mouth: factor on its width."""
    face = np.zeros((LANDMARKS, 3))
    k = np.arange(LANDMARKS)
    radius, angle = np.sqrt((k + 0.5) / LANDMARKS), 2.4 * k
    face[:, 0], face[:, 1] = 0.62 * radius * np.cos(angle), 0.28 + 0.75 * radius * np.sin(angle)
    lower = OVAL[9:28]  # from one ear around the chin to the other
    turn = np.linspace(0.1, np.pi - 0.1, len(lower))
    face[list(lower), 0], face[list(lower), 1] = 0.78 * np.cos(turn), 0.3 + (CHIN - 0.3) * np.sin(turn)
    for eye, iris, side in ((EYE_RIGHT, IRIS_RIGHT, -1), (EYE_LEFT, IRIS_LEFT, 1)):
        around = np.arange(16) * np.pi / 8  # outer corner, lower lid, inner corner, upper lid
        x, y = EYE_MIDDLE
        face[list(eye), 0] = side * (x + 0.157 * np.cos(around))
        face[list(eye), 1] = y - 0.0175 * np.cos(around) + lid_gap / 2 * np.sin(around)
        face[list(iris), :2] = (side * x, y) + 0.05 * np.array([(0, 0), (1, 0), (0, -1), (-1, 0), (0, 1)])
    for points, half, above, below in ((OUTER_LIPS, 0.28, 0.08, 0.1), (INNER_LIPS, MOUTH_HALF, *[LIP_GAP / 2] * 2)):
        across = np.concatenate([np.linspace(-1, 1, 11), np.linspace(1, -1, 11)[1:-1]])
        edge = np.concatenate([np.full(11, below), np.full(9, -above)])
        face[list(points), 0] = mouth * half * across
        face[list(points), 1] = MOUTH_MIDDLE + edge * (1 - across**2)
    for points, side in ((BROWS[:10], -1), (BROWS[10:], 1)):
        face[list(points), 0] = side * np.tile(np.linspace(0.62, 0.13, 5), 2)
        face[list(points), 1] = np.repeat([-0.18, -0.25], 5)
    face[NOSE_BASE, :2] = 0, 0.42
    face[list(BELOW_LIPS), :2] = (0, 0.9), (0, 1.0), (0, 1.1)
    face[list(CHEEKS), :2] = (-0.36, 0.45), (0.36, 0.45)
    face[list(NOSTRILS), :2] = (-0.12, 0.38), (0.12, 0.38)
    face[:, 2] = 1.5 * face[:, 0] ** 2 - 0.3
    face[STABLE] = align.STABLE_REFERENCE
    return face.astype(np.float32)


def expression(
    rest: Floats, shut: float = 0.0, open: float = 0.0, smile: float = 0.0, press: float = 0.0, gaze: float = 0.0
) -> Floats:
    """A face f32 (478, 3) that does something.

    shut: 0 as at rest .. 1 lids together; open: eye distances the lower lip and the chin go down; smile: eye distances
    each corner goes out and up; press: 0 .. 1 lips pressed into each other; gaze: eye distances both irises go right.
    """
    face = rest.copy()
    for eye in (EYE_RIGHT, EYE_LEFT):
        upper, lower = eye[9:], eye[1:8][::-1]
        face[list(upper), 1] += shut * (rest[list(lower), 1] - rest[list(upper), 1])
    face[list(IRIS_RIGHT + IRIS_LEFT), 0] += gaze
    across = 1 - (rest[list(LIPS), 0] / rest[list(LIPS), 0].max()) ** 2
    is_lower = np.isin(np.arange(len(LIPS)), np.r_[1:10, 21:30])
    face[list(LIPS), 1] += open * across * is_lower
    jaw = np.setdiff1d(np.flatnonzero(rest[:, 1] > MOUTH_MIDDLE + 0.1), LIPS)
    face[jaw, 1] += open
    outward = np.clip(rest[list(LIPS), 0] / rest[list(LIPS), 0].max(), -1, 1)
    face[list(LIPS), 0] += smile * outward
    face[list(LIPS), 1] -= smile * np.abs(outward)
    face[list(LIPS), 1] += press * (MOUTH_MIDDLE - face[list(LIPS), 1]) * 0.6
    return face


def tracked(
    canonical: Floats, angles: tuple[float, float, float] = (0, 0, 0), scale: float = SCALE,
    middle: tuple[float, float] = MIDDLE,
) -> Face:  # fmt: skip
    """What a perfect tracker says of a face whose eyes' middle lies at `middle` px, `scale` px per eye distance."""
    pose = HeadPose(align.rotation_of(np.array(angles)), scale, np.array([*middle, 0.0]))
    return align.face_of(align.place(canonical, pose))
