"""What the tracker saw in frames of the footage: canonical landmarks, head poses, and where the mesh lies."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from models.networks.mirror import flip_offsets, flip_pose, one_sided
from models.networks.puppet.geometry import Geometry, Placements
from puppet.core.types import Floats, HeadPose
from puppet.face import align
from puppet.head.vertices import FACE_POINTS


def canonicalise(points: Floats, neutral: Floats) -> tuple[Floats, list[HeadPose]]:
    """Landmarks f32 (N, 478, 3) px -> canonical landmarks f32 (N, 478, 3) and head poses.

    neutral: f32 (478, 3), the person's own face at rest.
    """
    pairs = [align.canonicalise(p, neutral) for p in points]
    return np.stack([canonical for canonical, _ in pairs]), [pose for _, pose in pairs]


def median_pose(poses: list[HeadPose]) -> HeadPose:
    """The median of head poses: of their angles, places and scales."""
    angles = np.median([align.angles_of(pose.rotation) for pose in poses], 0)
    place = np.median([pose.translation for pose in poses], 0)
    return HeadPose(align.rotation_of(angles), float(np.median([pose.scale for pose in poses])), place)


def one_sided_frames(poses: list[HeadPose]) -> NDArray[np.bool_]:
    """Frames (N,) that training may show mirrored, see `mirror.one_sided`."""
    return one_sided(np.array([align.angles_of(pose.rotation)[0] for pose in poses]))


def with_mirrored(
    canonical: Floats, poses: list[HeadPose], neutral: Floats, size: int
) -> tuple[Floats, list[HeadPose]]:
    """Frames as from `canonicalise`, and after them the mirror images of those that may be shown mirrored.

    size: side of the picture, px.
    """
    chosen = np.flatnonzero(one_sided_frames(poses))
    mirrored = neutral + flip_offsets(canonical[chosen] - neutral)
    return np.concatenate([canonical, mirrored]), [*poses, *(flip_pose(poses[i], size) for i in chosen)]


def tracked_placements(geometry: Geometry, points: Floats) -> Placements:
    """The arguments of `Geometry.place` for faces where the tracker saw them; points f32 (B, 478, 3) px."""
    canonical, poses = canonicalise(points, geometry.neutral.cpu().numpy())
    rotation = np.stack([pose.rotation for pose in poses]).astype(np.float32)
    translation = np.stack([pose.translation[:2] for pose in poses]).astype(np.float32)
    scale = np.array([pose.scale for pose in poses], np.float32)
    device = geometry.neutral.device
    landmarks = torch.from_numpy(canonical).to(device)
    rotated, moved, scaled = (torch.from_numpy(values).to(device) for values in (rotation, translation, scale))
    return landmarks[:, :FACE_POINTS], geometry.look(landmarks), rotated, moved, scaled


@torch.no_grad()
def tracked_vertices(geometry: Geometry, points: Floats) -> Floats:
    """Mesh vertices f32 (B, V, 3) px where the tracker saw the face; points f32 (B, 478, 3) px."""
    return geometry.place(*tracked_placements(geometry, points)).cpu().numpy()
