"""The mesh over an actor's picture.

Its vertices are the face landmarks, rings around the face that follow the head, a border that does not move, and the
pictures behind lids and lips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from models.networks.puppet import eyes, mouth, openings
from puppet.core.errors import DataError
from puppet.core.types import Floats, HeadPose
from puppet.face import align, measurements
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, OVAL

FACE_POINTS = 468  # without the irises, which belong to the eyeballs (models/networks/puppet/eyes.py)

FACE_CENTRE = np.array((0.0, 0.25, 0.0), np.float32)  # canonical: where the rings have their centre
RING_SIZE = (1.3, 1.75)  # rings as multiples of the outline: around the ears, around the hair
RING_DEPTH = (0.25, 0.45)  # outer-eye distances behind the outline
RING_LIMIT = (0.88, 0.98)  # of the way from the face centre to the border: where rings of a large head end
BORDER_CELLS = 6  # border vertices per side
BORDER_MARGIN = 2.0  # px the border lies outside the picture, so that every pixel is covered

# Texture layout: distance from the face centre in the texture against that in the picture (both / half a side).
# The face gets more texels than the picture gives it pixels; hair and background get fewer.
LAYOUT_MAGNIFY = 1.5
LAYOUT_FALL = 1.2  # power of the distance by which it falls; the border keeps 40 % of its texels

MOST_FLIPS = 200  # for an edge; in a real face a few are enough
LAID_OPEN = 0.4  # how far the mouth is open in the texture, of what counts as wide open

FOOT = 1 / 8  # of the texture's rows: the pictures of what lies behind the skin
EYEBALL_COLUMNS = ((0.0, 0.25), (0.75, 1.0))  # of the texture: the right eye's, the left eye's
MOUTH_COLUMNS = ((0.25, 0.5), (0.5, 0.75))  # the upper teeth's, the lower teeth's
INSET = 1.5  # texels that their edges stay away from what lies beside them


@dataclass(frozen=True, slots=True)
class ActorMesh:
    """V vertices: 468 landmarks, the rings, the border; the edges of the openings, the eyeballs' corners, the teeth.

    triangles i32 (T, 3); texture_points f32 (V, 2) px in a texture of `texture_size`. Of the B = BASE_VERTICES vertices
    before the openings, which `Geometry.place` puts where the face's landmarks say: rest f32 (B, 3), canonical place on
    the neutral face; follow f32 (B,), 1 moves with the head, 0 stays; home f32 (B, 3), px in the picture when the head
    is in its usual pose.
    """

    triangles: NDArray[np.int32]
    texture_points: Floats
    rest: Floats
    follow: Floats
    home: Floats


BASE_VERTICES = FACE_POINTS + len(RING_SIZE) * len(OVAL) + 4 * BORDER_CELLS  # all of the skin but the openings' edges
BEHIND_VERTICES = eyes.EYEBALL_VERTICES + mouth.VERTICES
EYEBALLS = BASE_VERTICES + openings.OPENING_VERTICES  # the first vertex of each
TEETH = EYEBALLS + eyes.EYEBALL_VERTICES
_BASE_TRIANGLES = 2 * BASE_VERTICES - 2 - 4 * BORDER_CELLS  # Euler: all but the border lie inside the hull


def mesh_size() -> tuple[int, int]:
    """Vertices and triangles of every actor's mesh."""
    behind = len(eyes.triangles(0)) + len(mouth.triangles(0))
    return EYEBALLS + BEHIND_VERTICES, _BASE_TRIANGLES + openings.OPENING_TRIANGLES + behind


