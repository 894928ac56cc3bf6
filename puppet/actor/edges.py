"""Smooth edges: pixels where one surface ends in front of another take their share of both. Numpy and OpenCV only.

The rasteriser asks once per pixel, at its centre, so outlines and folds come out as stairs. Here the few pixels beside
such an edge are asked again at 4 x 4 places. Which triangle lies at a place is not looked for in the whole mesh: it is
one of those that own the pixel or one of the eight around it. Every colour is sampled within a triangle that is seen
there, so that no pixel takes a colour that neither side has. About 900 pixels of a turned head at 256 px.
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

JUMP = 5.0  # neighbours whose texels lie this many pixels' worth of texture apart belong to different surfaces
MOST_PIXELS = 1 << 14  # a mesh with more of them is no face and stays as it is; OpenCV's remap takes twice as many rows
PER_SIDE = 4  # places per side of a pixel
PLACES = PER_SIDE * PER_SIDE
_steps = (np.arange(PER_SIDE, dtype=np.float32) + 0.5) / PER_SIDE - 0.5  # px from a pixel's centre
PLACES_AS_ROWS = np.stack([np.tile(_steps, PER_SIDE), np.repeat(_steps, PER_SIDE), np.ones(PLACES, np.float32)])
PLACES_X, PLACES_Y = PLACES_AS_ROWS[0, :, None], PLACES_AS_ROWS[1, :, None]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mesh that has been rasterised; M triangles, the farthest first.

    owner: intp (S * S,), the triangle at each pixel's centre, -1 where there is none. field: f32 (S, S, 2), px in the
    texture. planes: f32 (3, M, 3), for each side of the triangles a, b, c with a x + b y + c >= 0 inside, px of the
    picture. maps: picture px -> texture px as complex numbers: constant, per x, per y; each (M,).
    """

    owner: Indices
    field: Floats
    planes: Floats
    maps: tuple[Complexes, Complexes, Complexes]


def smooth_edges(picture: Image, texture: Image, drawn: Drawn, texels_per_pixel: float) -> None:
    """Draw the pixels beside an edge anew, into `picture` uint8 (S, S, C).

    texels_per_pixel: how many texels go on a pixel where the mesh is neither stretched nor turned.
    """
    pixels = _beside_edges(drawn.field, JUMP * texels_per_pixel)
    if not 0 < len(pixels) <= MOST_PIXELS:
        return
    pixel, triangle = _seen_around(drawn, pixels)
    y, x = np.divmod(pixels, len(picture))
    x, y = x.astype(np.float32).take(pixel), y.astype(np.float32).take(pixel)
    nearest = _nearest(len(pixels), pixel, _inside(drawn.planes, triangle, x, y))
    constant, along_x, along_y = (part.take(triangle) for part in drawn.maps)
    constant += along_x * x + along_y * y
    texels = constant.take(nearest, mode="clip")
    texels += along_x.take(nearest, mode="clip") * PLACES_X
    texels += along_y.take(nearest, mode="clip") * PLACES_Y
    nowhere = np.flatnonzero(nearest < 0)  # too small a triangle, or none: the colour of the pixel's centre
    texels.reshape(-1)[nowhere] = drawn.field.view(np.complex64).take(pixels[nowhere % len(pixels)])
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


def _seen_around(drawn: Drawn, pixels: Indices) -> tuple[Indices, Indices]:
    """Each pixel with every triangle that owns it or one of the eight around it, each (N,).

    pixel: index into `pixels`, ascending; triangle: ascending within a pixel, which is the farthest first.
    """
    size = len(drawn.field)
    around = np.add.outer((-size, 0, size), (-1, 0, 1)).ravel()
    owners = drawn.owner.take(pixels[:, None] + around, mode="clip")
    owners.sort(axis=1)
    flat = owners.reshape(-1)
    wanted = np.ones(len(flat), np.bool_)
    np.not_equal(flat[1:], flat[:-1], out=wanted[1:])
    wanted[:: len(around)] = True  # a pixel's first is not compared with the last of the pixel before
    wanted &= flat >= 0
    found = np.flatnonzero(wanted)
    return found // len(around), flat.take(found)


def _inside(planes: Floats, triangle: Indices, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Which places of the pixels at x, y (N,) lie inside the triangles: bool (N, PLACES)."""
    least: Floats | None = None
    for side in planes:
        a, b, c = side.take(triangle, axis=0).T
        distance = np.column_stack([a, b, c + a * x + b * y]) @ PLACES_AS_ROWS
        least = distance if least is None else np.minimum(least, distance, out=least)
    return least >= 0


def _nearest(pixels: int, pixel: Indices, inside: NDArray[np.bool_]) -> Indices:
    """Which of N triangles is seen at every place: intp (PLACES, pixels), -1 for none of them."""
    found = np.flatnonzero(inside)
    which = found >> 4
    nearest = np.full(PLACES * pixels, -1)
    nearest[(found & (PLACES - 1)) * pixels + pixel.take(which)] = which  # where several lie, the last and nearest stays
    return nearest.reshape(PLACES, pixels)
