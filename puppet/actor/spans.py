"""Triangles cut into spans: the pixels of one row that lie in one triangle. Numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]
Bounds = tuple[Floats, Floats]

SLACK = 1 / 256  # px by which triangles overlap, so that rounding leaves no seams
MAX_LAYERS = 16  # pictures' worth of pixels that are drawn at most; ordinary meshes need about three
MAX_SPANS = 1 << 20  # that are drawn at most; ordinary meshes have 50 for each row of the picture
SPANS_AT_ONCE = 1 << 18  # bounds the memory when a wild mesh covers the picture many times
LEVEL = 1e-9  # px: sides that rise less bound no row
FARTHEST = 1e9  # px from the picture; what lies beyond is drawn as if it were there


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the picture, px."""

    left: int
    top: int
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many it has."""
        return self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the picture."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True, slots=True)
class Spans:
    """R spans, triangle by triangle, each from top to bottom.

    triangle intp (R,). row f32 (R,): y in the picture. start intp (R,): first pixel, counted row by row through the
    window. width intp (R,): px, may be 0.
    """

    triangle: Indices
    row: Floats
    start: Indices
    width: Indices


def half_planes(flat: Doubles, sign: Doubles) -> Doubles:
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


def window_around(flat: Doubles, size: int) -> Window:
    """The part of a picture of side `size` that triangles with corners f64 (2, 3, M) may reach, and a pixel around it.

    Empty without any.
    """
    if not flat.size:
        return Window(0, 0, 0, 0)
    low, high = np.floor(flat.min((1, 2)) - SLACK).clip(0, size), np.ceil(flat.max((1, 2)) + SLACK).clip(-1, size - 1)
    width, height = (high - low + 1).clip(0)
    return Window(int(low[0]), int(low[1]), int(width), int(height))


def cut_into_spans(flat: Doubles, planes: Doubles, window: Window, size: int) -> Iterator[Spans]:
    """The spans of M triangles in a window of a picture of side `size`, in the triangles' order, in parts.

    flat f64 (2, 3, M): corners; planes f64 (3, 3, M): see `half_planes`. Of a wild mesh that covers the picture
    MAX_LAYERS times, or has more than MAX_SPANS, the first triangles, which are the farthest, are left out.
    """
    low, high = flat.min(1) - SLACK, flat.max(1) + SLACK
    begins, ends = window.left, window.left + window.width
    first = np.ceil(low[1]).clip(window.top, window.top + window.height)
    rows = (np.floor(high[1]).clip(window.top - 1, window.top + window.height - 1) - first + 1).clip(0)
    columns = high[0].clip(begins, ends) - low[0].clip(begins, ends) + 1
    begin = max(_first_of(columns * rows, MAX_LAYERS * size * size), _first_of(rows, MAX_SPANS))
    left, right = _bounds(planes, low[0], high[0])
    top, rows = first.astype(np.intp), rows.astype(np.intp)
    through = rows.cumsum()
    while begin < len(rows):  # one round, unless the mesh is wild
        before = int(through[begin] - rows[begin])
        end = max(begin + 1, int(np.searchsorted(through, before + SPANS_AT_ONCE, side="right")))
        part = slice(begin, end)
        triangle = np.repeat(np.arange(begin, end), rows[part])
        row = np.arange(before, int(through[end - 1])) - np.repeat(through[part] - rows[part] - top[part], rows[part])
        y = row.astype(np.float32)
        start = np.ceil(_outermost(left, triangle, y, np.maximum)).clip(begins, ends).astype(np.intp)
        stop = np.floor(_outermost(right, triangle, y, np.minimum)).clip(begins - 1, ends - 1).astype(np.intp)
        width = (stop - start + 1).clip(0)
        yield Spans(triangle, y, (row - window.top) * window.width + start - begins, width)
        begin = end


def _first_of(amounts: Doubles, most: int) -> int:
    """The first of those at the end whose amounts are together at most `most`."""
    if amounts.sum() <= most:
        return 0
    return int(np.searchsorted(-np.cumsum(amounts[::-1])[::-1], -most))


def _bounds(planes: Doubles, low: Doubles, high: Doubles) -> tuple[Bounds, Bounds]:
    """What bounds each triangle's x from the left and from the right, as slope and offset over y: f32 (3, M) each.

    A half-plane bounds x from the left where a > 0. low, high (M,): extent in x; at most two of three sides are on one
    side, so it takes part too.
    """
    a, b, c = planes
    is_left, is_right = a > LEVEL, a < -LEVEL
    inverse = -1 / np.where(is_left | is_right, a, 1.0)
    slope = (b * inverse).clip(-FARTHEST, FARTHEST).astype(np.float32)
    offset = (c * inverse).clip(-FARTHEST, FARTHEST).astype(np.float32)
    low, high = low.clip(-FARTHEST, FARTHEST), high.clip(-FARTHEST, FARTHEST)
    return (
        (slope * is_left, np.where(is_left, offset, low.astype(np.float32))),
        (slope * is_right, np.where(is_right, offset, high.astype(np.float32))),
    )


def _outermost(bounds: Bounds, triangle: Indices, y: Floats, choose: np.ufunc) -> Floats:
    """X f32 (R,) at which the bounds of each `triangle` (R,) end at `y` (R,)."""
    slopes, offsets = bounds
    found = y * slopes[0].take(triangle) + offsets[0].take(triangle)
    for slope, offset in zip(slopes[1:], offsets[1:], strict=True):
        another = slope.take(triangle)
        another *= y
        another += offset.take(triangle)
        choose(found, another, out=found)
    return found
