"""Which footage frames training shows more often: those with a turned head.

Turned heads are rare in footage, and show sides of the head that no other frame shows. An epoch therefore contains such
a frame several times. `ActorModel.oversample` is the hook; the trainer draws its batches from the rows that it returns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.common.types import Index
from puppet.core.types import HeadPose
from puppet.face import align

TURN = 10.0  # degrees from the usual pose: a frame is shown once more for each


def repeat_turned_heads(rows: Index, poses: Sequence[HeadPose]) -> Index:
    """Each row once, and once more for every TURN degrees of yaw and pitch (together) away from the usual pose.

    poses: of the same rows. The usual pose is their median.
    """
    angles = np.stack([align.angles_of(pose.rotation) for pose in poses])
    turn = np.linalg.norm((angles - np.median(angles, 0))[:, :2], axis=1)
    return np.repeat(rows, 1 + (turn / TURN).astype(np.intp))
