"""The mesh over a planted actor."""

from __future__ import annotations

import numpy as np
import pytest
from planted_face import EYE_MIDDLE, expression, rest_face

from models.mesh import BORDER_CELLS, BORDER_MARGIN, FACE_POINTS, OVAL, ActorMesh, build_mesh, mesh_size
from puppet import align
from puppet.errors import DataError
from puppet.frames import LANDMARKS, HeadPose
from puppet.measurements import EYE_RIGHT
from puppet.warp import MeshWarp

PICTURE, TEXTURE = 128, 96
POSE = HeadPose(align.rotation_of(np.array([4, -3, 2])), align.STEADY_EYES * PICTURE, np.array([62.0, 55.0, 0.0]))
RINGS = slice(FACE_POINTS, -4 * BORDER_CELLS)
EDGE = (TEXTURE - 1) / 4 / (PICTURE / 2 + BORDER_MARGIN)  # texels that half a pixel makes: the border lies that far in
BORDER = slice(-4 * BORDER_CELLS, None)


@pytest.fixture(scope="module")
def mesh() -> ActorMesh:
    return build_mesh(rest_face(), expression(rest_face(), open=0.25), POSE, PICTURE, TEXTURE)


def doubled_areas(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, i]].astype(np.float64) for i in range(3))
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def test_counts_do_not_depend_on_the_actor(mesh: ActorMesh) -> None:
    vertices, triangles = mesh_size()
    assert vertices == 468 + 2 * 36 + 24
    assert mesh.rest.shape == mesh.home.shape == (vertices, 3)
    assert mesh.texture_points.shape == (vertices, 2)
    assert mesh.follow.shape == (vertices,)
    assert mesh.triangles.shape == (triangles, 3)
    other = build_mesh(rest_face(0.07, 1.3), expression(rest_face(0.07, 1.3), open=0.1), POSE, PICTURE, 256)
    assert other.triangles.shape == mesh.triangles.shape


def test_triangles_turn_the_same_way_and_tile_the_texture(mesh: ActorMesh) -> None:
    areas = doubled_areas(mesh.triangles, mesh.texture_points)
    assert (areas > 0).all()
    side = TEXTURE - 1 - 2 * EDGE
    assert areas.sum() / 2 == pytest.approx(side**2, rel=1e-4)
    assert set(mesh.triangles.ravel().tolist()) == set(range(len(mesh.rest)))


def test_texture_points_lie_inside_the_texture_and_the_border_on_its_edge(mesh: ActorMesh) -> None:
    assert mesh.texture_points.min() >= -1e-3
    assert mesh.texture_points.max() <= TEXTURE - 1 + 1e-3
    border = mesh.texture_points[BORDER]
    on_edge = np.minimum(border, TEXTURE - 1 - border).min(1)
    np.testing.assert_allclose(on_edge, EDGE, atol=1e-3)


def test_the_border_covers_the_picture_and_stays(mesh: ActorMesh) -> None:
    border = mesh.home[BORDER]
    assert border[:, :2].min() == -BORDER_MARGIN
    assert border[:, :2].max() == PICTURE - 1 + BORDER_MARGIN
    np.testing.assert_array_equal(mesh.follow[BORDER], 0)
    x, y = MeshWarp(mesh.triangles, mesh.texture_points, PICTURE).field(mesh.home)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    # margin / size of the texture that the picture's corners show
    inset = BORDER_MARGIN / (PICTURE + 2 * BORDER_MARGIN) * TEXTURE
    assert x.min() == pytest.approx(inset, abs=0.7)
    assert x.max() == pytest.approx(TEXTURE - 1 - inset, abs=0.7)


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


def test_the_texture_is_laid_out_with_mouth_and_eyes_open_and_the_face_large(mesh: ActorMesh) -> None:
    """Eye distances per texel: near the middle of the face there are more texels than the picture has pixels."""
    texels_per_px = (TEXTURE - 1) / (PICTURE + 2 * BORDER_MARGIN)

    def spans(a: int, b: int) -> tuple[float, float]:
        texels = np.linalg.norm(mesh.texture_points[a] - mesh.texture_points[b])
        px = np.linalg.norm(mesh.home[a, :2] - mesh.home[b, :2])
        return float(texels), float(px * texels_per_px)

    texels, px = spans(133, 362)  # inner eye corners
    assert texels > 1.15 * px
    texels, px = spans(13, 14)  # lips: 0.25 eye distances more than at rest
    assert texels > px + 0.25 * POSE.scale * texels_per_px
    texels, px = spans(159, 145)  # lids
    assert texels > 1.4 * 1.15 * px


def test_landmarks_that_span_no_face_are_refused() -> None:
    flat = np.zeros((LANDMARKS, 3), np.float32)
    with pytest.raises(DataError, match="do not span a face"):
        build_mesh(flat, flat, POSE, PICTURE, TEXTURE)


def test_the_planted_eye_is_where_the_mesh_thinks_it_is() -> None:
    """The planted face and the mesh mean the same side by right."""
    assert rest_face()[list(EYE_RIGHT), 0].mean() == pytest.approx(-EYE_MIDDLE[0], abs=1e-3)
