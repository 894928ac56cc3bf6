"""Smooth edges: a pixel in which one surface ends in front of another takes its share of both. Numpy and OpenCV only.

The rasteriser asks each pixel at its centre only, which makes stairs of outlines and folds. Here two neighbours that
belong to different surfaces are looked at together: the side at which the nearer one's triangle ends runs between their
centres, and how much of each pixel lies on either side of it is known exactly. Each takes the other's colour for what
it does not show itself, so that no pixel takes a colour that neither side has.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.spans import Indices, Window
from puppet.core.types import Floats, Image

Complexes = NDArray[np.complex64]
Owners = NDArray[np.uint16] | NDArray[np.int32]

JUMP = 4.0  # pixels' worth of texels that lie between two neighbours on different surfaces
ALIKE = 6  # levels: what two neighbours differ by without an edge that can be seen
MOST_PAIRS = 1 << 14  # a mesh with more of them is no face: it stays as it is, and takes no more time
FARTHER = 5  # triangles of the nearer surface, thinner than a pixel, that are followed to where it ends
LEAST_SLOPE = np.float32(0.01)  # px by which an edge leans within a pixel at least, so that nothing is divided by 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mesh that has been rasterised, in a window of H x W px; M triangles, the farthest first.

    owner: (H * W,), the triangle at each pixel's centre, counted from 1, 0 where there is none. field: f32 (H, W, 2),
    px in the texture. planes: f32 (3: sides; 3: a, b, c; M), a x + b y + c >= 0 inside, px of the picture. beyond: intp
    (3, M), the triangle across each side, -1 for none or one seen from behind. slots intp (H * W,) and bytes uint8
    (4 * H * W,): memory that is overwritten; fresh memory takes as long as all else.
    """

    window: Window
    owner: Owners
    field: Floats
    planes: Floats
    beyond: Indices
    slots: Indices
    bytes: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pairs:
    """N pairs of neighbours with an edge between them; the first `across` side by side, others above each other.

    near, far: pixels of the window, counted row by row, the one whose triangle is in front and the other. triangle:
    of the near one. forward: f32, 1 where the far one has the higher number, otherwise -1.
    """

    near: Indices
    far: Indices
    triangle: Indices
    forward: Floats
    across: int


@np.errstate(all="ignore")  # planes of triangles that reach far out of the picture
def smooth_edges(picture: Image, drawn: Drawn, texels_per_pixel: float) -> None:
    """Mix the pixels beside an edge, in `picture` uint8 (H, W, 4), which was sampled once a pixel.

    texels_per_pixel: how many texels go on a pixel where the mesh is neither stretched nor turned.
    """
    pairs = _pairs(picture, drawn, JUMP * texels_per_pixel)
    if not 0 < len(pairs.near) <= MOST_PAIRS:
        return
    end, leaning, found = _edge_between(drawn, pairs)
    near, far = pairs.near[found], pairs.far[found]
    shares = np.append(1 - _share(end, leaning), _share(end - 1, leaning))
    _mix(picture, drawn.slots, np.append(near, far), np.append(far, near), shares)


def _pairs(picture: Image, drawn: Drawn, jump: float) -> Pairs:
    """The pairs of neighbours, along x or y, whose texels lie more than `jump` texels apart and that look different."""
    owner, width, texels = drawn.owner, drawn.window.width, drawn.field.view(np.complex64).reshape(-1)
    pixels, found = picture.reshape(1, -1), list[Indices]()
    apart = drawn.bytes.reshape(1, -1)
    for step in (1, width):
        some = cv2.absdiff(pixels[:, 4 * step :], pixels[:, : -4 * step], dst=apart[:, 4 * step :])
        cv2.threshold(some, ALIKE, 1, cv2.THRESH_BINARY, dst=some)
        differ = some[0].view(np.int32) != 0
        differ &= owner[step:] != owner[:-step]
        pair = np.flatnonzero(differ)
        if step == 1:
            pair = pair[pair % width != width - 1]  # not the end of a row and the beginning of the next one
        ways = texels.take(pair + step)
        ways -= texels.take(pair)
        found.append(pair[np.maximum(np.abs(ways.real), np.abs(ways.imag)) > jump])
    first = np.concatenate(found)
    second = first + np.repeat((1, width), [len(pair) for pair in found])
    one, other = owner.take(first).astype(np.intp), owner.take(second).astype(np.intp)
    nearer = one > other
    near, far = np.where(nearer, first, second), np.where(nearer, second, first)
    forward = np.where(nearer, np.float32(1), np.float32(-1))
    return Pairs(near, far, np.maximum(one, other) - 1, forward, len(found[0]))


