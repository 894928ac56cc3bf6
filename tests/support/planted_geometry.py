"""Planted frames whose expressions, head poses and places are known, and the geometry fitted to them."""

from __future__ import annotations

import numpy as np
import torch
from planted_face import expression, rest_face

from models.networks.puppet.geometry import PLACE, Geometry, Placements
from models.networks.puppet.mesh import ActorMesh, build_mesh
from puppet.core.types import Floats, HeadPose
from puppet.face import align
from puppet.head.eyes import LOOK
from puppet.head.vertices import FACE_POINTS, RING_VERTICES

SIZE = 96
SCALE = align.STEADY_EYES * SIZE
FRAMES = 80
EXPRESSIONS = 3
RINGS = slice(FACE_POINTS, FACE_POINTS + RING_VERTICES)
PLACES = slice(-LOOK - PLACE, -LOOK)  # of a latent


def expressions() -> np.ndarray:
    """Three planted movements of the face, f32 (3, 478, 3)."""
    rest = rest_face()
    moved = expression(rest, open=0.25), expression(rest, shut=1), expression(rest, smile=0.08)
    return np.stack(moved) - rest


class Planted:
    """Frames f (FRAMES): amounts (F, 3) of the expressions, angles (F, 3), and a head that moves as it turns.

    wander (F, 3): x, y px and log size of the head beyond what its angles tell; 0, or uniform up to `furthest`.
    """

    def __init__(self, furthest: tuple[float, float, float] = (0, 0, 0)) -> None:
        rng = np.random.default_rng(0)
        self.rest = rest_face()
        self.amounts = rng.uniform(0, 1, (FRAMES, EXPRESSIONS))
        self.canonical = (self.rest + np.tensordot(self.amounts, expressions(), 1)).astype(np.float32)
        turning = np.column_stack([rng.uniform(-30, 30, FRAMES), rng.uniform(-20, 20, FRAMES)])
        self.angles = np.column_stack([turning, rng.uniform(-8, 8, FRAMES)]).astype(np.float32)
        self.wander = rng.uniform(-1, 1, (FRAMES, 3)) * furthest
        self.translation = np.array([48.0, 42.0]) + self.angles[:, :2] * (0.2, -0.15) + self.wander[:, :2]
        self.scale = SCALE * np.exp(0.002 * self.angles[:, 1].astype(np.float64) + self.wander[:, 2])
        self.usual = HeadPose(np.eye(3), SCALE, np.array([48.0, 42.0, 0.0]))
        self.mesh: ActorMesh = build_mesh(self.rest, self.canonical.mean(0), self.usual, SIZE, SIZE)

    def geometry(self, components: int = 8) -> Geometry:
        geometry = Geometry(components)
        geometry.fit(self.canonical, self.poses(), self.held(), self.mesh, self.rest)
        return geometry

    def pose(self, row: int) -> HeadPose:
        place = np.append(self.translation[row], 0.0)
        return HeadPose(align.rotation_of(self.angles[row]), float(self.scale[row]), place)

    def points(self, row: int) -> Floats:
        """What a tracker sees, f32 (478, 3) px."""
        return align.place(self.canonical[row], self.pose(row))

    def poses(self) -> list[HeadPose]:
        return [self.pose(row) for row in range(FRAMES)]

    def held(self) -> HeadPose:
        """How the head is usually held."""
        place = np.append(np.median(self.translation, 0), 0.0)
        return HeadPose(align.rotation_of(np.median(self.angles, 0)), float(np.median(self.scale)), place)

    def placements(self) -> Placements:
        rotation = np.stack([align.rotation_of(a) for a in self.angles])
        arrays = self.canonical[:, :FACE_POINTS], rotation, self.translation, self.scale
        face, turned, moved, scaled = (torch.from_numpy(a.astype(np.float32)) for a in arrays)
        return face, torch.zeros(FRAMES, LOOK), turned, moved, scaled


def encoded(geometry: Geometry, planted: Planted) -> torch.Tensor:
    """Latents (FRAMES, K + 8); the encoder takes movement from how the head is usually held."""
    movement = np.stack([geometry.movement(pose) for pose in planted.poses()])
    return geometry.encode(torch.from_numpy(planted.canonical), torch.from_numpy(movement))[0]


def unlimited(geometry: Geometry) -> Geometry:
    geometry.pose_limit.fill_(1e4)
    geometry.place_limit.fill_(1e4)
    return geometry


def looking(rest: np.ndarray, *glances: float, shut: float = 0.0) -> torch.Tensor:
    return torch.from_numpy(np.stack([expression(rest, gaze=glance, shut=shut) for glance in glances]))


def glancing(planted: Planted, furthest: float = 0.06) -> Geometry:
    geometry = Geometry(EXPRESSIONS)
    rng = np.random.default_rng(3)
    seen = np.stack([expression(planted.rest, gaze=g) for g in rng.uniform(-furthest, furthest, FRAMES)])
    geometry.fit(seen, planted.poses(), planted.held(), planted.mesh, planted.rest)
    return geometry
