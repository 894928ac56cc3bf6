"""The layout of an actor's texture: which part of the mesh each texel shows, and frames of the footage laid out so."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.warp import MeshWarp
from puppet.core.types import Floats, Image

Values = TypeVar("Values", Image, Floats)


class Layout:
    """The texels of a texture as places on a mesh.

    triangles i32 (T, 3); texture_points f32 (V, 2) px of a texture of side `texture_size`, which is laid out here with
    `side` texels; `points` f32 (V, 2) are the mesh's in texels of it. Everything that a texel needs is computed once.
    """

    def __init__(self, triangles: NDArray[np.integer], texture_points: Floats, texture_size: int, side: int) -> None:
        self.side = side
        points = (texture_points + 0.5) * (side / texture_size) - 0.5  # (0, 0) is the centre of a texel
        self.points = points.astype(np.float32)
        corners = triangles.reshape(-1)
        apart = np.column_stack([points[corners], np.zeros(len(corners))]).astype(np.float32)
        own = np.arange(len(corners)).reshape(-1, 3)

        def drawn(values: Floats) -> Floats:
            field = MeshWarp(own, values, side).field(apart)
            return np.stack(field, -1)

        numbers = np.repeat(np.arange(len(triangles), dtype=np.float32), 3)
        self.triangle = np.rint(drawn(np.column_stack([numbers, 0 * numbers]))[..., 0]).astype(np.intp)
        second = drawn(np.tile(np.eye(3, dtype=np.float32)[:, 1:], (len(triangles), 1)))
        self._shares = np.concatenate([1 - second.sum(-1, keepdims=True), second], -1)
        self._corners = triangles[self.triangle]
        self.triangles = triangles
        y, x = np.mgrid[:side, :side].astype(np.float32)
        self._texels = np.stack([x, y], -1)
        self._area = _doubled_area(points[triangles])

    def places(self, vertices: Floats) -> Floats:
        """Where each texel lies in a picture with mesh vertices f32 (V, 2 or 3) px: f32 (side, side, 2) px."""
        return (vertices[:, :2][self._corners] * self._shares[..., None]).sum(2).astype(np.float32)

    def resolution(self, vertices: Floats) -> Floats:
        """Pixels of a picture with mesh vertices (V, 2 or 3) px per texel, f32 (side, side); below 0 from behind."""
        area = _doubled_area(vertices[:, :2][self.triangles])
        return (area / np.where(self._area == 0, np.inf, self._area)).astype(np.float32)[self.triangle]

    def unwrap(self, picture: Image, vertices: Floats) -> Image:
        """A picture uint8 (S, S, C) with mesh vertices (V, 2 or 3) px, as a texture uint8 (side, side, C)."""
        return sampled(picture, self.places(vertices))

    def unwrap_moved(self, picture: Image, vertices: Floats, moved: Floats) -> Image:
        """As `unwrap`, each texel from `moved` texels further, f32 (side, side, 2)."""
        places = self.places(vertices)
        return sampled(picture, sampled(places, self._texels + moved))


def sampled(picture: Values, places: Floats) -> Values:
    """A picture uint8 or f32 (H, W, C) sampled at places f32 (..., ..., 2) px, beyond its border as at it."""
    no_map: Any = None  # OpenCV takes an interleaved (x, y) map as map1 with no map2
    found = cv2.remap(picture, places, no_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast("Values", found)


def _doubled_area(corners: Floats) -> Floats:
    """Twice the signed area (T,) of triangles (T, 3, 2)."""
    (ax, ay), (bx, by) = ((corners[:, i] - corners[:, 0]).T for i in (1, 2))
    return ax * by - ay * bx
