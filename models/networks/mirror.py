"""Mirrored frames, for footage whose head turns to one side only.

A mirrored frame shows the actor's other profile, but also parting, light and moles on the wrong side. So only views
that the footage lacks are shown mirrored (`one_sided`).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.data.coverage import ONE_SIDED
from puppet.core.types import Floats, HeadPose
from puppet.face.landmarks import MIRRORED
from puppet.face.mirroring import ACROSS

NEAR = 3.0  # degrees of yaw within which two frames show the same view
SHARE = 0.5  # of the draws of a frame that may be mirrored


def flip_offsets(offsets: Floats) -> Floats:
    """Offsets of canonical landmarks from the neutral, f32 (..., 478, 3) -> those of the mirrored expression.

    The person's own asymmetry belongs to the neutral, and is not mirrored.
    """
    return offsets[..., MIRRORED, :] * ACROSS


def flip_pose(pose: HeadPose, size: int) -> HeadPose:
    """A head pose in px of a picture of `size` px a side -> the pose in the mirrored picture."""
    place = pose.translation * ACROSS + (size - 1, 0, 0)
    return HeadPose(pose.rotation * np.outer(ACROSS, ACROSS), pose.scale, place)


def one_sided(yaw: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which frames (N,) show a view whose mirror image is ONE_SIDED times rarer in the footage, or never there.

    yaw: (N,) degrees. A frontal frame is its own mirror image, so it is never one of them.
    """
    ordered = np.sort(yaw)

    def frames_near(angles: NDArray[np.floating]) -> NDArray[np.intp]:
        return np.searchsorted(ordered, angles + NEAR, "right") - np.searchsorted(ordered, angles - NEAR, "left")

    return frames_near(yaw) >= ONE_SIDED * frames_near(-yaw)


def draw(may_be: NDArray[np.bool_], generator: torch.Generator) -> NDArray[np.bool_]:
    """Which frames of a batch (B,) are shown mirrored this time: SHARE of those that may be."""
    return may_be & (torch.rand(len(may_be), generator=generator) < SHARE).numpy()


def flip_pictures(pictures: Tensor, chosen: NDArray[np.bool_]) -> Tensor:
    """Pictures uint8 (B, S, S, 3), those `chosen` (B,) mirrored."""
    return torch.where(torch.from_numpy(chosen)[:, None, None, None], pictures.flip(2), pictures)
