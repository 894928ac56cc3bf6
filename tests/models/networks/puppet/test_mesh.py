"""The mesh over a planted actor."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from planted_face import EYE_MIDDLE, expression, rest_face
from scipy.spatial import Delaunay

from models.networks.puppet import eyes, mouth, openings
from models.networks.puppet.mesh import (
    BASE_VERTICES,
    BEHIND_VERTICES,
    BORDER_CELLS,
    BORDER_MARGIN,
    EYEBALL_COLUMNS,
    EYEBALLS,
    FACE_POINTS,
    FOOT,
    LAID_OPEN,
    MOUTH_COLUMNS,
    TEETH,
    ActorMesh,
    _with_edges,
    build_mesh,
    mesh_size,
)
from models.networks.puppet.openings import OPENING_TRIANGLES, OPENINGS
from puppet.actor.warp import MeshWarp
from puppet.core.errors import DataError
from puppet.core.types import LANDMARKS, HeadPose
from puppet.face import align
from puppet.face.landmarks import EYE_RIGHT, OVAL

PICTURE, TEXTURE = 128, 96
POSE = HeadPose(align.rotation_of(np.array([4, -3, 2])), align.STEADY_EYES * PICTURE, np.array([62.0, 55.0, 0.0]))
RINGS = slice(FACE_POINTS, BASE_VERTICES - 4 * BORDER_CELLS)
BORDER = slice(BASE_VERTICES - 4 * BORDER_CELLS, BASE_VERTICES)
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
    assert BASE_VERTICES == 468 + 2 * 36 + 24
    assert vertices == BASE_VERTICES + 2 * 16 + 20 + 2 * 4 + 10
    assert mesh.rest.shape == mesh.home.shape == (BASE_VERTICES, 3)
    assert mesh.texture_points.shape == (vertices, 2)
    assert mesh.follow.shape == (BASE_VERTICES,)
    assert mesh.triangles.shape == (triangles, 3)
    other = build_mesh(rest_face(0.07, 1.3), expression(rest_face(0.07, 1.3), open=0.1), POSE, PICTURE, 256)
    assert other.triangles.shape == mesh.triangles.shape


def test_triangles_turn_the_same_way_and_tile_the_texture(mesh: ActorMesh) -> None:
    """Everything but the openings of eyes and mouth, which no triangle covers; and the pictures at the foot."""
    areas = doubled_areas(mesh.triangles, mesh.texture_points)
    over_openings = mesh.triangles[:, 0] == mesh.triangles[:, 1]
    assert over_openings.sum() >= 2 * 14 + 18
    assert (areas[~over_openings] > 0).all()
    holes, first = 0.0, BASE_VERTICES
    for opening in OPENINGS:
        holes += cv2.contourArea(mesh.texture_points[first : first + opening.size])
        first += opening.size
    skin = (areas > 0) & (mesh.triangles < EYEBALLS).all(1)
    assert areas[skin].sum() / 2 + holes == pytest.approx(np.prod(BASE_SIZE - 1 - 2 * EDGE), rel=1e-3)
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
    x, y = MeshWarp(mesh.triangles[base], mesh.texture_points[:BASE_VERTICES], PICTURE).field(mesh.home)
    for values, size in zip((x, y), BASE_SIZE, strict=True):
        assert np.isfinite(values).all()
        # margin / size of the texture that the picture's corners show
        inset = BORDER_MARGIN / (PICTURE + 2 * BORDER_MARGIN) * size
        assert values.min() == pytest.approx(inset, abs=0.7)
        assert values.max() == pytest.approx(size - 1 - inset, abs=0.7)


def test_the_face_follows_the_head_wholly_and_the_shoulders_less(mesh: ActorMesh) -> None:
    np.testing.assert_array_equal(mesh.follow[:FACE_POINTS], 1)
    near, far = mesh.follow[RINGS].reshape(2, len(OVAL))
    assert ((far >= 0) & (far <= near) & (near <= 1)).all()
    chin, forehead = OVAL.index(152), OVAL.index(10)
    assert near[chin] < near[forehead]
    assert far[chin] < 0.1
    assert far[forehead] > 0.85


def test_home_is_the_neutral_face_in_its_usual_pose(mesh: ActorMesh) -> None:
    rest = rest_face()
    np.testing.assert_array_equal(mesh.rest[:FACE_POINTS], rest[:FACE_POINTS])
    np.testing.assert_allclose(mesh.home[:FACE_POINTS], align.place(rest, POSE)[:FACE_POINTS], atol=1e-4)
    outline = mesh.home[list(OVAL), :2]
    middle = outline.mean(0)
    sizes = [np.linalg.norm(points - middle, axis=1) for points in (outline, *mesh.home[RINGS, :2].reshape(2, -1, 2))]
    assert (sizes[0] < sizes[1]).all()
    assert (sizes[1] < sizes[2]).all()


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
