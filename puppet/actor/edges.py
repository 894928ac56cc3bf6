"""Smooth edges: a pixel in which one surface ends in front of another takes its share of both. Numpy and OpenCV only.

The rasteriser asks each pixel at its centre only, which makes stairs of outlines and folds. The few pixels beside an
edge are asked again here, at 4 x 4 places, of a person at 3 x 3. Which triangle is seen at a place is not looked for in
the whole mesh: it is one of those that own the pixel or one of the eight around it. Every colour is sampled within a
triangle that is seen there, so that no pixel takes a colour that neither side has. A head turned by 25 degrees has
1,000 such pixels of 65,536.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.spans import Indices, Window
from puppet.core.types import Floats, Image

Complexes = NDArray[np.complex64]

NO_MAP: Any = None  # OpenCV takes an interleaved (x, y) map as map1 with no map2
NOWHERE = np.complex64(-1e4 - 1e4j)  # texture px where there is no triangle: far outside of every texture
JUMP = 4.0  # pixels' worth of texels that lie between two neighbours on different surfaces
ALIKE = 4  # levels: what two neighbours of a person differ by without an edge that can be seen
MOST_PIXELS = 1 << 14  # a mesh with more of them is no face: it stays as it is, and takes no more time
OPAQUE_PER_SIDE = 4  # places per side of a pixel
PERSON_PER_SIDE = 3  # 41 dB and more against the mesh drawn at four times the size; with 4, 43, and a fifth more time


class Places:
    """Where in a pixel its edges are asked for.

    steps: f32 (K,), px from the pixel's centre along either side. x, y: f32 (K * K, 1), of every place.
    """

    def __init__(self, per_side: int) -> None:
        self.steps = (np.arange(per_side, dtype=np.float32) + 0.5) / per_side - 0.5
        self.x, self.y = np.tile(self.steps, per_side)[:, None], np.repeat(self.steps, per_side)[:, None]


OPAQUE, PERSON = Places(OPAQUE_PER_SIDE), Places(PERSON_PER_SIDE)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mesh that has been rasterised, in a window of H x W px; M triangles, the farthest first.

    owner: i32 (H * W,), the number of the span at each pixel's centre, 0 where there is none. triangle: intp, of each
    number, -1 for 0. field: f32 (H, W, 2), px in the texture. planes: f32 (3, 3, M), for each side of the triangles a,
    b, c with a x + b y + c >= 0 inside, px of the picture. beyond: intp (3, M), the triangle across each side, -1 for
    none or one seen from behind. maps: picture px -> texture px as complex numbers: constant, per x, per y; each (M,).
    """

    window: Window
    owner: NDArray[np.int32]
    triangle: Indices
    field: Floats
    planes: Floats
    beyond: Indices
    maps: tuple[Complexes, Complexes, Complexes]


@np.errstate(invalid="ignore", over="ignore")  # planes of triangles that reach far out of the picture
def smooth_edges(
    picture: Image, texture: Image, drawn: Drawn, whole: NDArray[np.int16], texels_per_pixel: float, border: int
) -> None:
    """Draw the pixels beside an edge anew, into `picture` uint8 (H, W, 4), which was sampled once a pixel.

    whole: i16 (H, W, 2), the field's whole texels. texels_per_pixel: how many texels go on a pixel where the mesh is
    neither stretched nor turned. border: OpenCV's, of the texture; BORDER_CONSTANT: where the mesh ends is nothing.
    """
    ends = border == cv2.BORDER_CONSTANT
    places = PERSON if ends else OPAQUE
    pixels = _beside_edges(drawn.field, whole, JUMP * texels_per_pixel, picture if ends else None)
    if not 0 < len(pixels) <= MOST_PIXELS:
        return
    rows, columns = np.divmod(pixels, drawn.window.width)
    y, x = (rows + drawn.window.top).astype(np.float32), (columns + drawn.window.left).astype(np.float32)
    owners = _owners_around(drawn, pixels)
    pixel, triangle = _seen_in(drawn, owners, x, y, places.steps)
    if not len(triangle):  # far from the mesh, where pixels repeat the nearest one
        return
    x, y = x.take(pixel), y.take(pixel)
    nearest = _nearest(len(pixels), pixel, _inside(drawn.planes, triangle, x, y, places.steps))
    constant, along_x, along_y = (part.take(triangle) for part in drawn.maps)
    constant += along_x * x + along_y * y
    texels = constant.take(nearest, mode="clip")
    texels += along_x.take(nearest, mode="clip") * places.x
    texels += along_y.take(nearest, mode="clip") * places.y
    unknown = np.flatnonzero(nearest < 0)  # a triangle that owns no pixel, or none: the colour of the pixel's centre
    centres = drawn.field.view(np.complex64).take(pixels)
    if ends:
        centres[owners[:, 0] < 0] = NOWHERE
    texels.reshape(-1)[unknown] = centres[unknown % len(pixels)]
    field = texels.view(np.float32).reshape(len(places.x), -1, 2)
    colours = cv2.remap(texture, field, NO_MAP, cv2.INTER_LINEAR, borderMode=border)
    mean = np.rint(cv2.reduce(colours, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]).astype(np.uint8)
    picture.view(np.uint32)[rows, columns] = mean.view(np.uint32)


