"""Triangles cut into spans: the pixels of one row that lie in one triangle. Numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

SLACK = 1 / 256  # px by which triangles overlap, so that rounding leaves no seams
MAX_SPANS = 1 << 20  # that are drawn at most; ordinary meshes have 50 for each row of the picture
SPANS_AT_ONCE = 1 << 18  # bounds the memory when a wild mesh covers the picture many times
LEVEL = 1e-9  # px: sides that rise less bound no row
FARTHEST = 1e9  # px from the picture; what lies beyond is drawn as if it were there
NO_SLOPE = 1e300  # of sides that bound nothing
SIDES = np.array([1.0, -1]).reshape(2, 1, 1, 1)  # left, right
ABOVE = np.array([1.0, -1]).reshape(1, 2, 1, 1)  # and below


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
    """R spans, triangle by triangle.

    triangle intp (R,). start i32 (R,): first pixel, counted row by row through the window. width i32 (R,): px, may be
    0.
    """

    triangle: Indices
    start: NDArray[np.int32]
    width: NDArray[np.int32]


def half_planes(flat: Doubles, sign: Doubles) -> Doubles:
    """Sides of triangles f64 (2, 3, M) as half-planes a x + b y + c >= 0, widened by SLACK: f64 (3: a, b, c; 3, M).

    sign (M,): of the triangles' areas.
    """
    x, y = flat
    planes = np.empty((3, *x.shape))
    a, b, c = planes
    np.multiply(y - y[[1, 2, 0]], sign, out=a)
    np.multiply(x[[1, 2, 0]] - x, sign, out=b)
    np.subtract(SLACK * np.sqrt(a * a + b * b) - a * x, b * y, out=c)
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


def cut_into_spans(flat: Doubles, planes: Doubles, window: Window) -> Iterator[Spans]:
    """The spans of M triangles in a window of the picture, in the triangles' order, in parts.

    flat f64 (2, 3, M): corners; planes f64 (3, 3, M): see `half_planes`. Of a wild mesh that has more than MAX_SPANS
    the first triangles, which are the farthest, are left out. A triangle is two trapezoids: above and below the row
    where the two sides that are on the same side of it cross.
    """
    low, high = flat.min(1) - SLACK, flat.max(1) + SLACK
    bottom, end = window.top + window.height, window.left + window.width
    first = np.ceil(low[1]).clip(window.top, bottom)
    beyond = (np.floor(high[1]) + 1).clip(first, bottom)
    lines, crossing = _lines(planes)
    middle = np.ceil(crossing).clip(first, beyond)
    bounds = np.empty((6, len(first), 2), np.float32)  # of trapezoids: left slope and offset, right; least, most
    bounds[:4] = lines.transpose(0, 2, 1)
    bounds[4] = low[0].clip(window.left, end)[:, None]
    bounds[5] = high[0].clip(window.left - 1, end - 1)[:, None]
    left, left_offset, right, right_offset, least, most = bounds.reshape(6, -1)
    rows = np.stack([middle - first, beyond - middle], -1).reshape(-1).astype(np.intp)
    top = np.stack([first, middle], -1).reshape(-1).astype(np.intp)
    through = rows.cumsum()
    begin = _first_of(rows, MAX_SPANS)
    while begin < len(rows):  # one round, unless the mesh is wild
        before = int(through[begin] - rows[begin])
        stop = max(begin + 1, int(np.searchsorted(through, before + SPANS_AT_ONCE, side="right")))
        part = slice(begin, stop)
        at = np.repeat(np.arange(begin, stop), rows[part])
        row = np.arange(before, int(through[stop - 1]), dtype=np.int32)
        row -= (through - rows - top).astype(np.int32).take(at)
        y = row.astype(np.float32)
        start, width = y * left.take(at), y * right.take(at)
        start += left_offset.take(at)
        width += right_offset.take(at)
        np.ceil(np.maximum(start, least.take(at), out=start), out=start)
        np.minimum(start, end, out=start)
        np.floor(np.minimum(width, most.take(at), out=width), out=width)
        width -= start
        np.maximum(width, -1, out=width)  # where a triangle ends left of the window
        row -= window.top
        row *= window.width
        row += start.astype(np.int32)
        row -= window.left
        yield Spans(at >> 1, row, width.astype(np.int32) + np.int32(1))
        begin = stop


def _first_of(amounts: Indices, most: int) -> int:
    """The first of those at the end whose amounts are together at most `most`."""
    if amounts.sum() <= most:
        return 0
    return int(np.searchsorted(-np.cumsum(amounts[::-1])[::-1], -most))


def _lines(planes: Doubles) -> tuple[Doubles, Doubles]:
    """What bounds triangles from left and right above and below a row: (4: slopes, offsets; 2, M), and the row (M,).

    A half-plane bounds x from the left where a > 0, from the right where a < 0; at most two of three are on one side.
    Of two that bound it from the left the one with the least slope does so above, from the right the one with the most.
    """
    a, b, c = planes
    inverse = -1 / np.where(np.abs(a) > LEVEL, a, np.inf)
    slope, offset = b * inverse, c * inverse
    keys = np.where(SIDES * a > LEVEL, (SIDES * ABOVE) * slope, NO_SLOPE)  # (2: left, right; 2: above, below; 3, M)
    first, second, third = keys.transpose(2, 0, 1, 3)
    before = second < first
    least = np.where(before, second, first)
    last = third < least
    slopes = np.where(last, third, least) * (SIDES * ABOVE)[:, :, 0]
    offsets = np.where(last, offset[2], np.where(before, offset[1], offset[0]))
    apart = slopes[:, 1] - slopes[:, 0]
    apart[apart == 0] = np.inf  # one line only
    crossing = (offsets[:, 0] - offsets[:, 1]) / apart
    return np.stack([slopes, offsets], 1).reshape(4, 2, -1).clip(-FARTHEST, FARTHEST), crossing[0] + crossing[1]
