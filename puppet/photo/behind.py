"""What lies behind the skin of an actor from one picture: eyeballs, completed from what is seen of them, and teeth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, Image
from puppet.face.landmarks import IRIS_LEFT, IRIS_RIGHT
from puppet.head.filling import fill
from puppet.head.layout import Layout, sampled
from puppet.head.openings import EYES
from puppet.head.vertices import EYEBALL_COLUMNS, EYEBALLS, FOOT, teeth_in_texture
from puppet.photo.shared import Shared

LID = 0.16  # of an eye's opening: how far from the lids the eyeball is believed: lashes and their shadow lie nearer
IRIS_EDGE = 0.12  # of the iris's radius: how soft its edge is
LEAST_WHITE = 12  # texels of the sclera that must be seen to know its colour
UNDER_LID = 0.93  # how bright a sclera is that lids hid, of what is seen of it
DARKER = 0.5  # how bright a sclera is in the corners, of what it is beside the iris


def eyeballs(texture: Floats, picture: Image, points: Floats, vertices: Floats, layout: Layout) -> None:
    """Write both eyeballs' pictures into a texture f32 (T, T, 4), in place.

    points: the tracked face f32 (478, 3) px; vertices: of the mesh in the picture, whose irises are as tracked.
    """
    side = len(texture)
    rows = slice(round((1 - FOOT) * side), side)
    found = []
    for number, (eye, iris) in enumerate(zip(EYES, (IRIS_RIGHT, IRIS_LEFT), strict=True)):
        columns = slice(*(round(share * side) for share in EYEBALL_COLUMNS[number]))
        corner = EYEBALLS + 4 * number
        found.append((rows, columns, *_eye(picture, points, eye.rim, iris, vertices, corner, layout)))
    trust = [np.count_nonzero(iris_seen) for *_, iris_seen in found]
    for number, (down, along, seen, known, disc, iris_seen) in enumerate(found):
        other = found[1 - number]
        if trust[number] < 0.4 * trust[1 - number]:  # hardly open, or turned away: the other eye's, mirrored
            seen, known, disc, iris_seen = (np.ascontiguousarray(part[:, ::-1]) for part in other[2:])
        texture[down, along, :3] = _completed(seen, known, disc)
        texture[down, along, 3] = 255


Part = tuple[Floats, NDArray[np.bool_], Floats, NDArray[np.bool_]]


def _eye(
    picture: Image, points: Floats, rim: tuple[int, ...], iris: tuple[int, ...], vertices: Floats, corner: int,
    layout: Layout,
) -> Part:  # fmt: skip
    """An eyeball's picture f32 (H, W, 3), where it is known, distance from the iris's middle in radii, iris seen."""
    side = layout.side
    left, top = layout.points[corner]
    right, bottom = layout.points[corner + 2]
    height = round(FOOT * side)
    x0 = round(left - 1.5) if left > side * 0.01 else 0
    y, x = np.mgrid[side - height : side, x0 : x0 + side // 4].astype(np.float32)
    s, t = (x - left) / (right - left), (y - top) / (bottom - top)
    a, b, _, d = vertices[corner : corner + 4, :2]
    places = (a + s[..., None] * (b - a) + t[..., None] * (d - a)).astype(np.float32)
    seen = sampled(picture.astype(np.float32), places)
    outline = points[list(rim), :2]
    opened = _opened(outline)
    inside = np.array(
        [
            cv2.pointPolygonTest(outline.astype(np.float32), (float(px), float(py)), measureDist=True)
            for px, py in places.reshape(-1, 2)
        ]
    ).reshape(x.shape)
    centre = points[iris[0], :2]
    radius = float(np.linalg.norm(points[list(iris[1:]), :2] - centre, axis=1).mean())
    offset = (places - centre) @ np.linalg.inv(np.column_stack([b - a, d - a])).T
    unit = np.array([np.linalg.norm(d - a) * 0.82 / 0.5, np.linalg.norm(d - a)]) / radius
    disc = np.linalg.norm(offset * unit, axis=-1).astype(np.float32)
    known = inside > LID * opened
    return seen, known, disc, known & (disc < 1)


def _opened(outline: Floats) -> float:
    """How far apart the lids are, px."""
    half = len(outline) // 2
    gaps = [np.linalg.norm(outline[i] - outline[-i]) for i in range(1, half)]
    return float(np.max(gaps))


def _completed(seen: Floats, known: NDArray[np.bool_], disc: Floats) -> Floats:
    """An eyeball's picture with sclera and iris where lids hid them."""
    iris, white = known & (disc < 1 - IRIS_EDGE), known & (disc > 1 + IRIS_EDGE)
    colours = seen[white]
    if len(colours) < LEAST_WHITE:
        colours = np.array([[150.0, 155.0, 165.0]], np.float32)
    mean = np.median(colours[colours.sum(1) >= np.quantile(colours.sum(1), 0.3)], 0)
    away = (disc - 1).clip(0)
    shade = UNDER_LID * (DARKER + (1 - DARKER) * np.exp(-((away / 0.9) ** 2)))
    smooth = mean * shade[..., None]
    sclera = fill(np.where(white[..., None], seen, 0).astype(np.float32), white) if white.any() else smooth
    near = np.exp(-((cv2.distanceTransform((~white).astype(np.uint8), cv2.DIST_L2, 5) / 6) ** 2))[..., None]
    trusted = (sclera.sum(-1, keepdims=True) > 0.7 * mean.sum()).astype(np.float32)  # not lashes or the lid
    near = cv2.GaussianBlur((near * trusted).astype(np.float32), (0, 0), 2)[..., None]
    sclera = smooth + near * (sclera - smooth)
    profile = _profile(seen, iris, disc)
    soft = cv2.GaussianBlur(iris.astype(np.float32), (0, 0), 1.5)[..., None] * iris[..., None]
    disc_colours = profile + soft * (seen - profile)
    inner = np.clip((1 + IRIS_EDGE / 2 - disc) / IRIS_EDGE, 0, 1)[..., None]
    return (sclera + inner * (disc_colours - sclera)).astype(np.float32)