def _beside_edges(field: Floats, whole: NDArray[np.int16], jump: float, person: Image | None) -> Indices:
    """The pixels that have a neighbour, along x or y, whose texel lies more than `jump` texels away.

    person: uint8 (H, W, 4); pairs of neighbours that look alike are left out, as those that show nothing of it.
    """
    width, least = field.shape[1], math.floor(jump - 1.1)  # whole texels are nearer by one at most
    whole, texels = whole.reshape(1, -1), field.reshape(-1, 2)
    beside = np.zeros(len(texels), np.bool_)
    for step in (1, width):
        apart = cv2.absdiff(whole[:, 2 * step :], whole[:, : -2 * step])
        cv2.threshold(apart, least, 1, cv2.THRESH_BINARY, dst=apart)
        pair = np.flatnonzero(apart[0].view(np.int32) != 0)
        if step == 1:
            pair = pair[pair % width != width - 1]  # not the end of a row and the beginning of the next one
        if person is not None:
            pair = pair[_differ(person, pair, pair + step)]
        pair = pair[(np.abs(texels.take(pair + step, axis=0) - texels.take(pair, axis=0)) > jump).any(1)]
        beside[pair] = True
        beside[pair + step] = True
    return np.flatnonzero(beside)


def _differ(picture: Image, one: Indices, other: Indices) -> Indices:
    """The places in a list of pairs of pixels (N,), counted row by row, of those that can be told apart."""
    pixels, width = picture.view(np.uint32)[..., 0], picture.shape[1]
    first, second = (pixels[np.divmod(pixel, width)] for pixel in (one, other))
    found = np.flatnonzero(first != second)  # hardly any where the mesh ends in nothing
    colours, others = (some.take(found).view(np.uint8) for some in (first, second))
    return found[(cv2.absdiff(colours, others).reshape(-1, 4) > ALIKE).any(1)] if len(found) else found


def _seen_in(drawn: Drawn, owners: Indices, x: Floats, y: Floats, steps: Floats) -> tuple[Indices, Indices]:
    """Pixels at x, y (P,) with the triangles that may be seen in them: index into them and triangle, each (N,).

    owners (P, 9): see `_owners_around`. Both ascending, which is the farthest first within a pixel. They own the pixel
    or one of the eight around it, or lie across a side that runs through it: along an outline many triangles are too
    thin to own a pixel.
    """
    most = drawn.beyond.shape[1]
    pixel, triangle = _each_once(owners)
    touching, crossed = _sides_in(drawn.planes, triangle, x.take(pixel), y.take(pixel), steps[-1])
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
    width = drawn.window.width
    around = np.add.outer((-width, 0, width), (-1, 0, 1)).ravel()
    owners = drawn.triangle.take(drawn.owner.take(pixels[:, None] + around, mode="clip"))
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


def _sides_in(
    planes: Floats, triangle: Indices, x: Floats, y: Floats, furthest: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each triangle reaches into its pixel at x, y: (N,); and which of its sides run through it: (3, N).

    furthest: of the places from the pixel's centre, px.
    """
    a, b, c = planes.take(triangle, axis=2).swapaxes(0, 1)
    middle, reach = c + a * x + b * y, furthest * (np.abs(a) + np.abs(b))
    touching = (middle >= -reach).all(0)
    return touching, (middle < reach) & touching


def _inside(planes: Floats, triangle: Indices, x: Floats, y: Floats, steps: Floats) -> NDArray[np.bool_]:
    """Which places of the pixels at x, y (N,) lie inside the triangles: bool (K * K, N). steps (K,): see `Places`."""
    least = np.full((len(steps), len(steps), len(triangle)), np.inf, np.float32)
    for side in planes:
        a, b, c = side.take(triangle, axis=1)
        c += a * x + b * y
        down = steps[:, None] * b + c
        np.minimum(least, down[:, None] + steps[:, None] * a, out=least)
    return least.reshape(len(steps) ** 2, -1) >= 0


def _nearest(count: int, pixel: Indices, inside: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Which of N triangles is seen at every place of `count` pixels: i32 (places, count), -1 for none of them.

    pixel (N,), ascending. inside (places, N). Where several lie at a place, the last and nearest is seen.
    """
    begins = np.flatnonzero(np.append(True, pixel[1:] != pixel[:-1]))
    which = inside * np.arange(1, len(pixel) + 1, dtype=np.int32)
    found = np.maximum.reduceat(which, begins, axis=1) - np.int32(1)
    if len(begins) == count:
        return found
    nearest = np.full((len(inside), count), -1, np.int32)
    nearest[:, pixel[begins]] = found
    return nearest
