"""Smooth edges: a pixel in which one surface ends in front of another takes its share of both. Numpy and OpenCV only.

The rasteriser asks each pixel at its centre only, which makes stairs of outlines and folds. The few pixels beside an
edge are asked again here, at 4 x 4 places. Which triangle is seen at a place is not looked for in the whole mesh: it is
one of those that own the pixel or one of the eight around it. Every colour is sampled within a triangle that is seen
there, so that no pixel takes a colour that neither side has. A head turned by 25 degrees has 1,000 such pixels of
65,536.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, Image

Indices = NDArray[np.intp]
Complexes = NDArray[np.complex64]

JUMP = 4.0  # pixels' worth of texels that lie between two neighbours on different surfaces
MOST_PIXELS = 1 << 14  # a mesh with more of them is no face: it stays as it is, and takes no more time
PER_SIDE = 4  # places per side of a pixel
PLACES = PER_SIDE * PER_SIDE
STEPS = (np.arange(PER_SIDE, dtype=np.float32) + 0.5) / PER_SIDE - 0.5  # px from a pixel's centre
PLACES_X, PLACES_Y = np.tile(STEPS, PER_SIDE)[:, None], np.repeat(STEPS, PER_SIDE)[:, None]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mesh that has been rasterised; M triangles, the farthest first.

    owner: intp (S * S,), the triangle at each pixel's centre, -1 where there is none. field: f32 (S, S, 2), px in the
    texture. planes: f32 (3, 3, M), for each side of the triangles a, b, c with a x + b y + c >= 0 inside, px of the
    picture. beyond: intp (3, M), the triangle across each side, -1 for none or one seen from behind. maps: picture px
    -> texture px as complex numbers: constant, per x, per y; each (M,).
    """

    owner: Indices
    field: Floats
    planes: Floats
    beyond: Indices
    maps: tuple[Complexes, Complexes, Complexes]


