"""The mesh warp: the decoder's texture and points -> the actor's picture. Numpy and OpenCV only.

A rasteriser made of whole-array steps. Every triangle is cut into one span per pixel row, every span into pixels, and
the triangles nearest to the viewer are written last. Pixels belong to the triangle that holds their centre, so a
mouth corner or lid that is thinner than a pixel never smears over its neighbours (`cv2.fillConvexPoly` draws outlines
too, and its 1,030 calls take as long). Pictures are sampled once per pixel, but beside edges 16 times (edges.py).
600 points, 1,200 triangles at 256 px: 4 ms on one core, sampling included.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.edges import Complexes, Drawn, Indices, smooth_edges
from puppet.core.types import Floats, Image

Doubles = NDArray[np.float64]

SLACK = 1 / 256  # px by which triangles overlap, so that rounding leaves no seams
MIN_AREA = 1e-4  # px^2 (twice the area): thinner triangles are left to their neighbours
MAX_LAYERS = 16  # pictures' worth of pixels that are drawn at most; ordinary meshes need about three
SPANS_AT_ONCE = 1 << 18  # bounds the memory when a wild mesh covers the picture many times
HIDDEN_BEHIND = 1e9  # px added to the depth of a triangle seen from behind: drawn before everything else


class MeshWarp:
    """A mesh whose texture stays and whose points move.

    triangles: int (T, 3), indices into the points. texture_points: f32 (V, 2), px in the texture.
    image_size: side of the picture that is drawn, px. Not thread-safe: buffers are kept between calls.
    """

    def __init__(self, triangles: NDArray[np.integer[Any]], texture_points: NDArray[Any], image_size: int) -> None:
        triangles = np.asarray(triangles).astype(np.intp)
        texture = np.asarray(texture_points, np.float64)
        if triangles.ndim != 2 or triangles.shape[1] != 3 or not len(triangles):
            raise ValueError(f"triangles must be (T, 3), not {triangles.shape}")
        if texture.ndim != 2 or texture.shape[1] != 2:
            raise ValueError(f"texture points must be (V, 2), not {texture.shape}")
        if triangles.min() < 0 or triangles.max() >= len(texture):
            raise ValueError(f"triangles name point {triangles.max()}, there are {len(texture)}")
        self.image_size = image_size
        self.points = len(texture)
        self._corners = np.ascontiguousarray(triangles.T)  # (3, T)
        self._beyond = _triangles_beyond(triangles)
        corner = texture.T[:, self._corners]  # (2, 3, T): x and y apart
        self._texture_origin = corner[:, 0]
        self._texture_edges = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        self._texture_sign = np.sign(_cross(*self._texture_edges))
        self._texels_per_pixel = float(np.sqrt(np.ptp(texture, axis=0).prod())) / image_size
        pixels = image_size * image_size
        self._budget = 4 * pixels  # pixels drawn in one go: bounds the memory when a wild mesh folds many times
        self._counting = np.arange(max(self._budget + image_size, 1 << 16))
        self._owner = np.empty(pixels, np.intp)  # triangle of each pixel, counted from the farthest; -1: none
        self._gathered = np.empty(pixels, np.complex64)
        self._map = np.empty(pixels, np.complex64)  # x + iy in the texture
        y, x = np.indices((image_size, image_size), np.float32).reshape(2, -1, 1)
        self._x, self._y = np.tile(x, 2), np.tile(y, 2)  # for both parts of the map: (pixels, 2)

    def field(self, points: Floats) -> tuple[Floats, Floats]:
        """Where each pixel of the picture comes from: points f32 (V, 3) px, z away from the viewer -> map_x, map_y.

        Both f32 (S, S), px in the texture; views of a buffer that the next call overwrites. Exact inside the mesh;
        pixels that no triangle covers repeat the nearest covered one.
        """
        field = self._rasterised(points).field
        return field[..., 0], field[..., 1]

    def draw(self, texture: Image, points: Floats, smooth: bool = True) -> Image:
        """The textured mesh: texture uint8 (T, T, 3) and points f32 (V, 3) px -> a new picture uint8 (S, S, 3).

        smooth: outlines and folds show both sides by their shares; otherwise pixels are sampled once, at their centres.
        """
        drawn = self._rasterised(points)
        no_map: Any = None  # OpenCV takes an interleaved (x, y) map as map1 with no map2
        sampled = cv2.remap(texture, drawn.field, no_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        picture = cast("Image", sampled)
        if smooth:
            smooth_edges(picture, texture, drawn, self._texels_per_pixel)
        return picture

    @np.errstate(invalid="ignore", over="ignore")  # points that are no numbers: their triangles are not drawn
    def _rasterised(self, points: Floats) -> Drawn:
        """Owners, field and what else the pixels beside edges need; views of buffers that the next call overwrites."""
        if points.shape != (self.points, 3):
            raise ValueError(f"the mesh has {self.points} points, got {points.shape}")
        size = self.image_size
        *flat, depth = points.T.astype(np.float64).take(self._corners, axis=1)  # x, y and z of the corners, (3, T) each
        flat, depth = np.stack(flat), depth.sum(0)
        doubled = _cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
        area = np.abs(doubled)
        drawable = np.flatnonzero((area > MIN_AREA) & (area < np.inf))  # false for NaN too
        behind = doubled[drawable] * self._texture_sign[drawable] <= 0
        order = drawable[np.argsort(-depth[drawable] - HIDDEN_BEHIND * behind, kind="stable")]  # far first
        flat, doubled = flat.take(order, axis=2), doubled.take(order)
        planes = _half_planes(flat, np.sign(doubled))
        self._owner.fill(-1)
        self._rasterise(flat, planes)
        maps = self._affine_maps(flat, doubled, order)
        if len(order):
            self._fill_covered(*maps)
        field = self._map.view(np.float32).reshape(size, size, 2)
        self._fill_uncovered(field)
        number = np.full(self._corners.shape[1] + 1, -1)  # in drawing order, of those that are seen from the front
        first = np.count_nonzero(behind)
        number[order[first:]] = np.arange(first, len(order))
        beyond = number[self._beyond.take(order, axis=1)]
        return Drawn(self._owner, field, np.ascontiguousarray(planes.swapaxes(0, 1), np.float32), beyond, maps)

    def _affine_maps(self, flat: Doubles, doubled: Doubles, order: Indices) -> tuple[Complexes, Complexes, Complexes]:
        """Picture px -> texture px as complex numbers: constant, per x, per y; each (M,), in the given order."""
        (x, y), inverse = flat, 1 / doubled
        s, t = (edges.take(order, axis=1) for edges in self._texture_edges)
        along_x = (s * (y[2] - y[0]) - t * (y[1] - y[0])) * inverse
        along_y = (t * (x[1] - x[0]) - s * (x[2] - x[0])) * inverse
        constant = self._texture_origin.take(order, axis=1) - along_x * x[0] - along_y * y[0]

        def as_complex(vectors: Doubles) -> Complexes:
            return np.ascontiguousarray(vectors.T, np.float32).view(np.complex64)[:, 0]

        return as_complex(constant), as_complex(along_x), as_complex(along_y)

    def _fill_covered(self, constant: Complexes, along_x: Complexes, along_y: Complexes) -> None:
        """Write the field of the pixels that have an owner."""
        field = self._map.view(np.float32).reshape(-1, 2)
        gathered = self._gathered.view(np.float32).reshape(-1, 2)
        np.take(along_x, self._owner, out=self._map, mode="clip")
        np.multiply(field, self._x, out=field)
        np.take(along_y, self._owner, out=self._gathered, mode="clip")
        np.multiply(gathered, self._y, out=gathered)
        np.add(field, gathered, out=field)
        np.take(constant, self._owner, out=self._gathered, mode="clip")
        np.add(field, gathered, out=field)

    def _rasterise(self, flat: Doubles, planes: Doubles) -> None:
        """Write the number of each triangle into the owner map, one after the other.

        flat f64 (2, 3, M): corners; planes f64 (3, 3, M): see `_half_planes`. Of a wild mesh that covers the picture
        MAX_LAYERS times the farthest triangles are left out.
        """
        size = self.image_size
        low, high = flat.min(1) - SLACK, flat.max(1) + SLACK
        first, last = np.ceil(low).clip(0, size), np.floor(high).clip(-1, size - 1)
        columns, rows = (last - first + 1).clip(0)
        nearer = np.cumsum((columns * rows)[::-1])[::-1]  # pixels of this one's box and of all that come after it
        begin = int(np.searchsorted(-nearer, -MAX_LAYERS * size * size))
        rows = rows.astype(np.intp)
        ends = rows.cumsum()
        while begin < len(rows):  # one round, unless the mesh is wild
            reached = int(ends[begin] - rows[begin]) + SPANS_AT_ONCE
            end = max(begin + 1, int(np.searchsorted(ends, reached, side="right")))
            part = slice(begin, end)
            self._rasterise_part(begin, planes[..., part], low[0, part], high[0, part], first[1, part], rows[part])
            begin = end

    def _rasterise_part(
        self, number: int, planes: Doubles, low: Doubles, high: Doubles, first: Doubles, rows: Indices
    ) -> None:
        """Triangles from `number` on. low, high: extent in x, px; first: first row; rows: how many; each (M,)."""
        size = self.image_size
        ends = rows.cumsum()
        if not ends[-1]:
            return
        triangle = np.repeat(np.arange(len(rows)), rows)
        y = _count(self._counting, ends[-1]) - np.repeat(ends - rows - first.astype(np.intp), rows)
        left, right = _span_bounds(planes, low, high, triangle, y)
        start = np.ceil(left).clip(0, size).astype(np.intp)
        width = (np.floor(right).clip(-1, size - 1).astype(np.intp) - start + 1).clip(0)
        start += y * size
        triangle += number
        ends = width.cumsum()
        begin = 0
        while begin < len(width):  # one round, unless the mesh is wild
            drawn = int(ends[begin] - width[begin])
            end = int(np.searchsorted(ends, drawn + self._budget, side="right"))
            part = slice(begin, end)
            pixels = np.repeat(start[part] - (ends[part] - width[part] - drawn), width[part])
            pixels += self._counting[: len(pixels)]
            self._owner[pixels] = np.repeat(triangle[part], width[part])  # where pixels repeat, the last one stays
            begin = end

    def _fill_uncovered(self, field: Floats) -> None:
        """Repeat the nearest covered pixel where the mesh does not reach (rare: its border lies on the frame)."""
        if self._owner.min() >= 0:
            return
        covered = self._owner >= 0
        if not covered.any():
            field[:] = self._texture_origin.mean(1)
            return
        size = self.image_size
        uncovered = (~covered).astype(np.uint8).reshape(size, size)
        _, label = cv2.distanceTransformWithLabels(uncovered, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        label = np.asarray(label, np.intp).reshape(-1)
        nearest = np.zeros(int(label.max()) + 1, np.intp)
        nearest[label[covered]] = np.flatnonzero(covered)
        flat = field.reshape(-1, 2)
        flat[~covered] = flat[nearest[label[~covered]]]


def _triangles_beyond(triangles: Indices) -> Indices:
    """The triangle across each side (first to second corner, second to third, third to first): (3, T), -1 for none."""
    ends = np.sort(np.stack([triangles, triangles[:, [1, 2, 0]]], -1).reshape(-1, 2), axis=1)
    key = ends[:, 0] * (triangles.max() + 1) + ends[:, 1]
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    one, other = order[first], order[first + 1]
    beyond = np.full(len(key), -1)
    beyond[one], beyond[other] = other // 3, one // 3
    return np.ascontiguousarray(beyond.reshape(-1, 3).T)


def _half_planes(flat: Doubles, sign: Doubles) -> Doubles:
    """Sides of triangles f64 (2, 3, M) as half-planes a x + b y + c >= 0, widened by SLACK: f64 (3: a, b, c; 3, M).

    sign (M,): of the triangles' areas.
    """
    x, y = flat
    planes = np.empty((3, *x.shape))
    a, b, c = planes
    np.multiply(y - y[[1, 2, 0]], sign, out=a)
    np.multiply(x[[1, 2, 0]] - x, sign, out=b)
    np.subtract(SLACK * np.hypot(a, b) - a * x, b * y, out=c)
    return planes


def _span_bounds(
    planes: Doubles, low: Doubles, high: Doubles, triangle: Indices, y: Indices
) -> tuple[Doubles, Doubles]:
    """Leftmost and rightmost x, f64 (spans,), of `triangle` (spans,) at row `y` (spans,).

    A half-plane bounds x from the left where a > 0.
    """
    a, b, c = planes
    is_left, is_right = a > 1e-9, a < -1e-9  # level edges bound y only
    divisor = np.where(is_left | is_right, np.negative(a), 1.0)
    slope, offset = b / divisor, c / divisor
    # at most two of three edges are on one side, so the triangle's own extent takes part too
    left = np.where(is_left, slope, 0).take(triangle, axis=1) * y
    left += np.where(is_left, offset, low).take(triangle, axis=1)
    right = np.where(is_right, slope, 0).take(triangle, axis=1) * y
    right += np.where(is_right, offset, high).take(triangle, axis=1)
    return left.max(0), right.min(0)


def _cross(a: Doubles, b: Doubles) -> Doubles:
    """Cross product of 2-D vectors (2, N) -> (N,)."""
    return a[0] * b[1] - a[1] * b[0]


def _count(counting: Indices, n: int) -> Indices:
    return counting[:n] if n <= len(counting) else np.arange(n)
