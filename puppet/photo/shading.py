"""How light changes with an expression, on top of a texture that stays: lids that close, a mouth that opens."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats
from puppet.face.measurements import measure, measurement_rows
from puppet.head.filling import fill
from puppet.head.layout import Layout
from puppet.head.openings import EYES
from puppet.head.vertices import FACE_POINTS, teeth_in_texture
from puppet.photo.shared import Shared

PAINTED = 128  # px, side of the changes
LIDS = ("lids_right", "lids_left")
OPEN = 0.08  # outer-eye distances that lips are apart when as much light falls into a mouth as ever
SHUT_MOUTH = 0.7  # how bright teeth are in a mouth that opens, of that
LASHES = 10.0  # texels from the rim of a lid on which lashes lie
DARK_LID = 6.0, 20.0  # levels that a lid is darker than the skin above it: as lids are, and in shadow
LEAST_DARK = 0.35  # quantile of the lid, by how dark it is: dark lashes on a light lid are no shadow
LID_SMOOTH = 12.0  # texels, sigma of a lid's skin
LID_LIKE_SKIN = 0.85  # how far a lid's colour goes to that of the skin above it


@dataclass(frozen=True, eq=False)
class Shading:
    """F features, each 0 to 1: clip(components @ weights + offsets); change f32 (F, PAINTED, PAINTED, 4) at 1, levels.

    weights f32 (K, F), offsets f32 (F,).
    """

    weights: Floats
    offsets: Floats
    change: Floats


def shade(texture: Floats, layout: Layout, neutral: Floats, shared: Shared) -> Shading:
    """The changes of a texture f32 (T, T, 4) BGRA; its teeth are dimmed, in place. neutral: f32 (478, 3), canonical."""
    at_rest = measure(neutral)
    rows = measurement_rows((*LIDS, "mouth_open"))[:, : FACE_POINTS * 3]
    weights = shared.basis @ rows.T
    gaps = [max(float(at_rest[name]), 0.02) for name in LIDS]
    weights = weights / np.array((*(-gap for gap in gaps), OPEN), np.float32)
    offsets = np.array((0, 0, float(at_rest["mouth_open"]) / OPEN), np.float32)
    change = np.stack([*(_lid(texture, layout, eye.rim) for eye in EYES), _light_in_mouth(texture)])
    small = [cv2.resize(one, (PAINTED, PAINTED), interpolation=cv2.INTER_AREA) for one in change]
    return Shading(weights.astype(np.float32), offsets, np.stack(small)[..., [2, 1, 0, 3]])


def _lid(texture: Floats, layout: Layout, rim: tuple[int, ...]) -> Floats:
    """What makes an upper lid in shadow as light as the skin above it: a lid that shuts comes out of the shadow."""
    upper, lower = {*rim[len(rim) // 2 :], rim[0]}, set(rim[1 : len(rim) // 2])
    corners = layout.triangles
    skin = (corners < FACE_POINTS).all(1)
    lid = skin & np.isin(corners, list(upper)).any(1) & ~np.isin(corners, list(lower)).any(1)
    band = lid[layout.triangle]
    open_ = _inside(layout, rim)
    near = cv2.distanceTransform((~band).astype(np.uint8), cv2.DIST_L2, 5) < 3 * LID_SMOOTH
    middle, bottom = layout.points[list(upper), 1].mean(), layout.points[list(rim), 1].max()
    rows = np.arange(layout.side)[:, None]
    above = skin[layout.triangle] & ~band & ~open_ & near & (rows < (middle + bottom) / 2)
    wanted = cv2.GaussianBlur(fill(texture, above), (0, 0), LID_SMOOTH)
    lashes = cv2.distanceTransform((~open_).astype(np.uint8), cv2.DIST_L2, 5) / LASHES
    weight = band.astype(np.float32)
    weighed = cv2.GaussianBlur(np.dstack([texture[..., :3] * weight[..., None], weight]), (0, 0), LID_SMOOTH)
    lighter = wanted[..., :3] - weighed[..., :3] / np.maximum(weighed[..., 3:], 1e-3)
    mostly = float(np.quantile((wanted - texture)[band, :3].mean(1), LEAST_DARK))
    dark = np.interp(mostly, DARK_LID, (0, 1))
    share = np.float32(LID_LIKE_SKIN * dark) * weight * np.clip(lashes - 1, 0, 1)
    change = np.zeros_like(texture)
    change[..., :3] = share[..., None] * lighter
    return change


def _inside(layout: Layout, rim: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros((layout.side, layout.side), np.uint8)
    cv2.fillPoly(mask, [layout.points[list(rim)].round().astype(np.int32)], (1,))
    return mask > 0


def _light_in_mouth(texture: Floats) -> Floats:
    change = np.zeros_like(texture)
    for rows, columns in teeth_in_texture(len(texture)):
        lit = texture[rows, columns, :3].copy()
        texture[rows, columns, :3] *= SHUT_MOUTH
        change[rows, columns, :3] = lit - texture[rows, columns, :3]
    return change
