"""The texture of an actor from one picture: the picture itself laid out on the mesh, and what it does not show.

All colours are BGR, f32, in levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.warp import MeshWarp
from puppet.core.types import Floats, Image
from puppet.face.landmarks import OVAL
from puppet.head.filling import fill
from puppet.head.layout import Layout, sampled
from puppet.head.vertices import BASE_VERTICES, BEHIND_TRIANGLES, FACE_POINTS
from puppet.photo.behind import eyeballs, teeth
from puppet.photo.plate import FREE
from puppet.photo.seen import Seen
from puppet.photo.shading import Shading, shade
from puppet.photo.shared import Shared

SIDE = 1024  # px of the texture
# Resolution, of the face's median: below, skin is seen too much from the side; above, it counts. Within the face, and
# at its outline, where colours of what lies behind it are mixed in
GRAZED, SHOWN = 0.12, 0.35
GRAZED_OUTSIDE, SHOWN_OUTSIDE = 0.25, 0.6
OUTSIDE = 70.0  # texels: how wide the outline is
EDGE = 17  # texels: side of what must be seen around a texel there
SOFT = 10.0  # texels, sigma: how softly both go over into each other
UNLIKE = 60.0  # levels of difference in light from which on the other half is of no use
LIGHT = 16.0  # texels, sigma of the light in which both halves are compared
SURE = 0.6  # of the matte: what is less is not the skin's colour alone


@dataclass(frozen=True, eq=False)
class Texture:
    """still uint8 (SIDE, SIDE, 4) BGRA, colours premultiplied by alpha; what changes on it; triangles that show any."""

    still: Image
    shading: Shading
    shows: NDArray[np.bool_]


def texture_of(seen: Seen, neutral: Floats, plate: Image, shared: Shared) -> Texture:
    """The texture of a face that at rest has these canonical landmarks, f32 (478, 3)."""
    texture_points = (shared.texture_points * SIDE - 0.5).astype(np.float32)
    layout = Layout(shared.triangles, texture_points, SIDE, SIDE)
    warp = MeshWarp(shared.triangles, texture_points, len(seen.picture), shared.openings, BEHIND_TRIANGLES)
    alpha = seen.matte.copy()
    cv2.fillConvexPoly(alpha, cv2.convexHull(seen.vertices[:FACE_POINTS, :2].round().astype(np.int32)), (1.0,))
    person = seen.picture - (1 - alpha[..., None]) * plate
    places = layout.places(seen.vertices)
    shown = np.dstack([person.clip(0, 255 * alpha[..., None]), 255 * alpha]).astype(np.float32)
    texture = sampled(shown, places)
    face = (shared.triangles < FACE_POINTS).all(1)[layout.triangle]
    resolution = layout.resolution(seen.vertices).clip(0)
    resolution = cv2.GaussianBlur(resolution, (0, 0), SOFT / 2) / np.median(resolution[face])
    oval = np.zeros((SIDE, SIDE), np.uint8)  # the face with its openings, whose rims are no outline
    cv2.fillPoly(oval, [texture_points[list(OVAL)].round().astype(np.int32)], (1,))
    outside = (1 - cv2.distanceTransform(oval, cv2.DIST_L2, 5) / OUTSIDE).clip(0, 1)
    low = GRAZED + outside * (GRAZED_OUTSIDE - GRAZED)
    high = SHOWN + outside * (SHOWN_OUTSIDE - SHOWN)
    reliable = np.where(face, ((resolution - low) / (high - low)).clip(0, 1), 1).astype(np.float32)
    whole = np.asarray(cv2.erode((seen.matte > SURE).astype(np.float32), np.ones((5, 5), np.uint8)), np.float32)
    reliable *= np.where(face, sampled(whole, places), 1)
    visible = _visible(warp, seen.vertices)
    inner = cv2.erode(visible.astype(np.uint8), np.ones((EDGE, EDGE), np.uint8)) > 0
    texture = _completed(texture, reliable * np.where(outside > 0, inner, visible), face, outside)
    eyeballs(texture, seen.picture, seen.points, seen.vertices, layout)
    teeth(texture, texture_points, shared)
    shows = np.bincount(layout.triangle[texture[..., 3] > FREE], minlength=len(shared.triangles)) > 0
    shows |= (shared.triangles >= BASE_VERTICES).any(1)  # openings, and what is seen through them
    shading = shade(texture, layout, neutral, shared)
    return Texture(texture.round().clip(0, 255).astype(np.uint8), shading, shows)


def _visible(warp: MeshWarp, vertices: Floats) -> NDArray[np.bool_]:
    """Texels that the picture shows."""
    x, y = (np.rint(part).astype(np.intp).clip(0, SIDE - 1) for part in warp.field(vertices))
    texels = np.zeros((SIDE, SIDE), np.uint8)
    texels[y, x] = 1
    return cv2.morphologyEx(texels, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)) > 0


def _completed(texture: Floats, reliable: Floats, face: NDArray[np.bool_], outside: Floats) -> Floats:
    """The face's hidden parts: from its other half, in the light of this one, else from what lies beside them.

    reliable: f32 (T, T), 0 to 1, how well the picture shows each texel. outside: f32 (T, T), 1 at the face's outline.
    The layout is symmetrical.
    """
    own = cv2.GaussianBlur(reliable, (0, 0), SOFT / 2)
    own = np.minimum(own, reliable)  # nothing of what is hidden
    own = cv2.GaussianBlur(own, (0, 0), SOFT / 2)
    mirrored, other = texture[:, ::-1], own[:, ::-1]
    both = (face & (own > 0.9) & (other > 0.9)).astype(np.float32)

    differs = fill(_soft(texture, both) - _soft(mirrored, both), both > 0)
    differs = cv2.GaussianBlur(differs, (0, 0), SOFT)
    lit = np.dstack([(mirrored[..., :3] + differs).clip(0, 255), mirrored[..., 3]])
    alike = 1 - outside * (1 - np.exp(-((np.abs(differs).max(2) / UNLIKE) ** 2)))  # other light, other colours
    share = ((1 - own) * other * alike)[..., None]
    known = own + share[..., 0]
    mixed = (texture * own[..., None] + lit * share) / np.maximum(known, 1e-3)[..., None]
    skin = fill(mixed.astype(np.float32), (known > 0.9) & face)
    filled = skin + np.clip((known - 0.3) / 0.6, 0, 1)[..., None] * (mixed - skin)
    filled *= (255 / np.maximum(filled[..., 3:], 64)).clip(1)
    return np.where(face[..., None], filled, texture).astype(np.float32)


def _soft(picture: Floats, where: Floats) -> Floats:
    """The colours f32 (T, T, 3) about each texel, of those that `where` (T, T) says."""
    weighed = cv2.GaussianBlur(np.dstack([picture[..., :3] * where[..., None], where]), (0, 0), LIGHT)
    return weighed[..., :3] / np.maximum(weighed[..., 3:], 1e-3)
