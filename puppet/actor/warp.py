"""The mesh warp: the decoder's texture and points -> the actor's picture. Numpy and OpenCV only.

A rasteriser made of whole-array steps. Every triangle is cut into one span per pixel row (spans.py), every span into
pixels, and the triangles nearest to the viewer are written last. Pixels belong to the triangle that holds their centre,
so a mouth corner or lid that is thinner than a pixel never smears over its neighbours (`cv2.fillConvexPoly` draws
outlines too, and its 1,030 calls take as long). Pictures are sampled once per pixel, but beside edges 9 or 16
times (edges.py). Sampling takes four channels: with three, `cv2.remap` is slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.edges import Complexes, Drawn, Owners, smooth_edges
from puppet.actor.spans import Doubles, Indices, Spans, Window, cut_into_spans, half_planes, window_around
from puppet.core.types import Floats, Image

NO_MAP: Any = None  # OpenCV takes an interleaved (x, y) map as map1 with no map2
MIN_AREA = 1e-4  # px^2 (twice the area): thinner triangles are left to their neighbours
HIDDEN_BEHIND = 1e9  # px added to the depth of a triangle seen from behind: drawn before everything else
SEEN_THROUGH = 3e9  # and to that of what is seen through openings alone
NOWHERE = np.complex64(-1e4 - 1e4j)  # texture px where there is no triangle: far outside of every texture


class MeshWarp:
    """A mesh whose texture stays and whose points move.

    triangles: int (T, 3), indices into the points. texture_points: f32 (V, 2), px in the texture.
    image_size: side of the picture that is drawn, px. The last `behind` triangles, eyeballs and teeth, are seen through
    the `openings` triangles before them and nowhere else; an opening shows nothing of its own. Not thread-safe: buffers
    are kept between calls.
    """

    def __init__(
        self,
        triangles: NDArray[np.integer[Any]],
        texture_points: NDArray[Any],
        image_size: int,
        openings: int = 0,
        behind: int = 0,
    ) -> None:
        triangles = np.asarray(triangles).astype(np.intp)
        texture = np.asarray(texture_points, np.float64)
        if triangles.ndim != 2 or triangles.shape[1] != 3 or not len(triangles):
            raise ValueError(f"triangles must be (T, 3), not {triangles.shape}")
        if texture.ndim != 2 or texture.shape[1] != 2:
            raise ValueError(f"texture points must be (V, 2), not {texture.shape}")
        if triangles.min() < 0 or triangles.max() >= len(texture):
            raise ValueError(f"triangles name point {triangles.max()}, there are {len(texture)}")
        if min(openings, behind) < 0 or openings + behind > len(triangles):
            raise ValueError(f"{openings} openings and {behind} triangles behind them, there are {len(triangles)}")
        self.image_size = image_size
        self.points = len(texture)
        self._opening, self._behind = np.zeros((2, len(triangles)), np.bool_)
        self._opening[len(triangles) - behind - openings : len(triangles) - behind] = True
        self._behind[len(triangles) - behind :] = True
        self._corners = np.ascontiguousarray(triangles.T)  # (3, T)
        self._beyond = _triangles_beyond(triangles)
        corner = texture.T[:, self._corners]  # (2, 3, T): x and y apart
        self._texture_sign = np.sign(_cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]))
        origin, one, other = corner[0] + 1j * corner[1]
        self._texture = origin, one - origin, other - origin  # of each triangle: a corner and two sides, x + iy
        self._texels_per_pixel = float(np.sqrt(np.ptp(texture, axis=0).prod())) / image_size
        pixels = image_size * image_size
        kind = np.uint16 if len(triangles) < 1 << 16 else np.int32
        self._owners = [np.empty(pixels, kind) for _ in range(3)]
        self._owners_behind = [np.empty(pixels if behind else 0, kind) for _ in range(3)]
        self._level = np.frexp(np.arange(image_size + 1))[1].astype(np.int8) - np.int8(1)  # floor(log2)
        self._index = np.empty(pixels, np.intp)  # each pixel's triangle; 0: none
        self._slope = np.empty(pixels, np.complex64)  # of the map along x or y
        self._seen = np.empty(4 * pixels, np.uint8)  # the window's pixels
        self._map = np.empty(pixels, np.complex64)  # x + iy in the texture
        self._texels, self._fractions = np.empty((pixels, 2), np.int16), np.empty(pixels, np.uint16)  # the same map
        x = np.repeat(np.arange(image_size, dtype=np.float32), 2)
        self._x = np.tile(x, (image_size, 1))  # for both parts of the map
        self._y = np.repeat(x[::2], 2 * image_size).reshape(self._x.shape)

    def field(self, points: Floats) -> tuple[Floats, Floats]:
        """Where each pixel of the picture comes from: points f32 (V, 3) px, z away from the viewer -> map_x, map_y.

        Both f32 (S, S), px in the texture; views of a buffer that the next call overwrites. Exact inside the mesh;
        pixels that no triangle covers repeat the nearest covered one.
        """
        drawn = self._rasterised(points, opaque=True)
        self._fill_uncovered(drawn)
        return drawn.field[..., 0], drawn.field[..., 1]

    def draw(self, texture: Image, points: Floats, smooth: bool = True) -> Image:
        """The textured mesh: texture uint8 (T, T, C) and points f32 (V, 3) px -> a new picture uint8 (S, S, C).

        With 3 channels it is opaque: pixels that no triangle covers repeat the nearest covered one. With 4, colours
        premultiplied by the last, they are 0, as everything outside of the texture is. smooth: outlines and folds show
        both sides by their shares; otherwise pixels are sampled once, at their centres.
        """
        opaque = texture.shape[2] == 3
        drawn, border = self._rasterised(points, opaque), cv2.BORDER_CONSTANT
        if opaque:
            self._fill_uncovered(drawn)
            texture = cv2.cvtColor(texture, cv2.COLOR_BGR2BGRA)  # pyright: ignore[reportAssignmentType]
            border = cv2.BORDER_REPLICATE
        window = drawn.window
        picture = np.zeros((self.image_size, self.image_size, 4), np.uint8)
        if window.pixels:
            seen = picture[window.slices]
            if not seen.flags.c_contiguous:
                seen = self._seen[: 4 * window.pixels].reshape(seen.shape)
            cv2.remap(texture, *self._fixed_point(drawn.field), cv2.INTER_LINEAR, dst=seen, borderMode=border)
            if smooth:
                smooth_edges(seen, drawn, self._texels_per_pixel)
            if seen.base is not picture:
                picture[window.slices] = seen
        return cast("Image", cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)) if opaque else picture

    @np.errstate(invalid="ignore", over="ignore")  # points that are no numbers: their triangles are not drawn
    def _rasterised(self, points: Floats, opaque: bool) -> Drawn:
        """Owners, field and what else the pixels beside edges need; views of buffers that the next call overwrites.

        opaque: of the whole picture, with the triangles seen from behind behind all others. Otherwise of the part that
        the mesh reaches, without them: a person's back is never seen beside the front.
        """
        if points.shape != (self.points, 3):
            raise ValueError(f"the mesh has {self.points} points, got {points.shape}")
        size = self.image_size
        corners = points.T.astype(np.float64).take(self._corners, axis=1)  # x, y and z of the corners, (3, 3, T)
        flat, depth = corners[:2], corners[2].sum(0)
        doubled = _cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
        area = np.abs(doubled)
        drawable = np.flatnonzero((area > MIN_AREA) & (area < np.inf))  # false for NaN too
        turned = (doubled[drawable] * self._texture_sign[drawable] <= 0) & ~self._opening[drawable]
        if not opaque:
            drawable, turned = drawable[~turned], np.zeros(1, np.bool_)
        depth += 3 * self.image_size * self._opening  # skin that folds over an opening covers it
        far = HIDDEN_BEHIND * turned + SEEN_THROUGH * self._behind[drawable]
        order = drawable[np.argsort(-depth[drawable] - far, kind="stable")]  # far first
        flat, doubled = flat.take(order, axis=2), doubled.take(order)
        planes = half_planes(flat, np.sign(doubled))
        maps = self._affine_maps(flat, doubled, order)
        window = Window(0, 0, size, size) if opaque else window_around(flat, size)
        behind = np.count_nonzero(self._behind[order])
        skin = cut_into_spans(flat[..., behind:], planes[..., behind:], window)
        owner = self._owners_of(skin, window, behind, self._owners)
        if self._opening.any():
            self._open(owner, window, flat, planes, order)
        field = self._field_of(owner, window, maps)
        number = np.full(self._corners.shape[1] + 1, -1)  # in drawing order, of those that are seen from the front
        number[order] = np.arange(len(order))
        number[drawable[turned] if opaque else slice(0)] = -1
        number[:-1][self._opening] = -1  # skin ends at an opening
        beyond = number[self._beyond.take(order, axis=1)]
        sides = np.ascontiguousarray(planes.swapaxes(0, 1), np.float32)
        scratch = self._index[: window.pixels], self._slope.view(np.uint8)[: 4 * window.pixels]
        return Drawn(window, owner, field, sides, beyond, *scratch)

    def _open(self, owner: Owners, window: Window, flat: Doubles, planes: Doubles, order: Indices) -> None:
        """Replace the openings among the owners of a window by what is seen through them, in place.

        flat, planes, order: of all triangles that are drawn, those behind the openings first.
        """
        opening = self._opening.take(order)
        part = window_around(flat[..., opening], self.image_size)
        if not part.pixels:
            return
        behind = np.count_nonzero(self._behind.take(order))
        seen = (
            self._owners_of(
                cut_into_spans(flat[..., :behind], planes[..., :behind], part), part, 0, self._owners_behind
            )
            if behind
            else np.zeros(part.pixels, owner.dtype)
        )
        top, left = part.top - window.top, part.left - window.left
        within = owner.reshape(window.height, window.width)[top : top + part.height, left : left + part.width]
        open_ = np.append(False, opening).take(within)
        np.copyto(within, seen.reshape(part.height, part.width), where=open_)

    def _fixed_point(self, field: Floats) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        """A field (H, W, 2) as whole texels i16 (H, W, 2) and fractions, which `cv2.remap` takes in less time."""
        height, width, _ = field.shape
        texels = self._texels[: height * width].reshape(field.shape)
        fractions = self._fractions[: height * width].reshape(height, width)
        cv2.convertMaps(field, NO_MAP, cv2.CV_16SC2, texels, fractions)
        return texels, fractions

    def _affine_maps(self, flat: Doubles, doubled: Doubles, order: Indices) -> Complexes:
        """Picture px -> texture px as complex numbers: constant, per x, per y; each (1 + M,).

        The first is nowhere, then the triangles in the given order.
        """
        (x, y), inverse = flat, 1 / doubled
        origin, s, t = (part.take(order) for part in self._texture)
        maps = np.zeros((3, 1 + len(order)), np.complex64)
        maps[0, 0] = NOWHERE
        along_x = (s * (y[2] - y[0]) - t * (y[1] - y[0])) * inverse
        along_y = (t * (x[1] - x[0]) - s * (x[2] - x[0])) * inverse
        maps[:, 1:] = origin - along_x * x[0] - along_y * y[0], along_x, along_y
        return maps

    def _owners_of(
        self, parts: Iterable[Spans], window: Window, before: int, buffers: Sequence[NDArray[Any]]
    ) -> Owners:
        """The last of the triangles whose spans hold each pixel of a window; 0 for none: (H * W,).

        Triangles are counted from 1, and `before` more; one of three buffers is returned.

        A span of w pixels is two blocks of 2^k that cover it, the greatest that fit. From the greatest blocks on, each
        is halved, and a block keeps the last of the triangles: pixels cost the same however many triangles hold them.
        """
        first, *spares = (part[: window.pixels] for part in buffers)
        first.fill(0)
        total = None
        for spans in parts:
            owner, spare = self._owners_of_part(spans, before, *spares)
            if total is None:
                total, spares = owner, [spare, first]
            else:
                np.maximum(total, owner, out=total)
                spares = [owner, spare]
        return first if total is None else total

    def _owners_of_part(self, spans: Spans, before: int, owner: Owners, spare: Owners) -> tuple[Owners, Owners]:
        """The owners, and the other one of two buffers."""
        owner.fill(0)
        level = self._level.take(spans.width)  # -1 for those without pixels
        order = np.argsort(level, kind="stable")
        ends = np.bincount(level + 1, minlength=1).cumsum()  # of those without pixels, then of each level
        number = (spans.triangle.take(order) + (1 + before)).astype(owner.dtype)
        first = spans.start.take(order)
        last = first + spans.width.take(order)
        for k in range(len(ends) - 2, -1, -1):
            among = slice(ends[k], ends[k + 1])
            for block in (first[among], last[among] - np.int32(1 << k)):
                owner[block] = np.maximum(owner.take(block), number[among])  # ascending: of equal blocks the last stays
            if k:
                half = 1 << (k - 1)
                spare[:half] = owner[:half]
                np.maximum(owner[half:], owner[:-half], out=spare[half:])
                owner, spare = spare, owner
        return owner, spare

    def _field_of(self, owner: Owners, window: Window, maps: Complexes) -> Floats:
        """Where in the texture each pixel of a window comes from, f32 (H, W, 2)."""
        index = self._index[: window.pixels]
        slope, base = (part[: window.pixels] for part in (self._slope, self._map))
        np.copyto(index, owner)
        shape = (window.height, 2 * window.width)
        field, slopes = base.view(np.float32).reshape(shape), slope.view(np.float32).reshape(shape)
        constant, along_x, along_y = maps
        np.take(constant, index, out=base, mode="clip")
        for along, place in ((along_x, self._x[: shape[0], 2 * window.left :]), (along_y, self._y[window.top :])):
            np.take(along, index, out=slope, mode="clip")
            cv2.accumulateProduct(slopes, place[: shape[0], : shape[1]], field)
        return field.reshape(window.height, window.width, 2)

    def _fill_uncovered(self, drawn: Drawn) -> None:
        """Repeat the nearest covered pixel where the mesh does not reach (rare: its border lies on the frame)."""
        if drawn.owner.min() > 0:
            return
        covered, field = drawn.owner > 0, drawn.field
        if not covered.any():
            field.view(np.complex64)[:] = self._texture[0].mean()
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
