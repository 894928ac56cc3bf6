"""The texture that training starts from: the median of the footage, each place from the frames that show it best."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.types import Index
from models.networks.puppet import unseen_texels
from models.networks.puppet.alignment import Alignment, enlarged
from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.mesh import ActorMesh
from puppet.actor.warp import MeshWarp
from puppet.core.types import Floats, Image
from puppet.face import landmarks
from puppet.head.filling import fill, median_where
from puppet.head.layout import Layout
from puppet.head.vertices import teeth_in_texture

WELL_RESOLVED = 0.5  # of the best frame's pixels per texel: what counts for the median
EVEN = 10.0  # texels, sigma: resolution is a step from triangle to triangle, which must not show


@dataclass(frozen=True)
class FrameSet:
    """Frames of the footage: rows, and their mesh vertices f32 (N, V, 3) px."""

    rows: Index
    vertices: Floats


def median_texture(
    footage: ScaledFootage, plate: Image, frames: FrameSet, layout: Layout, small: Layout, alignment: Alignment,
    mesh_warp: MeshWarp,
) -> Floats:  # fmt: skip
    """RGBA f32 (T, T, 4), 0 to 255, premultiplied: for each texel the median of the frames that resolve it well.

    layout: of the texture; small: at the size at which frames are aligned. What no frame shows is filled in from what
    lies beside it.
    """
    persons = footage.persons(frames.rows, plate)
    textures, shown, sharp = [], [], []
    for person, vertices in zip(persons, frames.vertices, strict=True):
        moved = enlarged(alignment.displacement(small.unwrap(person, vertices)), layout.side)
        textures.append(layout.unwrap_moved(person, vertices, moved))
        shown.append(unseen_texels.shown(*mesh_warp.field(vertices), layout.side))
        sharp.append(cv2.GaussianBlur(layout.resolution(vertices).clip(0), (0, 0), EVEN).astype(np.float16))
    seen, resolved = np.stack(shown), np.stack(sharp)
    seen &= resolved > 0
    best = np.where(seen, resolved, 0).max(0)
    median, known = median_where(np.stack(textures), seen & (resolved >= WELL_RESOLVED * best))
    return fill(median, known)


def start_teeth(
    texture: Floats, footage: ScaledFootage, plate: Image, frames: FrameSet, layout: Layout, mesh: ActorMesh,
    mesh_warp: MeshWarp, often: NDArray[np.bool_],
) -> NDArray[np.bool_]:  # fmt: skip
    """Write the teeth's part of a texture f32 (T, T, 4) from frames with an open mouth; which texels are made up.

    often: bool (T, T), texels that the footage shows. What it never shows continues what lies beside it
    (models/networks/puppet/unseen_texels.py). Returns bool (T, T).
    """
    persons = footage.persons(frames.rows, plate)
    size = layout.side
    unwrapped = np.stack([layout.unwrap(p, v) for p, v in zip(persons, frames.vertices, strict=True)])
    shown = np.stack([unseen_texels.shown(*mesh_warp.field(v), size) for v in frames.vertices])
    outer, inner = (mesh.texture_points[list(rim)] for rim in (landmarks.OUTER_LIPS, landmarks.INNER_LIPS))
    x, y = ((outer + inner) / 2).round().astype(int).T
    lips = np.median(texture[y, x, :3], 0)
    unseen = np.zeros((size, size), np.bool_)
    for (down, along), above in zip(teeth_in_texture(size), (unseen_texels.GUM_SHADE * lips, None), strict=True):
        part = unwrapped[:, down, along, :3]
        texture[down, along, :3] = unseen_texels.continued(part, shown[:, down, along], above)
        texture[down, along, 3] = 255
        unseen[down, along] = ~often[down, along]
    return unseen


def divided(texture: Floats, painted_size: int) -> tuple[Floats, Floats]:
    """A texture f32 (T, T, 4) as a small one f32 (P, P, 4) and the detail f32 (T, T, 4) that enlarging it lacks."""
    side = len(texture)
    small = cv2.resize(texture, (painted_size, painted_size), interpolation=cv2.INTER_AREA)
    larger = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    return small.astype(np.float32), (texture - larger).astype(np.float32)
