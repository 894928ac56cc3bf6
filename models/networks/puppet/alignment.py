"""Where a frame's texture really lies: the tracker's points are off by a texel or two, and fine detail would blur.

Each frame, laid out as a texture, is compared with a reference made of many (dense optical flow, Kroeger et al. 2016);
what it is off by, smoothed, moves the field through which training sees that frame. On average nothing moves, so that
the points that the app tracks still fit.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, Image
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, INNER_LIPS
from puppet.head.layout import Layout, sampled
from puppet.head.vertices import FOOT

SIDE = 384  # texels at which frames are compared
CELLS = 64  # side of the grid of displacements
FURTHEST = 4.0  # texels of these that a frame may be off
SMOOTH = 6.0  # texels, sigma
LOCAL, GAIN = 12.0, 3.0  # light is levelled: texels, sigma; what is left is made larger
FLAT = 50.0  # squared gradient, levels: what a place without any detail counts
KEPT = 0.35  # of an eye's or mouth's width around it: there, what moves is no error of the tracker


class Alignment:
    """Displacements of frames from a reference uint8 (SIDE, SIDE), as `levelled` makes it.

    movable: f32 (SIDE, SIDE), 0 to 1, see `movable_texels`.
    """

    def __init__(self, reference: NDArray[np.uint8], movable: Floats) -> None:
        self._reference, self._movable = reference, movable
        across, down = (cv2.Sobel(reference, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
        self._weight = cv2.GaussianBlur(across * across + down * down, (0, 0), SMOOTH / 2) + FLAT
        self._around = cv2.GaussianBlur(self._weight, (0, 0), SMOOTH)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def displacement(self, texture: Image) -> Floats:
        """How far the detail of a frame, laid out uint8 (SIDE, SIDE, 4), lies from its place: f32 (CELLS, CELLS, 2).

        In shares of the texture's side.
        """
        start: NDArray = np.zeros((SIDE, SIDE, 2), np.float32)
        flow = self._flow.calc(self._reference, levelled(texture), start).clip(-FURTHEST, FURTHEST)
        smooth = [cv2.GaussianBlur(flow[..., i] * self._weight, (0, 0), SMOOTH) / self._around for i in (0, 1)]
        moved = np.dstack(smooth) * self._movable[..., None]
        return cv2.resize(moved, (CELLS, CELLS), interpolation=cv2.INTER_AREA) / np.float32(SIDE)


def levelled(texture: Image) -> NDArray[np.uint8]:
    """The detail of a texture RGBA uint8 (SIDE, SIDE, 4), premultiplied, over grey: uint8 (SIDE, SIDE)."""
    grey = texture[..., :3].mean(-1, dtype=np.float32) + (255 - texture[..., 3].astype(np.float32)) / 2
    return ((grey - cv2.GaussianBlur(grey, (0, 0), LOCAL)) * GAIN + 128).clip(0, 255).astype(np.uint8)


def movable_texels(texture_points: Floats, texture_size: int) -> Floats:
    """Where detail may be moved, f32 (SIDE, SIDE), 0 to 1: not in eyes and mouth, and not behind the skin."""
    points = (texture_points + 0.5) * (SIDE / texture_size) - 0.5
    kept = np.zeros((SIDE, SIDE), np.bool_)
    for rim in (EYE_RIGHT, EYE_LEFT, INNER_LIPS):
        outline = points[list(rim)]
        around = 2 * int(KEPT * np.ptp(outline[:, 0])) + 1
        part = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillConvexPoly(part, cv2.convexHull(outline.round().astype(np.int32)), (1,))
        kept |= cv2.dilate(part, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (around, around))) > 0
    kept[round((1 - FOOT) * SIDE) - 2 * SIDE // CELLS :] = True  # a cell for the fading, one that lies between cells
    return (1 - cv2.GaussianBlur(kept.astype(np.float32), (0, 0), SMOOTH / 2)).astype(np.float32)


def reference_of(textures: Image, movable: Floats) -> NDArray[np.uint8]:
    """The reference of frames laid out, uint8 (N, SIDE, SIDE, 4): their median once they are aligned to their mean."""
    mean = Alignment(levelled(textures.mean(0).round().astype(np.uint8)), movable)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    texels = np.stack([x, y], -1)
    aligned = [sampled(t, texels + enlarged(mean.displacement(t), SIDE)) for t in textures]
    return levelled(np.median(aligned, 0).round().astype(np.uint8))


def enlarged(displacement: Floats, side: int) -> Floats:
    """A displacement f32 (CELLS, CELLS, 2) for each texel of a texture f32 (side, side, 2), in its texels."""
    return cv2.resize(displacement, (side, side), interpolation=cv2.INTER_LINEAR) * np.float32(side)


def corrected(field: Floats, displacement: Floats, texture_size: int) -> Floats:
    """A sampling field f32 (S, S, 2), px of the texture, moved to where the frame's detail belongs."""
    cells = (field + np.float32(0.5)) * np.float32(CELLS / texture_size) - np.float32(0.5)
    return field - sampled(displacement, cells) * np.float32(texture_size)


def layout_of(triangles: NDArray[np.integer], texture_points: Floats, texture_size: int) -> Layout:
    """The layout at the size at which frames are compared."""
    return Layout(triangles, texture_points, texture_size, SIDE)
