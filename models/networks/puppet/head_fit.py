"""The shape of a person's head and neck, found by drawing their footage anew.

No landmark lies on hair, ears and neck. A shape is as good as one texture, the mean of all frames, redraws all frames
with it: where it is wrong, the mean is blurred and the outline lies elsewhere. The numbers of a shape are changed one
by one, as long as that helps (coordinate descent); there are few of them, so that the mesh cannot tangle.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.common.types import Index
from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.geometry import Geometry
from models.networks.puppet.head_shape import ALL, AVERAGE, SYMMETRIC, HeadShape, rings
from models.networks.puppet.mesh import ActorMesh
from models.networks.puppet.tracked_frames import tracked_placements
from puppet.actor.warp import MeshWarp
from puppet.core import pixels
from puppet.core.progress import progress
from puppet.core.types import Floats, HeadPose, Image
from puppet.face.landmarks import OVAL
from puppet.head.layout import Layout, sampled
from puppet.head.vertices import BEHIND_TRIANGLES

SIDE, TEXELS = 128, 160  # of the pictures that are compared, and of the texture that redraws them
ROUNDS = 3
MISSING = 2.0  # by how much more a pixel counts where the person is not drawn
FINER = 0.6  # of a step, from round to round
LEAST_GAIN = 1e-4  # levels
LEAST_RESOLUTION = 0.05  # pixels per texel: what is seen more flatly takes no part


def fit_head(
    geometry: Geometry, mesh: ActorMesh, footage: ScaledFootage, plate: Image, rows: Index, usual: HeadPose,
    texture_size: int,
) -> ActorMesh:  # fmt: skip
    """The mesh with rings that fit the person in rows of the footage; `geometry` gets them too.

    mesh: with the rings of an average head. usual: the pose that movement is counted from, px of the footage.
    """
    redrawing = _Redrawing(geometry, mesh, footage, plate, rows, texture_size)
    neutral, size = geometry.neutral.cpu().numpy(), footage.size

    def with_shape(shape: HeadShape) -> ActorMesh:
        return mesh.with_rings(rings(neutral, shape, usual, size), usual)

    def error(shape: HeadShape) -> float:
        return redrawing.error(with_shape(shape))

    shape = AVERAGE
    best = error(shape)
    steps = np.array([number.step for number in ALL])
    rounds = [
        range(len(ALL) if round_ else SYMMETRIC) for round_ in range(ROUNDS)
    ]  # bumps once the rest is about right
    with progress(total=sum(map(len, rounds)), label="fitting the head", unit="numbers") as bar:
        for numbers in rounds:
            for number in numbers:
                shape, best = _better(shape, best, number, steps[number], error)
                bar.update()
            steps *= FINER
    fitted = with_shape(shape)
    geometry.set_base(fitted)
    return fitted


def _better(
    shape: HeadShape, best: float, number: int, step: float, error: Callable[[HeadShape], float]
) -> tuple[HeadShape, float]:
    """A shape of less error, and that error, along one number, first upwards; the same where neither way helps."""
    for way in (step, -step):
        before = best
        while (found := error(tried := shape.changed(number, way))) <= best - LEAST_GAIN:
            best, shape = found, tried
        if best < before:
            break
    return shape, best


class _Redrawing:
    """Frames redrawn from the mean of them all, small; what is inside the face's outline does not count."""

    def __init__(
        self, geometry: Geometry, mesh: ActorMesh, footage: ScaledFootage, plate: Image, rows: Index, texture_size: int
    ) -> None:
        scale = SIDE / footage.size
        self._geometry = geometry
        persons = footage.persons(rows, plate)
        self._persons = np.stack([pixels.resize(person, SIDE, SIDE) for person in persons])
        self._true = self._persons.astype(np.float32)
        points = footage.points[rows]
        outlines = points[:, list(OVAL), :2] * scale
        self._outside = [_outside(outline) for outline in outlines]
        self._where, self._scale = tracked_placements(geometry, points), scale
        self._layout = Layout(mesh.triangles, mesh.texture_points, texture_size, TEXELS)
        drawn = mesh.triangles if not footage.has_matte else mesh.triangles[~mesh.beyond_head]
        self._warp = MeshWarp(drawn, self._layout.points, SIDE, mesh.openings, BEHIND_TRIANGLES)

    def error(self, mesh: ActorMesh) -> float:
        """Levels by which pixels outside of the face are off, on average."""
        self._geometry.set_base(mesh)
        with torch.no_grad():
            vertices = self._geometry.place(*self._where).numpy() * np.float32(self._scale)
        vertices[..., :2] += (self._scale - 1) / 2
        mean = self._mean(vertices)
        total = 0.0
        for placed, true, outside in zip(vertices, self._true, self._outside, strict=True):
            drawn = self._warp.draw(mean, placed, smooth=False)
            off = np.abs(drawn - true).mean(-1) * np.where(drawn[..., 3] < 128, 1 + MISSING * true[..., 3] / 255, 1)
            total += float(off[outside].mean())
        return total / len(vertices)

    def _mean(self, vertices: Floats) -> Image:
        total, count = np.zeros((TEXELS, TEXELS, 4), np.float32), np.full((TEXELS, TEXELS, 1), 1e-6, np.float32)
        for person, placed in zip(self._persons, vertices, strict=True):
            places = self._layout.places(placed)
            seen = (self._layout.resolution(placed) > LEAST_RESOLUTION) & _inside(places)
            total += sampled(person, places) * seen[..., None].astype(np.float32)
            count += seen[..., None]
        return np.rint(total / count).clip(0, 255).astype(np.uint8)


def _inside(places: Floats) -> NDArray[np.bool_]:
    return ((places > -0.5) & (places < SIDE - 0.5)).all(-1)


def _outside(outline: Floats) -> NDArray[np.bool_]:
    face = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(outline.round().astype(np.int32)), (1,))
    return face == 0
