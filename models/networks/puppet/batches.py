"""Frames of the footage as training sees them: scaled, some mirrored, each with the sampling field of its mesh."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.common.types import Batch, Index
from models.data.dataset import Dataset
from models.networks.config import PuppetConfig
from models.networks.mirror import draw, flip_offsets, flip_pictures, flip_pose
from models.networks.puppet.geometry import Geometry
from models.networks.puppet.tracked_frames import canonicalise, one_sided_frames, tracked_vertices
from puppet.actor.warp import MeshWarp
from puppet.core import pixels
from puppet.core.types import Floats, Image
from puppet.face.mirroring import flip_points

FIELD_STEPS = 32767  # int16 steps per unit of grid_sample's [-1, 1]: 1/256 px of a 256 px texture
CACHED_FRAMES = 6000  # fields kept in memory: 256 KiB each at 256 px


class ScaledFootage:
    """A data set at the size of the model's picture, whatever size it was prepared at.

    points: landmarks f32 (N, 478, 3) px of the scaled picture.
    """

    def __init__(self, dataset: Dataset, size: int) -> None:
        self._dataset, self._size = dataset, size
        scale = size / dataset.size
        self.points = dataset.points * np.float32(scale)
        self.points[..., :2] += (scale - 1) / 2  # (0, 0) is the centre of a pixel, before and after

    def images(self, rows: Index) -> Image:
        """Pictures of rows, uint8 (B, size, size, 3) RGB."""
        pictures = self._dataset.images(rows)
        if self._size == self._dataset.size:
            return pictures
        return np.stack([pixels.resize(picture, self._size, self._size) for picture in pictures])


class PuppetBatches:
    """Frames with the sampling field of their tracked mesh. Fields are computed when first asked for, then kept.

    neutral: f32 (478, 3), the person at rest. geometry and mesh_warp: of the fitted model. mirror: show some of the
    frames mirrored, where the footage is one-sided (models/networks/mirror.py).
    """

    def __init__(
        self,
        footage: ScaledFootage,
        neutral: Floats,
        rows: Index,
        geometry: Geometry,
        mesh_warp: Callable[[], MeshWarp],
        config: PuppetConfig,
        mirror: bool,
    ) -> None:
        self._footage, self._neutral, self._geometry, self._mesh_warp = footage, neutral, geometry, mesh_warp
        self._image_size, self._texture_size = config.image_size, config.texture_size
        self._fields: dict[tuple[int, bool], NDArray[np.int16]] = {}
        canonical, poses = canonicalise(footage.points[rows], neutral)
        self._landmarks = dict(zip(rows.tolist(), canonical, strict=True))
        self._poses = dict(zip(rows.tolist(), poses, strict=True))
        may_be = one_sided_frames(poses) if mirror else np.zeros(len(rows), bool)
        self._mirrors, self._may_be = mirror, dict(zip(rows.tolist(), may_be.tolist(), strict=True))

    def batch(self, rows: Index, generator: torch.Generator) -> Batch:
        """Tensors of rows: landmarks, pose, field and target, some of them mirrored.

        landmarks f32 (B, 478, 3); pose f32 (B, 6), movement from the usual one; field i16 (B, S, S, 2), for every pixel
        its place in the texture, see `as_grid`; target uint8 (B, S, S, 3) RGB.
        """
        flipped = np.zeros(len(rows), bool)
        if self._mirrors:
            flipped = draw(np.array([self._may_be[row] for row in rows.tolist()]), generator)
        keys = list(zip(rows.tolist(), flipped.tolist(), strict=True))
        self._compute_fields([key for key in keys if key not in self._fields])
        batch = {
            "landmarks": torch.from_numpy(np.stack([self._landmarks_of(*key) for key in keys])),
            "pose": torch.from_numpy(np.stack([self._pose_of(*key) for key in keys])),
            "field": torch.from_numpy(np.stack([self._fields[key] for key in keys])),
            "target": flip_pictures(self.originals(rows), flipped),
        }
        if len(self._fields) > CACHED_FRAMES:
            self._fields.clear()
        return batch

    def originals(self, rows: Index) -> Tensor:
        """The footage's pictures, uint8 (B, S, S, 3) RGB, never mirrored."""
        return torch.from_numpy(self._footage.images(rows))

    def _landmarks_of(self, row: int, flipped: bool) -> Floats:
        landmarks = self._landmarks[row]
        return self._neutral + flip_offsets(landmarks - self._neutral) if flipped else landmarks

    def _pose_of(self, row: int, flipped: bool) -> Floats:
        pose = self._poses[row]
        return self._geometry.movement(flip_pose(pose, self._image_size) if flipped else pose)

    def _compute_fields(self, keys: list[tuple[int, bool]]) -> None:
        if not keys:
            return
        warp, last = self._mesh_warp(), self._texture_size - 1
        points, size = self._footage.points, self._image_size
        seen = np.stack([flip_points(points[row], size) if flipped else points[row] for row, flipped in keys])
        for key, vertices in zip(keys, tracked_vertices(self._geometry, seen), strict=True):
            field = np.stack(warp.field(vertices), -1) * (2 / last) - 1
            self._fields[key] = np.round(field.clip(-1, 1) * FIELD_STEPS).astype(np.int16)


def as_grid(field: Tensor) -> Tensor:
    """A field int16 (B, S, S, 2) -> the float grid in [-1, 1] that `grid_sample` takes."""
    return field.float() / FIELD_STEPS
