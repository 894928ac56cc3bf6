"""The mesh over a planted actor."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from planted_face import EYE_MIDDLE, expression, rest_face
from scipy.spatial import Delaunay

from models.networks.puppet.head_shape import Rings
from models.networks.puppet.mesh import LAID_OPEN, ActorMesh, _with_edges, build_mesh, mesh_size
from puppet.actor.warp import MeshWarp
from puppet.core.errors import DataError
from puppet.core.types import LANDMARKS, HeadPose
from puppet.face import align
from puppet.face.landmarks import EYE_RIGHT, OVAL
from puppet.head import eyes, mouth, openings
from puppet.head.openings import OPENING_TRIANGLES, OPENINGS
from puppet.head.vertices import (
    BASE_VERTICES,
    BEHIND_TRIANGLES,
    BEHIND_VERTICES,
    BORDER_CELLS,
    BORDER_MARGIN,
    EYEBALL_COLUMNS,
    EYEBALLS,
    FACE_POINTS,
    FOOT,
    HEAD_RINGS,
    MOUTH_COLUMNS,
    TEETH,
)
from puppet.head.vertices import RINGS as RINGS_AROUND

PICTURE, TEXTURE = 128, 96
POSE = HeadPose(align.rotation_of(np.array([4, -3, 2])), align.STEADY_EYES * PICTURE, np.array([62.0, 55.0, 0.0]))
RINGS = slice(FACE_POINTS, BASE_VERTICES - 4 * BORDER_CELLS)
BORDER = slice(BASE_VERTICES - 4 * BORDER_CELLS, BASE_VERTICES)
CHIN = OVAL.index(152)
BASE_SIZE = np.array([TEXTURE, (1 - FOOT) * TEXTURE])  # of the texture, without what lies behind the skin, at its foot
EDGE = (BASE_SIZE - 1) / 4 / (PICTURE / 2 + BORDER_MARGIN)  # texels that half a pixel makes: the border is so far in


@pytest.fixture(scope="module")
def mesh() -> ActorMesh:
    return build_mesh(rest_face(), expression(rest_face(), open=0.25), POSE, PICTURE, TEXTURE)


def doubled_areas(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, i]].astype(np.float64) for i in range(3))
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def test_counts_do_not_depend_on_the_actor(mesh: ActorMesh) -> None:
    vertices, triangles = mesh_size()
    assert BASE_VERTICES == 468 + 7 * 36 + 24
    assert vertices == BASE_VERTICES + 2 * 16 + 20 + 2 * 4 + 10
    assert mesh.rest.shape == mesh.home.shape == (BASE_VERTICES, 3)
    assert mesh.texture_points.shape == (vertices, 2)
    assert mesh.follow.shape == (BASE_VERTICES,)
    assert mesh.triangles.shape == (triangles, 3)
    other = build_mesh(rest_face(0.07, 1.3), expression(rest_face(0.07, 1.3), open=0.1), POSE, PICTURE, 256)
    assert other.triangles.shape == mesh.triangles.shape


def test_triangles_turn_the_same_way_and_tile_the_texture(mesh: ActorMesh) -> None:
    """Skin and openings together; and the pictures at the foot."""
    areas = doubled_areas(mesh.triangles, mesh.texture_points)
    assert (areas > 0).all()
    holes, first = 0.0, BASE_VERTICES
    for opening in OPENINGS:
        holes += cv2.contourArea(mesh.texture_points[first : first + opening.size])
        first += opening.size
    skin = (mesh.triangles < EYEBALLS).all(1)
    assert areas[skin].sum() / 2 == pytest.approx(np.prod(BASE_SIZE - 1 - 2 * EDGE), rel=1e-3)
    last = len(mesh.triangles) - BEHIND_TRIANGLES
    opening = slice(last - mesh.openings, last)
    assert mesh.openings >= 2 * 14 + 18
    assert areas[opening].sum() / 2 == pytest.approx(holes, rel=0.03)  # laid out, an edge bends in a little
    assert (mesh.triangles[opening] < EYEBALLS).all()
    assert (mesh.triangles[last:] >= EYEBALLS).all()
    assert OPENING_TRIANGLES == 2 * (2 * 16 + 20)


def edges_of(triangles: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(edge) for t in triangles.tolist() for edge in (t[:2], t[1:], t[::2])}


@pytest.mark.parametrize("opened", [0.02, 0.1, 0.25])
def test_lips_and_lids_have_their_whole_rims(opened: float) -> None:
    """However little the mouth is open in the texture: across its corner the shortest edges lead from lip to lip."""
    mesh = build_mesh(rest_face(), expression(rest_face(), open=opened), POSE, PICTURE, TEXTURE)
    skin = mesh.triangles[(mesh.triangles < BASE_VERTICES).all(1)]
    assert {frozenset(edge) for edge in openings.rim_edges()} <= edges_of(skin)
    areas = doubled_areas(mesh.triangles, mesh.texture_points)
    assert (areas[mesh.triangles[:, 0] != mesh.triangles[:, 1]] > 0).all()


def test_lips_that_cross_each_other_still_give_a_mesh() -> None:
    """Footage in which the mouth never opens, tracked so that the lips lie a little through one another."""
    shut = expression(rest_face(), open=-0.02)
    mesh = build_mesh(shut, shut, POSE, PICTURE, TEXTURE)
    skin = mesh.triangles[(mesh.triangles < BASE_VERTICES).all(1)]
    assert len(mesh.triangles) == mesh_size()[1]
    assert (doubled_areas(skin, mesh.texture_points) >= 0).all()
    lids = [edge for edge in openings.rim_edges() if not set(edge) & set(openings.MOUTH.rim)]
    assert {frozenset(edge) for edge in lids} <= edges_of(skin)


@pytest.mark.parametrize("seed", range(5))
def test_edges_that_are_wanted_are_put_into_a_triangulation(seed: int) -> None:
    """A ring of far apart points among two hundred: each of its edges crosses many others."""
    rng = np.random.default_rng(seed)
    turn = np.arange(9) * 2 * np.pi / 9 + 0.1
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) * 0.7
    points = np.concatenate([ring, rng.uniform(-1, 1, (200, 2)), [(-1.5, -1.5), (1.5, -1.5), (1.5, 1.5), (-1.5, 1.5)]])
    before = Delaunay(points).simplices.astype(np.int32)
    wanted = [(i, (i + 1) % 9) for i in range(9)]
    assert not {frozenset(edge) for edge in wanted} <= edges_of(before)
    after = _with_edges(before, points.astype(np.float32), wanted)
    assert {frozenset(edge) for edge in wanted} <= edges_of(after)
    areas = np.abs(doubled_areas(after, points))
    assert areas.min() > 0
    assert areas.sum() == pytest.approx(np.abs(doubled_areas(before, points)).sum())


def test_what_lies_behind_the_skin_has_the_foot_of_the_texture_to_itself(mesh: ActorMesh) -> None:
    foot = BASE_SIZE[1] - 0.5
    base, behind = np.split(mesh.texture_points, [EYEBALLS])
    assert base[:, 1].max() < foot - 0.5
    assert behind[:, 1].min() > foot + 0.5
    assert len(behind) == BEHIND_VERTICES
    pictures = np.split(behind, [4, 8, 8 + 2 * len(mouth.UPPER)])
    for corners, (first, last) in zip(pictures, (*EYEBALL_COLUMNS, *MOUTH_COLUMNS), strict=True):
        assert first * TEXTURE < corners[:, 0].min() < corners[:, 0].max() < last * TEXTURE


def test_no_triangle_joins_the_skin_with_what_lies_behind_it(mesh: ActorMesh) -> None:
    for first, last, own in (
        (EYEBALLS, TEETH, len(eyes.triangles(0))),
        (TEETH, len(mesh.texture_points), len(mouth.triangles(0))),
    ):
        inside = (mesh.triangles >= first) & (mesh.triangles < last)
        assert inside.all(1).sum() == inside.any(1).sum() == own


def test_texture_points_lie_inside_the_texture_and_the_border_on_its_edge(mesh: ActorMesh) -> None:
    assert mesh.texture_points.min() >= -1e-3
    assert mesh.texture_points.max() <= TEXTURE - 1 + 1e-3
    border = mesh.texture_points[BORDER]
    off_edge = np.abs(np.minimum(border, BASE_SIZE - 1 - border) - EDGE).min(1)
    np.testing.assert_allclose(off_edge, 0, atol=1e-3)


def test_the_border_covers_the_picture_and_stays(mesh: ActorMesh) -> None:
    border = mesh.home[BORDER]
    assert border[:, :2].min() == -BORDER_MARGIN
    assert border[:, :2].max() == PICTURE - 1 + BORDER_MARGIN
    np.testing.assert_array_equal(mesh.follow[BORDER], 0)
    base = (mesh.triangles < BASE_VERTICES).all(1)
    warp = MeshWarp(mesh.triangles[base], mesh.texture_points[:BASE_VERTICES], PICTURE)
    opaque = np.full((TEXTURE, TEXTURE, 4), 255, np.uint8)
    for turned in (0, 30, -30):
        pose = HeadPose(align.rotation_of(np.array([turned, 0, 0])), POSE.scale, POSE.translation)
        moved = align.place(mesh.rest, pose)
        points = mesh.follow[:, None] * moved + (1 - mesh.follow[:, None]) * mesh.home
        holes = warp.draw(opaque, points)[..., 3] < 255
        inside = cv2.fillConvexPoly(np.zeros_like(holes, np.uint8), _hull(points), (1,)) > 0
        assert not (holes & ~inside).any()  # there are holes in the face alone, for eyes and mouth
        assert holes.mean() < 0.02
    x, y = warp.field(mesh.home)
    for values, size in zip((x, y), BASE_SIZE, strict=True):
        # margin / size of the texture that the picture's corners show, or less where a ring hides behind the head
        inset = BORDER_MARGIN / (PICTURE + 2 * BORDER_MARGIN) * size
        assert EDGE.min() - 0.01 <= values.min() <= inset + 0.7
        assert size - 1 - inset - 0.7 <= values.max() <= size - 1 - EDGE.min() + 0.01


def _hull(points: np.ndarray) -> np.ndarray:
    """Around the face, px of the picture."""
    return cv2.convexHull(points[list(OVAL), :2].round().astype(np.int32))


def test_the_face_follows_the_head_wholly(mesh: ActorMesh) -> None:
    np.testing.assert_array_equal(mesh.follow[:FACE_POINTS], 1)


def test_other_rings_lie_elsewhere_and_nothing_else_does(mesh: ActorMesh) -> None:
    count = RINGS.stop - RINGS.start
    moved, follow = mesh.rest[RINGS] + np.array((0.1, 0, 0), np.float32), np.full(count, 0.5, np.float32)
    halo = np.tile(np.array((0.3, 0), np.float32), (count, 1))
    other = mesh.with_rings(Rings(moved, halo, follow), POSE)
    for name, value in {"rest": moved, "halo": halo, "follow": follow}.items():
        np.testing.assert_array_equal(getattr(other, name)[RINGS], value)
    beside = other.home[RINGS] - align.place(moved, POSE)
    np.testing.assert_allclose(np.linalg.norm(beside, axis=1), 0.3 * POSE.scale, rtol=1e-3)
    across = POSE.rotation[:2, 0] / np.linalg.norm(POSE.rotation[:2, 0])
    np.testing.assert_allclose(beside[:, :2], np.tile(0.3 * POSE.scale * across, (count, 1)), atol=1e-3)
    for name in ("rest", "halo", "home", "follow"):
        kept = np.ones(BASE_VERTICES, bool)
        kept[RINGS] = False
        np.testing.assert_array_equal(getattr(other, name)[kept], getattr(mesh, name)[kept])
    assert not np.array_equal(mesh.rest[RINGS], moved)


def test_neighbours_on_the_outline_and_on_a_ring_have_an_edge(mesh: ActorMesh) -> None:
    """Otherwise cheeks are jagged, triangles reach past the halo to the border, and holes are left in it."""
    around = np.arange(RINGS.start, RINGS.stop).reshape(RINGS_AROUND, -1)
    wanted = {
        frozenset(pair)
        for ring in (list(OVAL), *around.tolist())
        for pair in zip(ring, ring[1:] + ring[:1], strict=True)
    }
    assert wanted <= edges_of(mesh.triangles)


def test_beyond_the_head_are_the_triangles_at_the_border_but_those_of_the_shoulders(mesh: ActorMesh) -> None:
    beyond = mesh.triangles[mesh.beyond_head]
    assert ((beyond >= BORDER.start) & (beyond < BORDER.stop)).any(1).all()
    at_border = ((mesh.triangles >= BORDER.start) & (mesh.triangles < BORDER.stop)).any(1)
    kept = mesh.triangles[at_border & ~mesh.beyond_head]
    assert len(kept)
    assert len(beyond)
    middle_row = PICTURE / 2
    assert mesh.home[beyond].mean(1)[:, 1].min() < 0.1 * PICTURE
    assert (mesh.home[kept].mean(1)[:, 1] > middle_row).all()
    corners = mesh.home[[BORDER.start, BORDER.start + BORDER_CELLS]]
    assert (corners[:, 1] < 0).all()  # of the picture, above
    assert not np.isin(kept, [BORDER.start, BORDER.start + BORDER_CELLS]).any()


def test_home_is_the_neutral_face_in_its_usual_pose(mesh: ActorMesh) -> None:
    rest = rest_face()
    np.testing.assert_array_equal(mesh.rest[:FACE_POINTS], rest[:FACE_POINTS])
    np.testing.assert_allclose(mesh.home[:FACE_POINTS], align.place(rest, POSE)[:FACE_POINTS], atol=1e-4)
    head = slice(RINGS.start, RINGS.start + HEAD_RINGS * len(OVAL))
    np.testing.assert_allclose(mesh.home[head], align.place(mesh.rest[head], POSE), atol=1e-3)


def test_the_rings_lie_one_around_the_other_in_the_texture_and_leave_room_for_shoulders(mesh: ActorMesh) -> None:
    outline = mesh.texture_points[list(OVAL)]
    middle = outline.mean(0)
    laid = [outline, *mesh.texture_points[RINGS].reshape(RINGS_AROUND, -1, 2)]
    sizes = np.stack([np.linalg.norm(points - middle, axis=1) for points in laid])
    steps = np.diff(sizes, axis=0)
    assert (steps > 0.5).all()  # texels
    assert (steps[: HEAD_RINGS - 1].max(0) < 3 * steps[: HEAD_RINGS - 1].min(0)).all()
    border = np.linalg.norm(mesh.texture_points[BORDER] - middle, axis=1)
    assert border.min() - sizes[-1, CHIN] > 2 * steps[:, CHIN].min()


def test_the_texture_is_laid_out_with_mouth_ajar_and_eyes_open_and_the_face_large(mesh: ActorMesh) -> None:
    """Eye distances per texel: near the middle of the face there are more texels than the picture has pixels."""
    across, down = (BASE_SIZE - 1) / (PICTURE + 2 * BORDER_MARGIN)  # texels per px

    def spans(a: int, b: int) -> tuple[float, float]:
        texels = np.linalg.norm(mesh.texture_points[a] - mesh.texture_points[b])
        px = np.linalg.norm((mesh.home[a, :2] - mesh.home[b, :2]) * (across, down))
        return float(texels), float(px)

    texels, px = spans(133, 362)  # inner eye corners
    assert texels > 1.15 * px
    texels, px = spans(13, 14)  # lips: some of the 0.25 eye distances more than at rest
    assert texels > px + LAID_OPEN * 0.25 * POSE.scale * down
    assert texels < px + 0.25 * POSE.scale * down
    texels, px = spans(159, 145)  # lids
    assert texels > 1.4 * 1.15 * px


def test_landmarks_that_span_no_face_are_refused() -> None:
    flat = np.zeros((LANDMARKS, 3), np.float32)
    with pytest.raises(DataError, match="do not span a face"):
        build_mesh(flat, flat, POSE, PICTURE, TEXTURE)


def test_the_planted_eye_is_where_the_mesh_thinks_it_is() -> None:
    """The planted face and the mesh mean the same side by right."""
    assert rest_face()[list(EYE_RIGHT), 0].mean() == pytest.approx(-EYE_MIDDLE[0], abs=1e-3)
