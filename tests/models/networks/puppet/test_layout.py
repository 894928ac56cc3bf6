"""Frames laid out as textures."""

from __future__ import annotations

import numpy as np
import pytest
from planted_geometry import SIZE, Planted

from models.networks.puppet.unseen_texels import shown
from puppet.actor.warp import MeshWarp
from puppet.core.types import Floats, Image
from puppet.head.layout import Layout, sampled
from puppet.head.vertices import FACE_POINTS, FOOT

pytestmark = pytest.mark.usefixtures("one_torch_thread")

FRONTAL, TURNED = 0, 1


@pytest.fixture(scope="module")
def layout(planted: Planted) -> Layout:
    return Layout(planted.mesh.triangles, planted.mesh.texture_points, SIZE, SIZE)


@pytest.fixture(scope="module")
def vertices(planted: Planted) -> Floats:
    """Of the head that is turned least, and of one that is turned by some 20 degrees: f32 (2, V, 3) px."""
    yaw = np.abs(planted.angles[:, 0])
    rows = [int(np.abs(planted.angles).sum(1).argmin()), int(np.abs(yaw - 20).argmin())]
    return planted.geometry().place(*planted.placements()).numpy()[rows]


def blobs(side: int) -> Image:
    y, x = np.mgrid[:side, :side] / side
    waves = [128 + 100 * np.sin(9 * x + 2 * y), 128 + 100 * np.cos(8 * y), 128 + 100 * np.sin(7 * (x - y))]
    return np.stack([*waves, np.full((side, side), 255)], -1).round().astype(np.uint8)


def test_a_vertex_lies_where_its_texel_says(layout: Layout, planted: Planted, vertices: Floats) -> None:
    """Between texels, so with what lies between their places."""
    points = planted.mesh.texture_points
    rows = [p for p in range(FACE_POINTS) if 4 < points[p, 0] < SIZE - 5 and 4 < points[p, 1] < SIZE - 5]
    for seen in vertices:
        places = sampled(layout.places(seen), points[None, rows])[0]
        off = np.linalg.norm(places - seen[rows, :2], axis=1)
        assert np.median(off) < 0.1  # px; lids and lips are thinner than a texel
        assert np.quantile(off, 0.9) < 1


def test_a_picture_of_slopes_shows_where_each_texel_was_taken_from(layout: Layout, vertices: Floats) -> None:
    y, x = np.mgrid[:SIZE, :SIZE]
    picture = np.stack([2 * x, 2 * y, 0 * x, 0 * x], -1).astype(np.uint8)
    for seen in vertices:
        expected = 2 * layout.places(seen).clip(0, SIZE - 1)
        assert np.abs(layout.unwrap(picture, seen)[..., :2] - expected).max() <= 1


def test_what_is_drawn_is_laid_out_again(layout: Layout, planted: Planted, vertices: Floats) -> None:
    """The texture that a picture was drawn with comes back, where the picture shows it."""
    warp = MeshWarp(planted.mesh.triangles, planted.mesh.texture_points, SIZE)
    texture = blobs(SIZE)
    for seen, at_least in zip(vertices, (0.5, 0.3), strict=True):
        back = layout.unwrap(warp.draw(texture, seen), seen)
        resolved = shown(*warp.field(seen), SIZE) & (layout.resolution(seen) > 0.5)
        assert resolved.mean() > at_least
        off = np.abs(back.astype(int) - texture).max(-1)
        assert np.median(off[resolved]) <= 3
        assert np.median(off[resolved]) < 0.1 * np.median(np.abs(blobs(SIZE)[::-1].astype(int) - texture).max(-1))


def test_larger_layouts_are_the_same_with_more_texels(layout: Layout, planted: Planted, vertices: Floats) -> None:
    large = Layout(planted.mesh.triangles, planted.mesh.texture_points, SIZE, 3 * SIZE)
    middle = large.places(vertices[0])[1::3, 1::3]  # of three texels the middle one lies where the small one does
    same = large.triangle[1::3, 1::3] == layout.triangle
    inner = same & _inside()
    assert inner.sum() > 0.97 * _inside().sum()
    assert np.quantile(np.abs(middle - layout.places(vertices[0]))[inner], 0.99) < 0.01


def test_resolution_is_px_per_texel_and_negative_from_behind(layout: Layout, vertices: Floats) -> None:
    frontal = vertices[FRONTAL]
    once = layout.resolution(frontal)
    np.testing.assert_allclose(layout.resolution(2 * frontal), 4 * once, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(layout.resolution(frontal * (-1, 1, 1)), -once, rtol=1e-3, atol=1e-6)
    assert (once > 0)[SIZE // 4 : SIZE // 2, SIZE // 4 : -SIZE // 4].mean() > 0.98  # the face is seen from the front
    turned = layout.resolution(vertices[TURNED])
    assert (turned < 0)[once > 0].mean() > 0.02  # some of the head is then seen from behind


def test_a_texels_resolution_is_how_fast_its_place_moves(layout: Layout, vertices: Floats) -> None:
    """The determinant of the places' gradient, within triangles."""
    places = layout.places(vertices[TURNED]).astype(float)
    (xx, xy), (yx, yy) = ((np.gradient(places[..., i], axis=1), np.gradient(places[..., i], axis=0)) for i in (0, 1))
    alone = np.ones((SIZE, SIZE), bool)
    for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        alone &= np.roll(layout.triangle, (down, right), (0, 1)) == layout.triangle
    alone &= _inside()
    assert alone.sum() > 50
    off = np.abs((xx * yy - xy * yx) - layout.resolution(vertices[TURNED]))[alone]
    assert np.quantile(off, 0.99) < 0.01


def _inside() -> np.ndarray:
    """Texels of the skin; beyond the mesh's border the nearest place is repeated."""
    inside = np.zeros((SIZE, SIZE), bool)
    inside[3 : round((1 - FOOT) * SIZE) - 3, 3:-3] = True
    return inside


def test_moved_texels_are_taken_from_beside(layout: Layout, vertices: Floats) -> None:
    picture = blobs(SIZE)
    still = np.zeros((SIZE, SIZE, 2), np.float32)
    np.testing.assert_array_equal(layout.unwrap_moved(picture, vertices[0], still), layout.unwrap(picture, vertices[0]))
    right = layout.unwrap_moved(picture, vertices[0], still + np.array((1, 0), np.float32))
    np.testing.assert_array_equal(right[:, :-1], layout.unwrap(picture, vertices[0])[:, 1:])
