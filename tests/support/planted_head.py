"""A planted mesh that turns: a head with a nose before a wall, of colours that tell where they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.warp import MeshWarp
from puppet.core.types import Floats, Image

CELLS = 24  # of each sheet, along a side
SHEET = 150  # px, side of a sheet in the texture
GAP = 8  # px around it that belong to nothing
COLOUR_SUM = 240  # of the three channels, in every texel of the mesh; nowhere else
FINER = 4  # times the picture's size that the reference is drawn at
APART = 2.0  # px's worth of texels between neighbours of the reference that an edge lies between
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PlantedMesh:
    """triangles (T, 3); texture_points f32 (V, 2) px; texture uint8 (S, S, 3 or 4); points f32 (V, 3) px."""

    triangles: NDArray[np.int32]
    texture_points: Floats
    texture: Image
    points: Floats


def planted_head(yaw: float, size: int) -> PlantedMesh:
    """The head turned by `yaw` degrees in a picture of side `size`. Wall and head lie apart in the texture.

    Red: the head; green: its nose; blue: the wall. What lies between the two sheets is white.
    """
    ticks = np.linspace(-1, 1, CELLS + 1)
    y, x = (v.ravel() for v in np.meshgrid(ticks, ticks, indexing="ij"))
    wall = np.column_stack([x, y, np.full(len(x), 1.0)])
    disc = np.column_stack([x * np.sqrt(1 - y**2 / 2), y * np.sqrt(1 - x**2 / 2)])  # the square made round
    nose = 0.6 * np.exp(-((disc[:, 0] / 0.16) ** 2) - ((disc[:, 1] - 0.1) / 0.25) ** 2)
    depth = -0.9 * np.sqrt(np.clip(1 - (disc**2).sum(1), 0, None)) - nose
    angle = np.deg2rad(yaw)
    across = disc[:, 0] * np.cos(angle) - depth * np.sin(angle)
    into = disc[:, 0] * np.sin(angle) + depth * np.cos(angle)
    head = np.column_stack([0.6 * across, 0.7 * disc[:, 1], 0.6 * into])
    points = np.concatenate([1.05 * wall, head]) * size / 2 + np.array([size / 2, size / 2, 0]) - 0.5
    square = GAP + (np.column_stack([x, y]) + 1) / 2 * (SHEET - 1)
    texture_points = np.concatenate([square, square + np.array([SHEET + 2 * GAP, 0])])
    corner = np.arange((CELLS + 1) ** 2).reshape(CELLS + 1, CELLS + 1)
    a, b, c, d = (v.ravel() for v in (corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]))
    sheet = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    triangles = np.concatenate([sheet, sheet + corner.size]).astype(np.int32)
    return PlantedMesh(triangles, texture_points.astype(np.float32), _texture(), points.astype(np.float32))


def planted_person(yaw: float, size: int) -> PlantedMesh:
    """The same head without the wall, before nothing: its texture has an alpha, 255 on its sheet and 0 elsewhere."""
    mesh = planted_head(yaw, size)
    head = len(mesh.triangles) // 2
    texture = np.dstack([mesh.texture, np.full(mesh.texture.shape[:2], 255, np.uint8)])
    texture[:, : SHEET + 2 * GAP] = 0
    return replace(mesh, triangles=mesh.triangles[head:], texture=texture)


def _texture() -> Image:
    texture = np.full((SHEET + 2 * GAP, 2 * (SHEET + 2 * GAP), 3), 255, np.uint8)
    v, u = np.indices((SHEET + 4, SHEET + 4)) / (SHEET + 3) * 2 - 1  # two texels more, for sampling between texels
    shade = np.rint(25 * np.sin(5 * u + 3 * v))
    nose = np.exp(-((u / 0.2) ** 2) - (v - 0.1) ** 2 / 0.1)
    green = np.rint(170 * nose)
    head = np.rint(0.9 * (COLOUR_SUM - green) - (25 + shade) * (1 - nose)), green
    for left, (red, green) in ((GAP, (30 + shade, 0 * shade)), (SHEET + 3 * GAP, head)):
        place = texture[GAP - 2 : GAP + SHEET + 2, left - 2 : left + SHEET + 2]
        place[:] = np.stack([red, green, COLOUR_SUM - red - green], -1)
    return texture


def plain_picture(mesh: PlantedMesh, size: int) -> tuple[Image, Floats]:
    """The picture sampled once per pixel, and the field it is sampled with, f32 (S, S, 2)."""
    warp = MeshWarp(mesh.triangles, mesh.texture_points, size)
    picture = warp.draw(mesh.texture, mesh.points, smooth=False)
    return picture, np.stack(warp.field(mesh.points), -1)


def fine_picture(mesh: PlantedMesh, size: int) -> tuple[Image, Floats]:
    """`plain_picture` at FINER times the size."""
    larger = FINER * (mesh.points + np.array([0.5, 0.5, 0])) - np.array([0.5, 0.5, 0])
    return plain_picture(replace(mesh, points=larger.astype(np.float32)), FINER * size)


def averaged_picture(mesh: PlantedMesh, size: int) -> tuple[NDArray[np.float64], Mask]:
    """The mesh drawn at FINER times the size and averaged down, and the pixels that an edge runs through."""
    picture, field = fine_picture(mesh, size)
    jump = APART * np.sqrt(np.ptp(mesh.texture_points, axis=0).prod()) / size
    edge = np.zeros(field.shape[:2], np.bool_)
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        apart = np.abs(field[there] - field[here]).max(-1) > jump
        edge[here] |= apart
        edge[there] |= apart
    blocks = (size, FINER, size, FINER)
    return picture.reshape(*blocks, -1).mean((1, 3)), edge.reshape(blocks).any((1, 3))


def around(mask: Mask, reach: int) -> Mask:
    """The pixels within `reach` px of those of a mask."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.dilate(mask.astype(np.uint8), disc) > 0


def decibels(picture: NDArray[Any], truth: NDArray[np.float64], where: Mask) -> float:
    """PSNR of some pixels."""
    return float(10 * np.log10(255**2 / ((picture - truth)[where] ** 2).mean()))
