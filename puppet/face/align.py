"""Alignment: landmarks -> head pose, canonical landmarks and crops, and back. Numpy and OpenCV only.

Head axes and image axes agree for a frontal face: x right, y down, z away from the viewer.
Angles in degrees: yaw > 0 turns towards the image's right, pitch > 0 looks up, roll > 0 tilts towards
the image's right (clockwise as seen).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core import pixels
from puppet.core.types import AlignedCrop, Face, Floats, HeadPose, Image
from puppet.face.landmarks import STABLE

# Where `landmarks.STABLE` lie on an average synthetic face
# (mean of the canonical neutral faces of the three CC0 characters): x, y, z in outer-eye distances.
# fmt: off
STABLE_REFERENCE = np.array(
    [
        [0.0, -0.58, -0.242], [0.0, -0.403, -0.27], [0.0, -0.223, -0.284], [0.0, -0.126, -0.26],
        [0.0, -0.036, -0.248], [0.0, 0.058, -0.289], [0.0, 0.143, -0.34], [0.0, 0.223, -0.395],
        [0.0, 0.309, -0.451], [-0.218, -0.575, -0.224], [0.218, -0.575, -0.224], [-0.403, -0.547, -0.15],
        [0.403, -0.547, -0.15], [-0.574, -0.485, -0.021], [0.574, -0.485, -0.021], [-0.682, -0.386, 0.13],
        [0.682, -0.386, 0.13], [-0.746, -0.261, 0.279], [0.746, -0.261, 0.279], [-0.779, -0.128, 0.438],
        [0.779, -0.128, 0.438], [-0.788, 0.038, 0.568], [0.788, 0.038, 0.568], [-0.776, 0.197, 0.634],
        [0.776, 0.197, 0.634], [-0.5, 0.0, 0.0], [-0.186, 0.035, -0.064], [0.186, 0.035, -0.064],
        [0.5, 0.0, 0.0], [-0.707, 0.198, 0.154], [0.707, 0.198, 0.154], [-0.592, 0.201, 0.015],
        [0.592, 0.201, 0.015], [-0.688, 0.353, 0.148], [0.688, 0.353, 0.148], [-0.758, 0.359, 0.654],
        [0.758, 0.359, 0.654],
    ]
)
# fmt: on

Real = NDArray[np.floating[Any]]  # of any precision
Doubles = NDArray[np.float64]

HEAD_CENTRE = np.array([0.0, -0.04])  # eye distances from the middle of the eyes: middle of a whole head and its hair
STEADY_EYES = 0.31  # outer-eye distance / side of a steady crop: head, hair and shoulders fit
UNSCALED = 0.08  # a steady crop that would be scaled by less than this part takes the footage's own pixels
TIGHT_EYES = 0.52  # the same for an upright face crop (the seeds' kind: chin to brow)
TIGHT_CENTRE = np.array([0.0, 0.38])


def fit_similarity(source: Real, target: Real) -> tuple[Doubles, Doubles, Doubles]:
    """Rotations (N, 3, 3), scales (N,) and translations (N, 3) with target ~ scale * rotation @ source + translation.

    Least squares over points source (P, 3) and targets (N, P, 3), each target by itself; Umeyama 1991, eq. 40-42.
    """
    source, target = source.astype(np.float64, copy=False), target.astype(np.float64, copy=False)
    source_mean: Doubles = np.add.reduce(source, 0) / len(source)
    target_mean: Doubles = np.add.reduce(target, 1) / len(source)
    a = source - source_mean
    covariance: Doubles = target.transpose(0, 2, 1) @ a  # a has no mean, so the target's falls out
    u, singular, vt = np.linalg.svd(covariance)
    mirrored = np.linalg.det(u @ vt) < 0
    if mirrored.any():
        u[mirrored, :, 2] *= -1
        singular[mirrored, 2] *= -1
    rotation = np.asarray(u @ vt, np.float64)
    scale: Doubles = np.add.reduce(singular, 1) / np.vdot(a, a)
    return rotation, scale, target_mean - scale[:, None] * (rotation @ source_mean)


def head_pose(points: Floats, reference: Floats | None = None) -> HeadPose:
    """Pose of a face, f32 (478, 3) px, against `reference` (canonical, f32 (478, 3); None: average)."""
    return head_poses(points[None], reference)[0]


def head_poses(points: Floats, reference: Floats | None = None) -> list[HeadPose]:
    """Poses of many faces, f32 (N, 478, 3) px, each as `head_pose` gives it."""
    stable = STABLE_REFERENCE if reference is None else reference[STABLE]
    fitted = zip(*fit_similarity(stable, points[:, STABLE]), strict=True)
    return [HeadPose(rotation, float(scale), translation) for rotation, scale, translation in fitted]


def canonicalise(points: Floats, reference: Floats | None = None) -> tuple[Floats, HeadPose]:
    """Points f32 (478, 3) px -> canonical landmarks f32 (478, 3) and the pose that was taken off."""
    pose = head_pose(points, reference)
    inverse = pose.rotation / pose.scale
    return (points @ inverse - pose.translation @ inverse).astype(np.float32), pose


def face_of(points: Floats) -> Face:
    """A Face from tracked points f32 (478, 3) px: with its pose, and canonical landmarks without it."""
    canonical, pose = canonicalise(points)
    return Face(points, pose, canonical)


def place(canonical: Floats, pose: HeadPose) -> Floats:
    """Inverse of `canonicalise`: canonical f32 (478, 3) -> px."""
    return (pose.scale * canonical @ pose.rotation.T + pose.translation).astype(np.float32)


def rotation_of(angles: Real) -> Doubles:
    """Yaw, pitch, roll in degrees (3,) -> rotation f64 (3, 3) = Rz(roll) Ry(yaw) Rx(pitch)."""
    yaw, pitch, roll = (math.radians(angle) for angle in angles)
    cy, sy, cp, sp, cr, sr = (turn(angle) for angle in (yaw, pitch, roll) for turn in (math.cos, math.sin))
    return np.array(
        [
            [cr * cy, cr * sy * sp - sr * cp, -cr * sy * cp - sr * sp],
            [sr * cy, sr * sy * sp + cr * cp, -sr * sy * cp + cr * sp],
            [sy, -cy * sp, cy * cp],
        ]
    )


def angles_of(rotation: Real) -> Floats:
    """Rotation (3, 3) -> yaw, pitch, roll in degrees, f32 (3,). Inverse of `rotation_of` for |yaw| < 90."""
    (r00, _, _), (r10, _, _), (r20, r21, r22) = rotation.tolist()
    radians = math.asin(max(-1.0, min(1.0, r20))), math.atan2(-r21, r22), math.atan2(r10, r00)
    return np.array([math.degrees(angle) for angle in radians], np.float32)


def steady_transform(poses: Sequence[HeadPose], size: int) -> Doubles:
    """The crop (2, 3), frame px -> crop px, for a whole shot: head and shoulders at their median place, not rotated.

    Footage that is about the right size already is cut out pixel by pixel: resampling takes a fifth of the sharpness.
    """
    eyes = float(np.median([pose.scale for pose in poses]))
    centre: Doubles = np.median([pose.translation[:2] for pose in poses], axis=0) + HEAD_CENTRE * eyes
    side = eyes / STEADY_EYES
    if abs(side / size - 1) > UNSCALED:
        return _crop_transform(centre, side, 0.0, size)
    return np.column_stack([np.eye(2), np.round((size - 1) / 2 - centre)])


def upright_transform(face: Face, size: int) -> Doubles:
    """A tight upright crop (2, 3), frame px -> crop px, of one face: roll removed, eyes at a fixed place."""
    roll = float(np.radians(angles_of(face.pose.rotation)[2]))
    offset = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]) @ TIGHT_CENTRE
    centre = face.pose.translation[:2] + offset * face.pose.scale
    return _crop_transform(centre, face.pose.scale / TIGHT_EYES, roll, size)


def cut_centre(image: Image, size: int) -> AlignedCrop:
    """The largest square in the middle of a picture, at `size` px: whole px are cut off, so that it is quick."""
    height, width = image.shape[:2]
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    square = image[top : top + side, left : left + side]
    centre = np.array([left, top]) + (side - 1) / 2
    return AlignedCrop(pixels.resize(square, size, size), _crop_transform(centre, side, 0.0, size))


def _crop_transform(centre: Real, side: float, roll: float, size: int) -> Doubles:
    """Square of `side` px around `centre`, turned back by `roll` radians, onto `size` px; pixel centres kept exact."""
    scale = size / side
    c, s = scale * np.cos(roll), scale * np.sin(roll)
    linear = np.array([[c, s], [-s, c]])
    return np.column_stack([linear, (size - 1) / 2 - linear @ centre])


def cut(image: Image, to_crop: Doubles, size: int, method: int = cv2.INTER_LANCZOS4) -> AlignedCrop:
    """Cut a size x size crop; shrinks by area averaging so that detail does not alias; edges are replicated.

    method: OpenCV's interpolation.
    """
    scale = float(np.sqrt(abs(np.linalg.det(to_crop[:, :2]))))
    if scale < 1:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), shrinking_blur(scale)), np.uint8)
    crop = cv2.warpAffine(image, to_crop, (size, size), flags=method, borderMode=cv2.BORDER_REPLICATE)
    return AlignedCrop(np.asarray(crop, np.uint8), to_crop)


def shrinking_blur(scale: float) -> float:
    """Standard deviation in px of the picture, of the blur that an area average would be, for a scale below 1."""
    return 0.45 * float(np.sqrt(1 / scale**2 - 1))


def transform_points(points: Floats, to_crop: Doubles) -> Floats:
    """Points f32 (P, 3) frame px -> crop px; z is scaled alike."""
    scale = np.sqrt(abs(np.linalg.det(to_crop[:, :2])))
    flat = points[:, :2] @ to_crop[:, :2].T + to_crop[:, 2]
    return np.column_stack([flat, points[:, 2] * scale]).astype(np.float32)
