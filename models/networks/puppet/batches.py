"""Frames of the footage as training sees them: some mirrored, each with the sampling field of its mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.common.types import Batch, Index
from models.networks.mirror import draw, flip_offsets, flip_pictures, flip_pose
from models.networks.puppet.alignment import Alignment, corrected
from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.geometry import Geometry
from models.networks.puppet.tracked_frames import canonicalise, one_sided_frames, tracked_vertices
from puppet.actor.warp import MeshWarp
from puppet.core.types import Floats, Image
from puppet.face.mirroring import flip_points
from puppet.head.layout import Layout

FIELD_STEPS = 32767  # int16 steps per unit of grid_sample's [-1, 1]: 1/85 px of a 768 px texture
CACHED_BYTES = 5 << 30  # of fields and persons kept in memory: 2 MiB a frame at 512 px

Frame = tuple[int, bool]  # row of the data set; whether it is mirrored


@dataclass(frozen=True)
class Registered:
    """Where frames of one actor's footage lie in its texture.

    geometry: fitted. mesh_warp: the app's warp. layout, alignment: at the size at which frames are aligned.
    texture_size: side of the texture. plate: uint8 (S, S, 3) RGB.
    """

    geometry: Geometry
    mesh_warp: MeshWarp
    layout: Layout
    alignment: Alignment
    texture_size: int
    plate: Image


class PuppetBatches:
    """Frames with the sampling field of their tracked mesh. Fields are computed when first asked for, then kept.

    neutral: f32 (478, 3), the person at rest. align: move each frame's field to where its detail belongs
    (models/networks/puppet/alignment.py). mirror: show some of the frames mirrored, where the footage is one-sided
    (models/networks/mirror.py).
    """

    def __init__(
        self, footage: ScaledFootage, neutral: Floats, rows: Index, registered: Registered, align: bool, mirror: bool
    ) -> None:
        self._footage, self._neutral, self._registered, self._align = footage, neutral, registered, align
        self._kept: dict[Frame, tuple[NDArray[np.int16], Image]] = {}
        canonical, poses = canonicalise(footage.points[rows], neutral)
        self._landmarks = dict(zip(rows.tolist(), canonical, strict=True))
        self._poses = dict(zip(rows.tolist(), poses, strict=True))
        may_be = one_sided_frames(poses) if mirror else np.zeros(len(rows), bool)
        self._mirrors, self._may_be = mirror, dict(zip(rows.tolist(), may_be.tolist(), strict=True))

    def batch(self, rows: Index, generator: torch.Generator) -> Batch:
        """Tensors of rows: landmarks, pose, field and target, some of them mirrored.

        landmarks f32 (B, 478, 3); pose f32 (B, 6), movement from the usual one; field i16 (B, S, S, 2), for every pixel
        its place in the texture, see `as_grid`; target uint8 (B, S, S, 4): the person, RGBA premultiplied. Where frames
        are not aligned, for evaluation, also picture uint8 (B, S, S, 3) RGB: the footage's, never mirrored.
        """
        flipped = np.zeros(len(rows), bool)
        if self._mirrors:
            flipped = draw(np.array([self._may_be[row] for row in rows.tolist()]), generator)
        frames = list(zip(rows.tolist(), flipped.tolist(), strict=True))
        self._keep([frame for frame in frames if frame not in self._kept])
        fields, persons = zip(*(self._kept[frame] for frame in frames), strict=True)
        batch = {
            "landmarks": torch.from_numpy(np.stack([self._landmarks_of(*frame) for frame in frames])),
            "pose": torch.from_numpy(np.stack([self._pose_of(*frame) for frame in frames])),
            "field": torch.from_numpy(np.stack(fields)),
            "target": torch.from_numpy(np.stack(persons)),
        }
        if not self._align:
            batch["picture"] = self.originals(rows)
        if len(self._kept) * (fields[0].nbytes + persons[0].nbytes) > CACHED_BYTES:
            self._kept.clear()
        return batch

    def originals(self, rows: Index) -> Tensor:
        """The footage's pictures, uint8 (B, S, S, 3) RGB, never mirrored."""
        return torch.from_numpy(self._footage.images(rows))

    def _landmarks_of(self, row: int, flipped: bool) -> Floats:
        landmarks = self._landmarks[row]
        return self._neutral + flip_offsets(landmarks - self._neutral) if flipped else landmarks

    def _pose_of(self, row: int, flipped: bool) -> Floats:
        pose = self._poses[row]
        return self._registered.geometry.movement(flip_pose(pose, self._footage.size) if flipped else pose)

    def _keep(self, frames: list[Frame]) -> None:
        if not frames:
            return
        r, points, size = self._registered, self._footage.points, self._footage.size
        persons = self._footage.persons(np.array([row for row, _ in frames]), r.plate)
        chosen = np.array([flipped for _, flipped in frames])
        persons = flip_pictures(torch.from_numpy(persons), chosen).numpy()
        seen = np.stack([flip_points(points[row], size) if flipped else points[row] for row, flipped in frames])
        warp, last = r.mesh_warp, r.texture_size
        for frame, vertices, person in zip(frames, tracked_vertices(r.geometry, seen), persons, strict=True):
            field = np.stack(warp.field(vertices), -1)
            if self._align:
                displacement = r.alignment.displacement(r.layout.unwrap(person, vertices))
                field = corrected(field, displacement, r.texture_size)
            grid = (field + 0.5) * (2 / last) - 1
            self._kept[frame] = np.round(grid.clip(-1, 1) * FIELD_STEPS).astype(np.int16), person


def as_grid(field: Tensor) -> Tensor:
    """A field int16 (B, S, S, 2) -> the float grid in [-1, 1] that `grid_sample` takes, without align_corners."""
    return field.float() / FIELD_STEPS
