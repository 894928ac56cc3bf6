"""The mesh over an actor's picture.

Its vertices are the face landmarks, rings around the face that follow the head, a border that does not move, and the
pictures behind lids and lips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from models.networks.puppet.head_shape import AVERAGE, HeadShape, Rings, lowness, rings
from puppet.core.errors import DataError
from puppet.core.types import Floats, HeadPose
from puppet.face import align, measurements
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, OVAL
from puppet.head import eyes, mouth, openings
from puppet.head.vertices import (
    BASE_VERTICES,
    BEHIND_TRIANGLES,
    BEHIND_VERTICES,
    BORDER_CELLS,
    BORDER_MARGIN,
    EYEBALLS,
    FACE_POINTS,
    FOOT,
    RING_VERTICES,
    RINGS,
    TEETH,
    border_of,
    foot,
    ring_shares,
)

FACE_CENTRE = np.array((0.0, 0.25, 0.0), np.float32)  # canonical: where the rings have their centre in the picture


# Texture layout: distance from the face centre in the texture against that in the picture (both / half a side).
# The face gets more texels than the picture gives it pixels; hair and background get fewer.
LAYOUT_MAGNIFY = 1.2
LAYOUT_FALL = 1.2  # power of the distance by which it falls

MOST_FLIPS = 200  # for an edge; in a real face a few are enough
LAID_OPEN = 0.4  # how far the mouth is open in the texture, of what counts as wide open


@dataclass(frozen=True, slots=True)
class ActorMesh:
    """V vertices: 468 landmarks, the rings, the border; the edges of the openings, the eyeballs' corners, the teeth.

    triangles i32 (T, 3): at their end `openings` triangles of eyes and mouth, and after them BEHIND_TRIANGLES of what
    is seen through those (puppet/actor/warp.py). texture_points f32 (V, 2) px in a texture of `texture_size`. Of the
    B = BASE_VERTICES vertices before the openings, which `Geometry.place` puts where the face's landmarks say: rest f32
    (B, 3), canonical place on the neutral face; halo f32 (B, 2), see models/networks/puppet/head_shape.py; follow f32
    (B,), 1 moves with the head, 0 stays; home f32 (B, 3), px in the picture when the head is in its usual pose.
    """

    triangles: NDArray[np.int32]
    openings: int
    texture_points: Floats
    rest: Floats
    halo: Floats
    follow: Floats
    home: Floats

    @property
    def beyond_head(self) -> NDArray[np.bool_]:
        """Triangles (T,) between the head and the border: nothing of the person lies there."""
        corners, last = self.triangles, FACE_POINTS + RING_VERTICES
        border = (corners >= last) & (corners < BASE_VERTICES)
        ring = (corners >= FACE_POINTS) & (corners < last)
        follow = np.append(self.follow, np.zeros(len(self.texture_points) - BASE_VERTICES, np.float32))[corners]
        return border.any(1) & (ring & (follow > 0.5)).any(1)

    def with_rings(self, rings: Rings, usual: HeadPose) -> ActorMesh:
        """The same mesh with other rings; usual: as for `build_mesh`."""
        around = slice(FACE_POINTS, FACE_POINTS + RING_VERTICES)
        copies = {name: getattr(self, name).copy() for name in ("rest", "halo", "follow", "home")}
        mesh = replace(self, **copies)
        mesh.rest[around], mesh.halo[around], mesh.follow[around] = rings
        mesh.home[around] = align.place(rings.rest, usual)
        mesh.home[around, :2] += usual.scale * rings.halo @ _rolled(usual).T
        return mesh


_BASE_TRIANGLES = 2 * BASE_VERTICES - 2 - 4 * BORDER_CELLS  # Euler: all but the border lie inside the hull


def mesh_size() -> tuple[int, int]:
    """Vertices and triangles of every actor's mesh."""
    return EYEBALLS + BEHIND_VERTICES, _BASE_TRIANGLES + openings.OPENING_TRIANGLES + BEHIND_TRIANGLES