def _edge_between(drawn: Drawn, pairs: Pairs) -> tuple[Floats, Floats, Indices]:
    """Where the nearer surface ends between two pixels: px from the near one's centre, and how much its end leans.

    Both f32 (N,), and which pairs they are of. Leaning: px along the pair for each px across. Pairs along which an edge
    leans by more than 1 are left out: those along the other axis show it.
    """
    y, x = np.divmod(pairs.near, drawn.window.width)
    y, x = (y + drawn.window.top).astype(np.float32), (x + drawn.window.left).astype(np.float32)
    at, triangle = np.arange(len(x)), pairs.triangle
    end, leaning = np.zeros(len(x), np.float32), np.zeros(len(x), np.float32)
    for follow in range(FARTHER):
        a, b, c = drawn.planes.take(triangle, axis=2).swapaxes(0, 1)
        inside = a * x.take(at) + b * y.take(at) + c
        across = int(np.searchsorted(at, pairs.across))
        along = np.concatenate([a[:, :across], b[:, across:]], 1) * pairs.forward.take(at)
        lean = np.concatenate([b[:, :across], a[:, across:]], 1) / along
        first, second, third = np.where(along < 0, inside / -along, np.float32(np.inf))
        side = np.where(first <= second, np.where(first <= third, 0, 2), np.where(second <= third, 1, 2))
        last = np.minimum(np.minimum(first, second), third)
        if not follow:
            np.minimum(last, 1, out=last)
        later = last > end.take(at)
        farther = at[later] if follow else at
        end[farther] = last[later] if follow else last
        leaning[farther] = np.abs(lean[side, np.arange(len(at))])[later if follow else slice(None)]
        triangle = drawn.beyond[side, triangle]
        more = np.flatnonzero((triangle >= 0) & (last <= 1))
        at, triangle = at[more], triangle[more]
        if not len(at):
            break
    found = np.flatnonzero((end <= 1) & (leaning <= 1))
    return end[found], leaning[found], found


def _share(distance: Floats, leaning: Floats) -> Floats:
    """How much of a pixel lies before an edge at `distance` px from its centre that leans by up to 1."""
    lean = np.maximum(leaning, LEAST_SLOPE)
    low, high = distance + (1 - lean) / 2, distance + (1 + lean) / 2

    def ramp(value: Floats) -> Floats:  # twice the integral of what is between 0 and 1
        inside = np.clip(value, 0, 1)
        return inside * inside + 2 * np.maximum(value - 1, 0)

    return (ramp(high) - ramp(low)) / (2 * lean)


def _mix(picture: Image, slot: Indices, pixels: Indices, others: Indices, shares: Floats) -> None:
    """Give each pixel its share of another one's colour: (N,) each; a pixel may be there several times.

    slot (H * W,): is overwritten.
    """
    colours = picture.reshape(-1).view(np.uint32)
    slot[pixels] = np.arange(len(pixels))  # of those that are there several times the last one's
    slots = slot.take(pixels)
    own, other = (colours.take(some).view(np.uint8).reshape(-1, 4).T.astype(np.float32) for some in (pixels, others))
    other -= own
    other *= shares
    total = np.bincount(slots, shares, len(pixels)).clip(1)
    for colour, change in zip(own, other, strict=True):
        colour += np.bincount(slots, change, len(pixels)) / total
    once = np.flatnonzero(slots == np.arange(len(pixels)))
    mixed = np.ascontiguousarray(np.rint(own.T[once]).astype(np.uint8))
    colours[pixels[once]] = mixed.view(np.uint32)[:, 0]
