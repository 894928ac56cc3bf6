"""The rasteriser: planted fields must come back, near triangles must win, nothing may stay uncovered."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from puppet.actor.warp import MeshWarp

SIZE = 64


def grid_mesh(cells: int = 7, side: float = SIZE - 1) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (T, 3) and points (V, 2) of a regular grid that spans 0 .. side."""
    ticks = np.linspace(0, side, cells + 1)
    y, x = (v.ravel() for v in np.meshgrid(ticks, ticks, indexing="ij"))
    corner = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
    a, b, c, d = (v.ravel() for v in (corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    return triangles.astype(np.int32), np.stack([x, y], 1).astype(np.float32)


def with_depth(points: np.ndarray, z: float = 0.0) -> np.ndarray:
    return np.column_stack([points, np.full(len(points), z)]).astype(np.float32)


def pixel_grid(size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.indices((size, size), np.float32)
    return x, y


def test_points_in_their_places_give_the_identity():
    triangles, texture = grid_mesh()
    map_x, map_y = MeshWarp(triangles, texture, SIZE).field(with_depth(texture))
    x, y = pixel_grid()
    assert np.abs(map_x - x).max() < 1e-3
    assert np.abs(map_y - y).max() < 1e-3


@pytest.mark.parametrize("jitter", [0.0, 2.5])
def test_a_planted_affine_is_recovered(jitter):
    triangles, points = grid_mesh()
    rng = np.random.default_rng(1)
    inner = (points > 1).all(1) & (points < SIZE - 2).all(1)
    points[inner] += rng.uniform(-jitter, jitter, (inner.sum(), 2)).astype(np.float32)
    linear, shift = np.array([[1.7, -0.4], [0.6, 1.3]]), np.array([40.0, 9.0])
    map_x, map_y = MeshWarp(triangles, points @ linear.T + shift, SIZE).field(with_depth(points))
    x, y = pixel_grid()
    assert np.abs(map_x - (1.7 * x - 0.4 * y + 40)).max() < 1e-3
    assert np.abs(map_y - (0.6 * x + 1.3 * y + 9)).max() < 1e-3


def test_a_moved_mesh_gives_the_inverse_field():
    """The points move by a similarity: the field must be its inverse wherever the mesh lies."""
    triangles, texture = grid_mesh(side=2 * SIZE)
    angle, scale = 0.3, 0.8
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([SIZE, SIZE])
    moved = (texture - middle) @ turn.T + SIZE / 2
    map_x, map_y = MeshWarp(triangles, texture, SIZE).field(with_depth(moved))
    expected = (np.stack(pixel_grid(), -1) - SIZE / 2) @ np.linalg.inv(turn).T + middle
    inside = ((expected > 1) & (expected < 2 * SIZE - 1)).all(-1)
    assert inside.mean() > 0.9
    assert np.abs(np.stack([map_x, map_y], -1) - expected)[inside].max() < 1e-3


def two_squares(z_first: float, z_second: float, flip_second: bool = False) -> np.ndarray:
    """A picture in which a red and a blue square of the mesh lie on top of each other at the given depths."""
    square = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
    texture_points = np.concatenate([square * 29, square * 29 + [32, 0]])
    triangles = np.array([[0, 1, 2], [1, 3, 2], [4, 5, 6], [5, 7, 6]])
    texture = np.zeros((SIZE, SIZE, 3), np.uint8)
    texture[:, :31], texture[:, 31:] = (0, 0, 255), (255, 0, 0)
    placed = square * (SIZE - 1)
    second = placed[[1, 0, 3, 2]] if flip_second else placed
    points = np.concatenate([with_depth(placed, z_first), with_depth(second, z_second)])
    return MeshWarp(triangles, texture_points, SIZE).draw(texture, points)


@pytest.mark.parametrize(("z_red", "z_blue", "winner"), [(-5, 5, (0, 0, 255)), (5, -5, (255, 0, 0))])
def test_at_a_fold_the_near_triangle_wins(z_red, z_blue, winner):
    assert (two_squares(z_red, z_blue) == winner).all()


def test_a_triangle_seen_from_behind_never_wins():
    assert (two_squares(5, -5, flip_second=True) == (0, 0, 255)).all()


def test_a_folded_grid_shows_its_front():
    """The middle column is pulled past the right border: the cells between are flipped, nearer, and must not show."""
    triangles, texture = grid_mesh(cells=2)  # columns x = 0, 31.5, 63
    points = with_depth(texture)
    points[texture[:, 0] == np.float32((SIZE - 1) / 2), 0] = 90
    points[texture[:, 0] > SIZE - 2, 2] = -100
    map_x, _ = MeshWarp(triangles, texture, SIZE).field(points)
    assert np.abs(map_x - np.arange(SIZE) * 31.5 / 90).max() < 1e-3


def test_degenerate_triangles_do_not_disturb():
    triangles, texture = grid_mesh()
    extra = np.array([[0, 0, 5], [3, 3, 3]])
    points = with_depth(texture)
    plain = [m.copy() for m in MeshWarp(triangles, texture, SIZE).field(points)]
    more = MeshWarp(np.concatenate([triangles, extra]), texture, SIZE).field(points)
    assert np.array_equal(plain, more)


def test_a_lid_thinner_than_a_pixel_leaves_no_smear():
    """Two rows of cells collapse to 0.01 px: every pixel must still come from the rows around them."""
    triangles, texture = grid_mesh(cells=8, side=64)
    points = with_depth(texture)
    inside = (texture[:, 1] > 30) & (texture[:, 1] < 50)  # rows at 32, 40, 48
    points[inside, 1] = 40.3 + 0.005 * (texture[inside, 1] - 40) / 8
    _, map_y = MeshWarp(triangles, texture, SIZE).field(points)
    y = np.arange(SIZE)
    above, below = np.interp(y, [0, 24, 40.295], [0, 24, 32]), np.interp(y, [40.305, 56, 64], [48, 56, 64])
    expected = np.where(y <= 40, above, below)
    assert np.abs(map_y - expected[:, None]).max() < 2e-3


def test_pixels_outside_the_mesh_repeat_the_nearest_one():
    triangles, texture = grid_mesh()
    points = with_depth(texture * 0.5 + 10)
    map_x, map_y = MeshWarp(triangles, texture, SIZE).field(points)
    covered = np.clip(np.arange(SIZE), 10, 41)  # the mesh spans 10 .. 41.5
    assert np.abs(map_x[20] - (covered - 10) * 2).max() < 1e-3
    assert np.abs(map_y[:, 20] - (covered - 10) * 2).max() < 1e-3


@pytest.mark.parametrize("wild", [np.nan, np.inf, 1e30, -1e6])
def test_wild_points_neither_crash_nor_leak_memory(wild):
    triangles, texture = grid_mesh()
    warp = MeshWarp(triangles, texture, SIZE)
    points = with_depth(texture)
    points[::3] = wild
    picture = warp.draw(np.full((SIZE, SIZE, 3), 77, np.uint8), points)
    assert (picture == 77).all()
    again = warp.field(with_depth(texture))
    assert np.abs(again[0] - pixel_grid()[0]).max() < 1e-3


def test_the_wildest_mesh_takes_neither_time_nor_memory_without_end():
    """Every triangle covers the whole picture: 20,000 layers, of which the farthest are left out."""
    count, size = 20_000, 512
    triangles = np.arange(3 * count).reshape(count, 3)
    texture = np.full((3 * count, 2), 99.0)
    texture[:3] = (0, 0), (1, 0), (0, 1)
    points = np.tile(with_depth(np.array([[-2000, -2000], [4000, -2000], [-2000, 4000]])), (count, 1))
    points[:3, 2] = -9  # the first one is the nearest
    warp = MeshWarp(triangles, texture, size)
    tracemalloc.start()
    try:
        map_x, map_y = warp.field(points)
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()
    assert map_x.min() >= 0
    assert map_y.min() >= 0
    assert max(map_x.max(), map_y.max()) <= 1


def test_a_mesh_that_covers_the_picture_many_times_is_drawn_in_order():
    """60 big triangles over each other, more than one round of pixels: the nearest must own every pixel."""
    count = 60
    triangles = np.arange(3 * count).reshape(count, 3)
    texture = np.concatenate([np.array([[0, 0], [1, 0], [0, 1]]) + 4 * k for k in range(count)])
    points = np.concatenate([with_depth(np.array([[-200, -200], [400, -200], [-200, 400]]), k) for k in range(count)])
    order = np.random.default_rng(3).permutation(count)
    map_x, map_y = MeshWarp(triangles[order], texture, SIZE).field(points)
    nearest = np.stack([map_x, map_y])  # the one at depth 0 owns texture 0 .. 1
    assert nearest.min() >= 0
    assert nearest.max() <= 1


def test_drawing_samples_the_texture_and_repeats_exactly():
    triangles, texture_points = grid_mesh()
    texture = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    warp = MeshWarp(triangles, texture_points, SIZE)
    points = with_depth(texture_points)
    first = warp.draw(texture, points)
    assert np.abs(first.astype(int) - texture).max() <= 1
    points[:, 0] += 3
    warp.draw(texture, points)
    points[:, 0] -= 3
    assert np.array_equal(warp.draw(texture, points), first)


def test_a_broken_mesh_is_refused():
    triangles, texture = grid_mesh()
    with pytest.raises(ValueError, match="name point"):
        MeshWarp(triangles + 1, texture, SIZE)
    with pytest.raises(ValueError, match=r"has 64 points, got \(3, 3\)"):
        MeshWarp(triangles, texture, SIZE).field(np.zeros((3, 3), np.float32))


RED, BLUE, GREEN, NOTHING = (255, 0, 0, 255), (0, 0, 255, 255), (0, 255, 0, 255), (0, 0, 0, 0)  # RGBA
SKIN, HOLE = slice(10, 50), slice(22, 38)  # px, along both axes
INSIDE = slice(23, 37)


def square(low: float, high: float, z: float) -> np.ndarray:
    """Corners f32 (4, 3)."""
    return np.array([(low, low, z), (high, low, z), (high, high, z), (low, high, z)], np.float32)


class Face:
    """Red skin around a square opening, and what is behind: blue, as far as the picture reaches."""

    def __init__(self) -> None:
        low, high = SKIN.start - 0.5, SKIN.stop - 0.5
        around, rim = square(low, high, 0), square(HOLE.start - 0.5, HOLE.stop - 0.5, 0)
        self.points = np.concatenate([around, rim, square(-5, SIZE + 5, 0)])
        sides = [t for i in range(4) for j in [(i + 1) % 4] for t in ((i, j, 4 + j), (i, 4 + j, 4 + i))]
        self.skin, self.opening, self.behind = sides, [(4, 5, 6), (4, 6, 7)], [(8, 9, 10), (8, 10, 11)]
        self.texture = np.zeros((16, 16, 4), np.uint8)
        self.texture[:8], self.texture[8:] = RED, BLUE
        self.texture_points = np.concatenate([square(1, 6, 0)[:, :2], square(2, 5, 0)[:, :2]])
        self.texture_points = np.concatenate([self.texture_points, square(9, 14, 0)[:, :2]])

    def drawn(self, opaque: bool = False, more: list[tuple[int, int, int]] | None = None) -> np.ndarray:
        triangles = [*(more or []), *self.skin, *self.opening, *self.behind]
        warp = MeshWarp(np.array(triangles), self.texture_points, SIZE, len(self.opening), len(self.behind))
        return warp.draw(np.ascontiguousarray(self.texture[..., :3]) if opaque else self.texture, self.points)


def test_what_is_behind_shows_through_openings_alone():
    expected = np.zeros((SIZE, SIZE, 4), np.uint8)
    expected[SKIN, SKIN] = RED
    expected[HOLE, HOLE] = BLUE
    assert np.abs(Face().drawn().astype(int) - expected).max() <= 2  # triangles overlap a little


def test_openings_of_an_opaque_mesh_show_what_is_behind_too():
    picture = Face().drawn(opaque=True)
    assert (picture[INSIDE, INSIDE] == BLUE[:3]).all()
    picture[HOLE, HOLE] = RED[:3]
    assert np.abs(picture.astype(int) - RED[:3]).max() <= 2  # the nearest pixel is repeated


def test_an_opening_with_nothing_behind_it_is_empty():
    face = Face()
    face.points[8:] = square(-5, 30, 0)
    picture = face.drawn()
    assert (picture[23:29, 23:29] == BLUE).all()
    assert (picture[32:36, 32:36] == NOTHING).all()


def test_a_head_behind_an_opening_does_not_show_in_it():
    """Another square, nearer than what is seen through the opening and further than the face."""
    face = Face()
    face.points = np.concatenate([face.points, square(0, 60, 10 * SIZE)])
    face.points[8:12, 2] = 100 * SIZE
    face.texture[:8, 8:] = GREEN
    face.texture_points = np.concatenate([face.texture_points, square(9, 14, 0)[:, :2] - (0, 8)])
    picture = face.drawn(more=[(12, 13, 14), (12, 14, 15)])
    assert (picture[INSIDE, INSIDE] == BLUE).all()
    assert (picture[2:8, 2:58] == GREEN).all()


def test_skin_that_folds_over_an_opening_covers_it():
    """A corner of the opening is pulled across it to the other side: skin lies on both, and nothing is behind that."""
    face = Face()
    face.points[4, :2] = 44
    picture = face.drawn()
    assert not (picture == BLUE).all(-1)[SKIN, SKIN][:13].any()
    shown = (picture[SKIN, SKIN] == NOTHING).all(-1)
    assert not shown.any()


def test_skin_ends_at_an_opening_with_a_smooth_edge():
    face = Face()
    face.points[4:8, :2] += 0.5
    picture = face.drawn()
    half = picture[30, 22].astype(int)
    assert np.abs(half - (np.array(RED) + BLUE) / 2).max() <= 2
    assert (picture[30, 21] == RED).all()
    assert (picture[30, 23] == BLUE).all()


def test_more_openings_than_triangles_are_refused():
    triangles, texture = grid_mesh()
    with pytest.raises(ValueError, match="1 openings and 98 triangles behind them, there are 98"):
        MeshWarp(triangles, texture, SIZE, 1, 98)
    with pytest.raises(ValueError, match="-1 openings"):
        MeshWarp(triangles, texture, SIZE, -1, 2)