def build_mesh(
    neutral: Floats, opened: Floats, usual: HeadPose, image_size: int, texture_size: int, shape: HeadShape = AVERAGE
) -> ActorMesh:
    """Build the mesh of one actor. DataError when the landmarks span no face within the picture.

    neutral, opened: canonical landmarks f32 (478, 3), at rest and with the mouth wide open. The texture is laid out
    with the mouth a little open and the eyes wide, so that lips and lids have room between them.
    usual: pose in picture px of the neutral face. shape: the head behind it.
    """
    centre = align.place(FACE_CENTRE[None], usual)[0, :2]
    around = rings(neutral, shape, usual, image_size)
    rest = np.concatenate([neutral[:FACE_POINTS], around.rest]).astype(np.float32)
    home = align.place(rest, usual)
    border = border_of(image_size)
    rest = np.concatenate([rest, np.zeros_like(border)])
    home = np.concatenate([home, border]).astype(np.float32)
    follow = np.concatenate([np.ones(FACE_POINTS), around.follow, np.zeros(len(border))]).astype(np.float32)
    halo = np.zeros((BASE_VERTICES, 2), np.float32)
    ajar = neutral + np.float32(LAID_OPEN) * (opened - neutral)
    laid = align.place(_wide_eyes(ajar)[:FACE_POINTS], usual)[:, :2]
    laid_rings = _laid_rings(laid[list(OVAL)], lowness(neutral[list(OVAL)], AVERAGE), centre, image_size)
    laid = np.concatenate([laid, laid_rings, border[:, :2]])
    texture_points = _magnified(laid, centre, image_size, texture_size)
    triangles = Delaunay(texture_points).simplices.astype(np.int32)
    if len(triangles) != _BASE_TRIANGLES:
        raise DataError(
            "the landmarks do not span a face that lies within the picture; prepare the footage again, "
            f"filmed with more room around the head ({len(triangles)} triangles, not {_BASE_TRIANGLES})"
        )
    triangles = _with_edges(triangles, texture_points, [*openings.rim_edges(), *_ring_edges()])
    edges = texture_points[openings.RIMS] + openings.band_matrix(FACE_POINTS) @ texture_points[:FACE_POINTS]
    skin, holes = openings.opened(triangles, texture_points, BASE_VERTICES)
    behind = np.concatenate([eyes.triangles(EYEBALLS), mouth.triangles(TEETH)])
    triangles = np.concatenate([skin, openings.rim_triangles(BASE_VERTICES), holes, behind])
    texture_points = np.concatenate([texture_points, edges, foot(texture_size)]).astype(np.float32)
    mesh = ActorMesh(_clockwise(triangles, texture_points), len(holes), texture_points, rest, halo, follow, home)
    return mesh.with_rings(around, usual)


def _rolled(pose: HeadPose) -> NDArray[np.float64]:
    """The roll of a head alone, (2, 2)."""
    across = pose.rotation[:2, 0] / np.linalg.norm(pose.rotation[:2, 0])
    return np.array([[across[0], -across[1]], [across[1], across[0]]])


def _laid_rings(outline: Floats, low: Floats, centre: Floats, image_size: int) -> Floats:
    """Where the rings lie in the layout: evenly from the outline (O, 2) px to the border, f32 (RINGS * O, 2) px.

    low: f32 (O,), 1 where the outline leads to the neck: there room is left for the shoulders.
    """
    reach = 1 / _outwards(outline, centre, image_size)
    shares = ring_shares(low)[..., None]
    return np.concatenate([centre + (1 + share * (reach - 1)) * (outline - centre) for share in shares])


def _ring_edges() -> list[tuple[int, int]]:
    """Vertices that are next to each other on the face's outline or on a ring.

    Without these edges triangles lead past the outline, and the cheek of a turned head gets a jagged edge.
    """
    rings = np.arange(FACE_POINTS, FACE_POINTS + RING_VERTICES).reshape(RINGS, -1)
    return [pair for ring in (list(OVAL), *rings.tolist()) for pair in zip(ring, ring[1:] + ring[:1], strict=True)]


def _wide_eyes(canonical: Floats) -> Floats:
    """The same face with the lids half as far apart again: eyeballs need texels even when they are mostly hidden."""
    wide = canonical.copy()
    for eye in (EYE_RIGHT, EYE_LEFT):
        middle = canonical[list(eye), 1].mean()
        near = measurements.nearness(canonical, eye, 0.04)
        wide[:, 1] += 0.5 * near * (canonical[:, 1] - middle)
    return wide