def _profile(seen: Floats, iris: NDArray[np.bool_], disc: Floats) -> Floats:
    """The iris's mean colour by distance from its middle."""
    bins = 24
    place = np.minimum((disc * bins).astype(int), bins - 1)
    total = np.stack([np.bincount(place[iris], seen[iris, c], bins) for c in range(3)], 1)
    count = np.bincount(place[iris], minlength=bins)[:, None]
    known = count[:, 0] > 0
    if not known.any():
        return np.full_like(seen, 40)
    means = total / np.maximum(count, 1)
    radii = np.arange(bins)
    means = np.stack([np.interp(radii, radii[known], means[known, c]) for c in range(3)], 1)
    at = (disc * bins - 0.5).clip(0, bins - 1)
    return np.stack([np.interp(at, radii, means[:, c]) for c in range(3)], -1).astype(np.float32)


def teeth(texture: Floats, texture_points: Floats, shared: Shared) -> None:
    """Write teeth, gums and the dark between them into a texture f32 (T, T, 4), in place, in the light of its face."""
    skin = np.median([_around(texture, texture_points[i]) for i in (205, 425, 50, 280, 4)], 0)
    gain = skin / np.maximum(shared.skin, 1)
    light = float(gain.mean())
    gain = (light * (gain / light) ** 0.9).clip(0.2, 1.1)
    for part, (rows, columns) in zip((shared.upper, shared.lower), teeth_in_texture(len(texture)), strict=True):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        larger = cv2.resize(part.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        texture[rows, columns, :3] = (larger * gain).clip(0, 255)
        texture[rows, columns, 3] = 255


def _around(texture: Floats, point: Floats) -> Floats:
    x, y = point.round().astype(int)
    return texture[y - 8 : y + 9, x - 8 : x + 9, :3].reshape(-1, 3).mean(0)
