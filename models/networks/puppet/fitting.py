"""What an actor takes from its footage before any training: mesh, rings, plate, and the texture to start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.common.types import Index
from models.networks.config import PuppetConfig
from models.networks.puppet import alignment, start_texture, unseen_texels
from models.networks.puppet.alignment import Alignment
from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.geometry import Geometry
from models.networks.puppet.head_fit import fit_head
from models.networks.puppet.mesh import ActorMesh, build_mesh
from models.networks.puppet.plate import measure_plate
from models.networks.puppet.start_texture import FrameSet
from models.networks.puppet.tracked_frames import (
    canonicalise,
    median_pose,
    tracked_vertices,
    with_mirrored,
)
from puppet.actor.warp import MeshWarp
from puppet.core.errors import DataError
from puppet.core.progress import announce
from puppet.core.rows import evenly_repeated
from puppet.core.types import Floats, Image
from puppet.face import align, measurements
from puppet.head.layout import Layout
from puppet.head.vertices import BASE_VERTICES, BEHIND_TRIANGLES

if TYPE_CHECKING:
    from models.data.dataset import Dataset

LEAST_FRAMES = 5  # to train on; fewer do not show how a face moves
OPENED_QUANTILE = 0.93  # of the footage by how open the mouth is: beyond, it counts as wide open
HEAD_FRAMES = 25  # frames that the head's shape is fitted to, and as many with the most turned heads
REFERENCE_FRAMES = 48  # frames of which the reference is made that others are aligned to
MEDIAN_FRAMES = 48  # frames whose median training starts from, and as many with the most turned heads
TEETH_FRAMES = 64  # with an open mouth
SHOWN_FRAMES = 400  # frames by which the texels are found that the footage shows
TRANSPARENT = 8  # levels of the matte: a triangle that never shows more is not exported


@dataclass(frozen=True)
class Fitted:
    """What `fit_to_footage` found.

    canonical: landmarks f32 (N, 478, 3) of the frames, after them those of mirrored ones. plate: uint8 (S, S, 3) RGB,
    black for footage without mattes, which is not `layered`.
    """

    mesh: ActorMesh
    canonical: Floats
    plate: Image
    layered: bool
    texture: StartTexture


@dataclass(frozen=True)
class StartTexture:
    """What training starts from.

    reference: uint8 (SIDE, SIDE), what frames are aligned to (models/networks/puppet/alignment.py). painted f32
    (P, P, 4) and detail f32 (T, T, 4): RGBA, premultiplied, in 0..1. made_up: bool (T, T), teeth that no frame shows.
    drawn_triangles: bool (number of triangles,), those that are not transparent all the time.
    """

    reference: NDArray[np.uint8]
    painted: Floats
    detail: Floats
    made_up: NDArray[np.bool_]
    drawn_triangles: NDArray[np.bool_]


def fit_to_footage(geometry: Geometry, dataset: Dataset, rows: Index, config: PuppetConfig, mirror: bool) -> Fitted:
    """Fit `geometry` to rows of a data set, in place, and find what else an actor takes from them.

    mirror: expressions and movements are fitted to mirrored frames as well; rest pose and colours are not. DataError
    for fewer than LEAST_FRAMES frames, or landmarks that span no face.
    """
    if len(rows) < LEAST_FRAMES:
        raise DataError(
            f"{dataset.path}: {len(rows)} frames to train on, an actor needs at least {LEAST_FRAMES}; "
            "prepare more footage"
        )
    footage = ScaledFootage(dataset, config.image_size)
    neutral, points = dataset.neutral, footage.points[rows]
    canonical, poses = canonicalise(points, neutral)
    usual, values = median_pose(poses), measurements.measure(canonical)
    wide_open = values["mouth_open"] >= np.quantile(values["mouth_open"], OPENED_QUANTILE)
    angles = np.stack([align.angles_of(pose.rotation) for pose in poses])
    turned = rows[np.argsort(np.linalg.norm((angles - np.median(angles, 0))[:, :2], axis=1))[::-1]]
    opened = canonical[wide_open].mean(0)
    mesh = build_mesh(neutral, opened, usual, config.image_size, config.texture_size)
    if mirror:
        canonical, poses = with_mirrored(canonical, poses, neutral, config.image_size)
    geometry.fit(canonical, poses, usual, mesh, neutral)
    size = config.image_size
    plate = measure_plate(footage, rows) if footage.has_matte else np.zeros((size, size, 3), np.uint8)
    mesh = fit_head(geometry, mesh, footage, plate, _some(rows, turned[::3], HEAD_FRAMES), usual, config.texture_size)
    announce("making the first texture")
    texture = _start_texture(geometry, mesh, footage, plate, rows, turned, rows[wide_open], config)
    return Fitted(mesh, canonical, plate, footage.has_matte, texture)


def _start_texture(
    geometry: Geometry, mesh: ActorMesh, footage: ScaledFootage, plate: Image, rows: Index, turned: Index,
    wide_open: Index, config: PuppetConfig,
) -> StartTexture:  # fmt: skip
    """What training starts from. turned: rows, the most turned heads first; wide_open: rows with an open mouth."""
    warp = MeshWarp(mesh.triangles, mesh.texture_points, config.image_size, mesh.openings, BEHIND_TRIANGLES)
    several = _frames(geometry, footage, rows[evenly_repeated(len(rows), REFERENCE_FRAMES)])
    small = alignment.layout_of(mesh.triangles, mesh.texture_points, config.texture_size)
    movable = alignment.movable_texels(mesh.texture_points, config.texture_size)
    persons = footage.persons(several.rows, plate)
    textures = np.stack([small.unwrap(p, v) for p, v in zip(persons, several.vertices, strict=True)])
    reference = alignment.reference_of(textures, movable)
    layout = Layout(mesh.triangles, mesh.texture_points, config.texture_size, config.texture_size)
    shown = _frames(geometry, footage, _some(rows, turned, MEDIAN_FRAMES))
    aligned = Alignment(reference, movable)
    texture = start_texture.median_texture(footage, plate, shown, layout, small, aligned, warp)
    opened = _frames(geometry, footage, wide_open[evenly_repeated(len(wide_open), TEETH_FRAMES)])
    looked_at = np.union1d(_some(rows, turned, SHOWN_FRAMES), opened.rows)
    often, drawn = _shown(footage, _frames(geometry, footage, looked_at), layout, mesh, warp)
    made_up = start_texture.start_teeth(texture, footage, plate, opened, layout, mesh, warp, often)
    painted, detail = start_texture.divided(texture / 255, config.painted_size)
    return StartTexture(reference, painted, detail, made_up, drawn)


def _shown(
    footage: ScaledFootage, frames: FrameSet, layout: Layout, mesh: ActorMesh, warp: MeshWarp
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Texels bool (T, T) that some of the frames show, and triangles bool (number of triangles,) that are drawn.

    Those are the ones that the person fills; of footage without mattes, all.
    """
    count, filled = np.zeros((layout.side, layout.side), np.uint16), np.zeros(len(mesh.triangles), np.bool_)
    for vertices, matte in zip(frames.vertices, footage.mattes(frames.rows), strict=True):
        x, y = warp.field(vertices)
        count += unseen_texels.shown(x, y, layout.side)
        x, y = (np.rint(part[matte > TRANSPARENT]).astype(np.intp) for part in (x, y))
        filled[layout.triangle[y, x]] = True
    corners = mesh.triangles
    near = np.isin(corners, corners[filled]).any(1)  # and their neighbours, for faces that the footage lacks
    drawn = (near & ~mesh.beyond_head) | (corners >= BASE_VERTICES).any(1) | (not footage.has_matte)
    return count >= unseen_texels.LEAST_SEEN, drawn


def _frames(geometry: Geometry, footage: ScaledFootage, rows: Index) -> FrameSet:
    return FrameSet(rows, tracked_vertices(geometry, footage.points[rows]))


def _some(rows: Index, turned: Index, count: int) -> Index:
    """`count` rows evenly spread, and the first `count` of `turned`."""
    return np.union1d(rows[evenly_repeated(len(rows), count)], turned[:count])