def _magnified(points: Floats, centre: Floats, image_size: int, texture_size: int) -> Floats:
    """Radial layout: LAYOUT_MAGNIFY near the centre, falling smoothly so that the border maps to the border.

    The foot of the texture is left to what lies behind the skin.
    """
    half = image_size / 2 + BORDER_MARGIN
    exact = points.astype(np.float64)  # so that the border stays straight: a dent in it would change the mesh
    offset = exact - centre
    bulge = LAYOUT_MAGNIFY + (1 - LAYOUT_MAGNIFY) * _outwards(exact, centre, image_size) ** LAYOUT_FALL
    moved = centre + offset * bulge
    middle = np.array([texture_size - 1, (1 - FOOT) * texture_size - 1]) / 2
    return ((moved - (image_size - 1) / 2) * (middle / half) + middle).astype(np.float32)


def _outwards(points: NDArray[np.floating], centre: Floats, image_size: int) -> NDArray[np.floating]:
    """How far out points (V, 2) px lie: (V, 1), 0 at the centre, 1 on the border."""
    offset = points - centre
    # distance to the border along this direction, so that the square maps onto the square
    direction = offset / np.maximum(np.abs(offset).max(1, keepdims=True), 1e-6)
    low, high = -BORDER_MARGIN - centre, image_size - 1 + BORDER_MARGIN - centre
    reach = np.where(direction > 0, high, -low) / np.maximum(np.abs(direction), 1e-6)
    return np.abs(offset).max(1, keepdims=True) / reach.min(1, keepdims=True)


def _with_edges(triangles: NDArray[np.int32], points: Floats, wanted: list[tuple[int, int]]) -> NDArray[np.int32]:
    """The same triangulation with diagonals flipped until it has every wanted edge (Sloan 1993).

    Delaunay's knows nothing of lips and lids: across the corner of a mouth it takes the shorter way. Wanted edges that
    cross each other, as those of lips that the tracker sees through one another, cannot all be had.
    """
    triangles, exact = triangles.copy(), points.astype(np.float64)
    for a, b in wanted:
        for _ in range(MOST_FLIPS):
            rows, ends, opposite = _flippable(triangles, exact, a, b)
            if not len(rows):
                break
            # prefer a diagonal that no longer crosses the edge; any other one changes which diagonals come next
            free = np.flatnonzero(~_cross(exact, opposite, np.array([[a, b]])))
            i = free[0] if len(free) else 0
            (u, v), (w, x) = ends[i], opposite[i]
            triangles[rows[i]] = (u, w, x), (v, x, w)
    return triangles


def _flippable(triangles: NDArray[np.int32], points: NDArray, a: int, b: int) -> tuple[NDArray, NDArray, NDArray]:
    """Edges across the way from a to b that may be flipped: their two triangles, ends, and opposite corners; (N, 2)."""
    halves = np.concatenate([triangles[:, [i, (i + 1) % 3, (i + 2) % 3]] for i in range(3)])
    rows = np.tile(np.arange(len(triangles)), 3)
    ends = np.sort(halves[:, :2], 1)
    order = np.lexsort(ends.T)
    ends, corner, rows = ends[order], halves[order, 2], rows[order]
    first = np.flatnonzero((ends[1:] == ends[:-1]).all(1))  # of the two halves of an edge within the hull
    first = first[_cross(points, ends[first], np.array([[a, b]]))]
    ends, opposite = ends[first], np.column_stack([corner[first], corner[first + 1]])
    convex = _cross(points, ends, opposite)
    return np.column_stack([rows[first], rows[first + 1]])[convex], ends[convex], opposite[convex]


def _cross(points: NDArray, edges: NDArray, others: NDArray) -> NDArray[np.bool_]:
    """Whether each edge (N, 2) crosses the other one (N, 2), otherwise than in a shared end."""

    def sides(lines: NDArray, ends: NDArray) -> NDArray:
        start = points[lines[:, :1]]
        (x, y), (s, t) = np.moveaxis(points[lines[:, 1:]] - start, 2, 0), np.moveaxis(points[ends] - start, 2, 0)
        return (x * t - y * s).prod(1)

    shared = (edges[:, :, None] == others[:, None]).any((1, 2))
    return ~shared & (sides(edges, others) < 0) & (sides(others, edges) < 0)


def _clockwise(triangles: NDArray[np.int32], points: Floats) -> NDArray[np.int32]:
    a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    flipped = triangles.copy()
    flipped[area < 0] = triangles[area < 0][:, ::-1]
    return flipped