@np.errstate(invalid="ignore", over="ignore")  # planes of triangles that reach far out of the picture
def smooth_edges(picture: Image, texture: Image, drawn: Drawn, texels_per_pixel: float) -> None:
    """Draw the pixels beside an edge anew, into `picture` uint8 (S, S, C).

    texels_per_pixel: how many texels go on a pixel where the mesh is neither stretched nor turned.
    """
    pixels = _beside_edges(drawn.field, JUMP * texels_per_pixel)
    if not 0 < len(pixels) <= MOST_PIXELS:
        return
    y, x = np.array(np.divmod(pixels, len(picture)), np.float32)
    pixel, triangle = _seen_in(drawn, pixels, x, y)
    x, y = x.take(pixel), y.take(pixel)
    nearest = _nearest(len(pixels), pixel, _inside(drawn.planes, triangle, x, y))
    constant, along_x, along_y = (part.take(triangle) for part in drawn.maps)
    constant += along_x * x + along_y * y
    texels = constant.take(nearest, mode="clip")
    texels += along_x.take(nearest, mode="clip") * PLACES_X
    texels += along_y.take(nearest, mode="clip") * PLACES_Y
    unknown = np.flatnonzero(nearest < 0)  # a triangle that owns no pixel, or none: the colour of the pixel's centre
    texels.reshape(-1)[unknown] = drawn.field.view(np.complex64).take(pixels[unknown % len(pixels)])
    no_map: Any = None  # OpenCV takes an interleaved (x, y) map as map1 with no map2
    field = texels.view(np.float32).reshape(PLACES, -1, 2)
    colours = cv2.remap(texture, field, no_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mean = cv2.reduce(colours, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    picture.reshape(len(drawn.owner), -1)[pixels] = np.rint(mean[0])


def _beside_edges(field: Floats, jump: float) -> Indices:
    """The pixels that have a neighbour, along x or y, whose texel lies more than `jump` texels away."""
    size = len(field)
    flat, beside = field.reshape(1, -1), np.zeros(size * size, np.bool_)
    for step in (1, size):
        apart = cv2.absdiff(flat[:, 2 * step :], flat[:, : -2 * step]) > jump
        either = apart[0].view(np.uint16) != 0
        if step == 1:
            either[size - 1 :: size] = False  # the end of a row and the beginning of the next one
        beside[:-step] |= either
        beside[step:] |= either
    return np.flatnonzero(beside)


def _seen_in(drawn: Drawn, pixels: Indices, x: Floats, y: Floats) -> tuple[Indices, Indices]:
    """Pixels at x, y with the triangles that may be seen in them: index into `pixels` and triangle, each (N,).

    Both ascending, which is the farthest first within a pixel. They own the pixel or one of the eight around it, or lie
    across a side that runs through it: along an outline many triangles are too thin to own a pixel.
    """
    owners, most = _owners_around(drawn, pixels), drawn.beyond.shape[1]
    pixel, triangle = _each_once(owners)
    touching, crossed = _sides_in(drawn.planes, triangle, x.take(pixel), y.take(pixel))
    side, at = np.divmod(np.flatnonzero(crossed), len(pixel))
    beyond, into = drawn.beyond[side, triangle.take(at)], pixel.take(at)
    more = np.flatnonzero((beyond >= 0) & (owners.take(into, axis=0) != beyond[:, None]).all(1))
    key = np.unique(into.take(more) * most + beyond.take(more))
    pixel, triangle = pixel[touching], triangle[touching]
    place = np.searchsorted(pixel * most + triangle, key)
    into, beyond = np.divmod(key, most)
    return np.insert(pixel, place, into), np.insert(triangle, place, beyond)


def _owners_around(drawn: Drawn, pixels: Indices) -> Indices:
    """The owners of each pixel and of the eight around it, intp (P, 9), ascending."""
    size = len(drawn.field)
    around = np.add.outer((-size, 0, size), (-1, 0, 1)).ravel()
    owners = drawn.owner.take(pixels[:, None] + around, mode="clip")
    owners.sort(axis=1)
    return owners


def _each_once(owners: Indices) -> tuple[Indices, Indices]:
    """Row and value of an ascending table's entries from 0 on, those that repeat the one before left out."""
    flat, columns = owners.reshape(-1), owners.shape[1]
    wanted = np.ones(len(flat), np.bool_)
    np.not_equal(flat[1:], flat[:-1], out=wanted[1:])
    wanted[::columns] = True  # a row's first is not compared with the last of the row before
    wanted &= flat >= 0
    found = np.flatnonzero(wanted)
    return found // columns, flat.take(found)


def _sides_in(planes: Floats, triangle: Indices, x: Floats, y: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each triangle reaches into its pixel at x, y: (N,); and which of its sides run through it: (3, N)."""
    a, b, c = planes.take(triangle, axis=2).swapaxes(0, 1)
    middle, reach = c + a * x + b * y, STEPS[-1] * (np.abs(a) + np.abs(b))
    touching = (middle >= -reach).all(0)
    return touching, (middle < reach) & touching


def _inside(planes: Floats, triangle: Indices, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Which places of the pixels at x, y (N,) lie inside the triangles: bool (PLACES, N)."""
    least = np.full((PER_SIDE, PER_SIDE, len(triangle)), np.inf, np.float32)
    for side in planes:
        a, b, c = side.take(triangle, axis=1)
        c += a * x + b * y
        down = STEPS[:, None] * b + c
        np.minimum(least, down[:, None] + STEPS[:, None] * a, out=least)
    return least.reshape(PLACES, -1) >= 0


def _nearest(count: int, pixel: Indices, inside: NDArray[np.bool_]) -> Indices:
    """Which of N triangles is seen at every place of `count` pixels: intp (PLACES, count), -1 for none of them."""
    found = np.flatnonzero(inside)
    place = found // len(pixel)
    which = found - place * len(pixel)
    nearest = np.full(PLACES * count, -1)
    nearest[place * count + pixel.take(which)] = which  # where several lie at a place, the last and nearest stays
    return nearest.reshape(PLACES, count)
