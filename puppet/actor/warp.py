"""The mesh warp: the decoder's texture and points -> the actor's picture. Numpy and OpenCV only.

A rasteriser made of whole-array steps. Every triangle is cut into one span per pixel row (spans.py), every span into
pixels, and the triangles nearest to the viewer are written last. Pixels belong to the triangle that holds their centre,
so a mouth corner or lid that is thinner than a pixel never smears over its neighbours (`cv2.fillConvexPoly` draws
outlines too, and its 1,030 calls take as long). Pictures are sampled once per pixel, but beside edges 9 or 16
times (edges.py). Sampling takes four channels: with three, `cv2.remap` is slower.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.edges import NO_MAP, NOWHERE, Complexes, Drawn, smooth_edges
from puppet.actor.spans import Doubles, Indices, Spans, Window, cut_into_spans, half_planes, window_around
from puppet.core.types import Floats, Image

MIN_AREA = 1e-4  # px^2 (twice the area): thinner triangles are left to their neighbours
HIDDEN_BEHIND = 1e9  # px added to the depth of a triangle seen from behind: drawn before everything else
NO_TRIANGLE = np.full(1, -1)
NO_SLOPE, NO_BASE = np.zeros(1, np.complex64), np.full(1, NOWHERE)


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
        self._counting = np.arange(self._budget + image_size)
        self._owner = np.empty(pixels, np.int32)  # number of each pixel's span; 0: none
        self._slope = np.empty(pixels, np.complex64)  # of the map along x
        self._map = np.empty(pixels, np.complex64)  # x + iy in the texture
        self._texels, self._fractions = np.empty((pixels, 2), np.int16), np.empty(pixels, np.uint16)  # the same map
        x = np.repeat(np.arange(image_size, dtype=np.float32), 2)
        self._x = np.tile(x, (image_size, 1))  # for both parts of the map

    def field(self, points: Floats) -> tuple[Floats, Floats]:
        """Where each pixel of the picture comes from: points f32 (V, 3) px, z away from the viewer -> map_x, map_y.

        Both f32 (S, S), px in the texture; views of a buffer that the next call overwrites. Exact inside the mesh;
        pixels that no triangle covers repeat the nearest covered one.
        """
        drawn = self._rasterised(points, whole=True)
        self._fill_uncovered(drawn)
        return drawn.field[..., 0], drawn.field[..., 1]

    def draw(self, texture: Image, points: Floats, smooth: bool = True) -> Image:
        """The textured mesh: texture uint8 (T, T, C) and points f32 (V, 3) px -> a new picture uint8 (S, S, C).

        With 3 channels it is opaque: pixels that no triangle covers repeat the nearest covered one. With 4, colours
        premultiplied by the last, they are 0, as everything outside of the texture is. smooth: outlines and folds show
        both sides by their shares; otherwise pixels are sampled once, at their centres.
        """
        opaque = texture.shape[2] == 3
        drawn, border = self._rasterised(points, whole=opaque), cv2.BORDER_CONSTANT
        if opaque:
            self._fill_uncovered(drawn)
            texture = cv2.cvtColor(texture, cv2.COLOR_BGR2BGRA)  # pyright: ignore[reportAssignmentType]
            border = cv2.BORDER_REPLICATE
        picture = np.zeros((self.image_size, self.image_size, 4), np.uint8)
        seen = picture[drawn.window.slices]
        if seen.size:
            texels, fractions = self._fixed_point(drawn.field)
            cv2.remap(texture, texels, fractions, cv2.INTER_LINEAR, dst=seen, borderMode=border)
            if smooth:
                smooth_edges(seen, texture, drawn, texels, self._texels_per_pixel, border)
        return cast("Image", cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)) if opaque else picture

    @np.errstate(invalid="ignore", over="ignore")  # points that are no numbers: their triangles are not drawn
    def _rasterised(self, points: Floats, whole: bool) -> Drawn:
        """Owners, field and what else the pixels beside edges need; views of buffers that the next call overwrites.

        whole: of the whole picture, not only of the part that the mesh reaches.
        """
        if points.shape != (self.points, 3):
            raise ValueError(f"the mesh has {self.points} points, got {points.shape}")
        size = self.image_size
        corners = points.T.astype(np.float64).take(self._corners, axis=1)  # x, y and z of the corners, (3, 3, T)
        flat, depth = corners[:2], corners[2].sum(0)
        doubled = _cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
        area = np.abs(doubled)
        drawable = np.flatnonzero((area > MIN_AREA) & (area < np.inf))  # false for NaN too
        behind = doubled[drawable] * self._texture_sign[drawable] <= 0
        order = drawable[np.argsort(-depth[drawable] - HIDDEN_BEHIND * behind, kind="stable")]  # far first
        flat, doubled = flat.take(order, axis=2), doubled.take(order)
        planes = half_planes(flat, np.sign(doubled))
        maps = self._affine_maps(flat, doubled, order)
        window = Window(0, 0, size, size) if whole else window_around(flat, size)
        owner, triangle, field = self._write(window, cut_into_spans(flat, planes, window, size), maps)
        number = np.full(self._corners.shape[1] + 1, -1)  # in drawing order, of those that are seen from the front
        first = np.count_nonzero(behind)
        number[order[first:]] = np.arange(first, len(order))
        beyond = number[self._beyond.take(order, axis=1)]
        sides = np.ascontiguousarray(planes.swapaxes(0, 1), np.float32)
        return Drawn(window, owner, triangle, field, sides, beyond, maps)

    def _fixed_point(self, field: Floats) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        """A field (H, W, 2) as whole texels i16 (H, W, 2) and fractions, which `cv2.remap` takes in less time."""
        height, width, _ = field.shape
        texels = self._texels[: height * width].reshape(field.shape)
        fractions = self._fractions[: height * width].reshape(height, width)
        cv2.convertMaps(field, NO_MAP, cv2.CV_16SC2, texels, fractions)
        return texels, fractions

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

    def _write(
        self, window: Window, parts: Iterable[Spans], maps: tuple[Complexes, Complexes, Complexes]
    ) -> tuple[NDArray[np.int32], Indices, Floats]:
        """Spans of a window -> owner, triangle and field of `Drawn`."""
        constant, along_x, along_y = maps
        owner = self._owner[: window.pixels]
        owner.fill(0)
        triangle, slopes, bases = [NO_TRIANGLE], [NO_SLOPE], [NO_BASE]
        number = 1
        for spans in parts:
            self._write_part(owner, number, spans)
            number += len(spans.triangle)
            triangle.append(spans.triangle)
            slopes.append(along_x.take(spans.triangle))
            base = along_y.take(spans.triangle)
            base *= spans.row
            base += constant.take(spans.triangle)
            if window.left:
                base += slopes[-1] * np.float32(window.left)
            bases.append(base)
        slope, base = (part[: window.pixels] for part in (self._slope, self._map))
        np.take(np.concatenate(slopes), owner, out=slope, mode="clip")
        np.take(np.concatenate(bases), owner, out=base, mode="clip")
        shape = (window.height, 2 * window.width)
        slope, field = slope.view(np.float32).reshape(shape), base.view(np.float32).reshape(shape)
        cv2.accumulateProduct(slope, self._x[: shape[0], : shape[1]], field)
        return owner, np.concatenate(triangle), field.reshape(window.height, window.width, 2)

    def _write_part(self, owner: NDArray[np.int32], number: int, spans: Spans) -> None:
        """Write the numbers of spans, from `number` on, into the owner map, one after the other."""
        numbers = np.arange(number, number + len(spans.width), dtype=np.int32)
        start, width = spans.start, spans.width
        ends = width.cumsum()
        begin = 0
        while begin < len(width):  # one round, unless the mesh is wild
            drawn = int(ends[begin] - width[begin])
            end = int(np.searchsorted(ends, drawn + self._budget, side="right"))
            part = slice(begin, end)
            pixels = np.repeat(start[part] - (ends[part] - width[part] - drawn), width[part])
            pixels += self._counting[: len(pixels)]
            owner[pixels] = np.repeat(numbers[part], width[part])  # where pixels repeat, the last one stays
            begin = end

    def _fill_uncovered(self, drawn: Drawn) -> None:
        """Repeat the nearest covered pixel where the mesh does not reach (rare: its border lies on the frame)."""
        if drawn.owner.min() > 0:
            return
        covered, field = drawn.owner > 0, drawn.field
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


def _cross(a: Doubles, b: Doubles) -> Doubles:
    """Cross product of 2-D vectors (2, N) -> (N,)."""
    return a[0] * b[1] - a[1] * b[0]