def build_mesh(neutral: Floats, opened: Floats, median_pose: HeadPose, image_size: int, texture_size: int) -> ActorMesh:
    """Build the mesh of one actor. DataError when the landmarks span no face within the picture.

    neutral, opened: canonical landmarks f32 (478, 3), at rest and with the mouth wide open. The texture is laid out
    with the mouth a little open and the eyes wide, so that lips and lids have room between them.
    median_pose: pose in picture px of the neutral face.
    """
    ring_rest, ring_follow = _rings(neutral)
    centre = align.place(FACE_CENTRE[None], median_pose)[0, :2]
    ring_rest = _within(ring_rest, median_pose, centre, image_size)
    rest = np.concatenate([neutral[:FACE_POINTS], ring_rest]).astype(np.float32)
    home = align.place(rest, median_pose)
    border = _border(image_size)
    rest = np.concatenate([rest, np.zeros_like(border)])
    home = np.concatenate([home, border]).astype(np.float32)
    follow = np.concatenate([np.ones(FACE_POINTS), ring_follow, np.zeros(len(border))]).astype(np.float32)
    layout = home.copy()
    ajar = neutral + np.float32(LAID_OPEN) * (opened - neutral)
    layout[:FACE_POINTS] = align.place(_wide_eyes(ajar)[:FACE_POINTS], median_pose)
    texture_points = _magnified(layout[:, :2], centre, image_size, texture_size)
    triangles = Delaunay(texture_points).simplices.astype(np.int32)
    if len(triangles) != _BASE_TRIANGLES:
        raise DataError(
            "the landmarks do not span a face that lies within the picture; prepare the footage again, "
            f"filmed with more room around the head ({len(triangles)} triangles, not {_BASE_TRIANGLES})"
        )
    triangles = _with_edges(triangles, texture_points, openings.rim_edges())
    edges = texture_points[openings.RIMS] + openings.band_matrix(FACE_POINTS) @ texture_points[:FACE_POINTS]
    triangles = np.concatenate(
        [
            openings.opened(triangles, texture_points), openings.rim_triangles(BASE_VERTICES),
            eyes.triangles(EYEBALLS), mouth.triangles(TEETH),
        ]
    )  # fmt: skip
    texture_points = np.concatenate([texture_points, edges, _foot(texture_size)]).astype(np.float32)
    return ActorMesh(_clockwise(triangles, texture_points), texture_points, rest, follow, home)


def _rings(neutral: Floats) -> tuple[Floats, Floats]:
    outline = neutral[list(OVAL)]
    low = np.clip((outline[:, 1] - 0.35) / 0.7, 0, 1)  # 0 above the mouth, 1 at the chin
    rings, follows = [], []
    for k, (size, depth) in enumerate(zip(RING_SIZE, RING_DEPTH, strict=True)):
        ring = FACE_CENTRE + np.float32(size) * (outline - FACE_CENTRE)
        ring[:, 2] = outline[:, 2] + depth
        rings.append(ring)
        follows.append((1 - 0.5 * low) if k == 0 else (0.9 - 0.85 * low))
    return np.concatenate(rings), np.concatenate(follows)


def _foot(texture_size: int) -> Floats:
    """Where the pictures of eyeballs and teeth lie in the texture, f32 (BEHIND_VERTICES, 2) px."""

    def between(first: float, last: float) -> tuple[float, float]:
        return first * texture_size - 0.5 + INSET, last * texture_size - 0.5 - INSET

    (top, bottom), points = between(1 - FOOT, 1), []
    for columns in EYEBALL_COLUMNS:
        left, right = between(*columns)
        points += [(left, top), (right, top), (right, bottom), (left, bottom)]
    for columns, rows in zip(MOUTH_COLUMNS, mouth.texture_rows(top, bottom), strict=True):
        points += [(x, y) for y in rows for x in between(*columns)]
    return np.array(points, np.float32)


def teeth_in_texture(texture_size: int) -> list[tuple[slice, slice]]:
    """Rows and columns of the texture that hold the picture of the upper teeth, and that of the lower teeth."""
    rows = slice(round((1 - FOOT) * texture_size), texture_size)
    return [(rows, slice(round(a * texture_size), round(b * texture_size))) for a, b in MOUTH_COLUMNS]


def _within(rings: Floats, median_pose: HeadPose, centre: Floats, image_size: int) -> Floats:
    """Canonical rings, drawn in towards the face centre where they would leave the picture (placing is affine)."""
    outwards = _outwards(align.place(rings, median_pose)[:, :2], centre, image_size)
    limit = np.repeat(np.array(RING_LIMIT, np.float32), len(OVAL))[:, None]
    return FACE_CENTRE + np.minimum(1, limit / np.maximum(outwards, 1e-6)) * (rings - FACE_CENTRE)


def _border(image_size: int) -> Floats:
    low, high = -BORDER_MARGIN, image_size - 1 + BORDER_MARGIN
    steps = np.linspace(low, high, BORDER_CELLS + 1)[:-1]
    sides = [(steps, low), (high, steps), (high + low - steps, high), (low, high + low - steps)]
    points = [np.column_stack(np.broadcast_arrays(x, y)) for x, y in sides]
    flat = np.concatenate(points)
    return np.column_stack([flat, np.full(len(flat), 1e3)]).astype(np.float32)  # far behind the head


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
