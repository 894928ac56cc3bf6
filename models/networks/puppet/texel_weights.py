"""How much each texel of the texture counts in the losses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.networks.puppet.mesh import ActorMesh
from puppet.core.types import Floats
from puppet.face import landmarks
from puppet.face.landmarks import OVAL
from puppet.head.vertices import FOOT, MOUTH_COLUMNS

EYE_LOSS, MOUTH_LOSS, BROW_LOSS, FACE_LOSS = 10.0, 4.0, 3.0, 1.0  # added to the 1 that every pixel counts


def loss_weight(mesh: ActorMesh, size: int) -> Floats:
    """Weight of each texel f32 (size, size): eyes most, then mouth and brows, then the face, then the rest.

    The pictures of eyeballs and teeth count like the region that shows them.
    """
    y, x = np.mgrid[:size, :size]
    texels = np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)
    face = mesh.texture_points[list(OVAL)]
    centre, reach = face.mean(0), np.abs(face - face.mean(0)).max(0)

    def near(points: tuple[int, ...], sigma: float) -> NDArray:
        spots = mesh.texture_points[list(points)]
        squared = np.min([((texels - spot) ** 2).sum(1) for spot in spots], 0)
        return np.exp(-squared / (2 * (sigma * reach[0]) ** 2))

    around_eyes, mouth = near(landmarks.EYE_RIGHT + landmarks.EYE_LEFT, 0.08), near(landmarks.LIPS, 0.1)
    in_foot = texels[:, 1] > (1 - FOOT) * size - 0.5
    column = (texels[:, 0] + 0.5) / size
    of_mouth = in_foot & (column > MOUTH_COLUMNS[0][0]) & (column < MOUTH_COLUMNS[-1][1])
    around_eyes, mouth = np.where(in_foot & ~of_mouth, 1, around_eyes), np.where(of_mouth, 1, mouth)
    brows = near(landmarks.BROWS, 0.08)
    inside = ((((texels - centre) / reach) ** 2).sum(1) < 1.1).astype(np.float32)
    weight = 1 + EYE_LOSS * around_eyes + MOUTH_LOSS * mouth + BROW_LOSS * brows + FACE_LOSS * inside
    return weight.reshape(size, size).astype(np.float32)
