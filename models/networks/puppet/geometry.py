"""The linear half of the latent: expression components, head pose and gaze -> mesh vertices in the picture.

Geometry is never left to an unconstrained network: another person's face may lie many standard deviations out, and
a linear map still draws it as a face.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.networks.puppet import behind_skin
from models.networks.puppet.mesh import ActorMesh
from puppet.core.types import LANDMARKS, Floats, HeadPose
from puppet.face import align, measurements
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, LIPS
from puppet.head import eyes, mouth, openings
from puppet.head.eyes import LOOK
from puppet.head.vertices import BASE_VERTICES, FACE_POINTS, drawn_behind

ANGLES = 3  # yaw, pitch, roll
PLACE = 3  # x, y, log size
MOVEMENT = ANGLES + PLACE
COMPONENT_LIMIT = 10.0  # standard deviations; beyond, components are squeezed softly
POSE_NOISE = 0.5  # degrees, of the tracker
PLACE_NOISE = (0.3, 0.3, 0.003)  # px, px, log size; of the tracker
KNEE = 0.75  # share of a limit up to which nothing is squeezed
POSE_LIMIT = 1.1  # of the widest angle, furthest place and glance the footage shows; beyond, all are squeezed softly
LOOK_NOISE, LEAST_LOOK = 0.01, 0.03  # outer-eye distances: of the tracker; the smallest range that a glance may have
DEPTH_WEIGHT = 0.5  # FaceMesh's depth is its noisiest coordinate
EYE_WEIGHT, LIP_WEIGHT = 3.0, 2.0  # small movements that people look at
RIDGE = 1e-3
LEAST_SPREAD = 1e-5  # eye distances of a component; what moves less is rounding
LEAST_NOISE = 1e-12  # squared outer-eye distances of a component; frames may be copies of each other


def soft_limit(x: Tensor, limit: Tensor | float) -> Tensor:
    """Squeeze x into +-limit: unchanged up to KNEE of it, from there on a tanh, slope 1 at the knee."""
    inside = KNEE * torch.as_tensor(limit, dtype=x.dtype, device=x.device)
    over = (x.abs() - inside).clamp_min(0) / (limit - inside)
    return x.clamp(-inside, inside) + x.sign() * (limit - inside) * torch.tanh(over)


def pose_features(pose: Tensor) -> Tensor:
    """Angles in degrees (B, 3) -> features (B, 7): 1, angles / 30, and the squares and product that a neck needs."""
    yaw, pitch, roll = (pose / 30).unbind(-1)
    one = torch.ones_like(yaw)
    return torch.stack([one, yaw, pitch, roll, yaw * yaw, pitch * pitch, yaw * roll], -1)


def rotations(pose: Tensor) -> Tensor:
    """Yaw, pitch, roll in degrees (B, 3) -> rotation matrices (B, 3, 3), as `puppet.face.align.rotation_of`."""
    yaw, pitch, roll = (pose * (np.pi / 180)).unbind(-1)
    cy, sy, cp, sp, cr, sr = yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin(), roll.cos(), roll.sin()
    rows = [
        cr * cy, -sr * cp + cr * sy * sp, -sr * sp - cr * sy * cp,
        sr * cy, cr * cp + sr * sy * sp, cr * sp - sr * sy * cp,
        sy, -cy * sp, cy * cp,
    ]  # fmt: skip
    return torch.stack(rows, -1).reshape(-1, 3, 3)


Placements = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]  # face, look, rotation, translation, scale: Geometry.place


class Geometry(nn.Module):
    """Probabilistic PCA of expressions (Tipping & Bishop 1999) and a head on a neck. All of it is fitted, not trained.

    Latent: K whitened expression components, then yaw, pitch, roll, then where the head is and how large, beyond what
    its angles predict, then where the eyes look, right and down; these eight in units of the footage's spread.
    """

    neutral: Tensor
    project: Tensor
    basis: Tensor
    component_logvar: Tensor
    pose_scale: Tensor
    pose_limit: Tensor
    pose_centre: Tensor
    placement: Tensor
    place_scale: Tensor
    place_limit: Tensor
    place_centre: Tensor
    rest: Tensor
    halo: Tensor
    follow: Tensor
    home: Tensor
    look_scale: Tensor
    look_limit: Tensor
    eyeballs: Tensor
    teeth: Tensor
    jaw_drop: Tensor
    measurement_matrix: Tensor
    band_matrix: Tensor
    centre_matrix: Tensor
    chin_matrix: Tensor
    drawn_behind: Tensor

    def __init__(self, components: int) -> None:
        super().__init__()
        self.components = components
        face = FACE_POINTS * 3
        self.register_buffer("neutral", torch.zeros(LANDMARKS, 3))
        self.register_buffer("project", torch.zeros(face, components))  # canonical offset -> whitened components
        self.register_buffer("basis", torch.zeros(components, face))  # and back
        self.register_buffer("component_logvar", torch.zeros(components))
        self.register_buffer("pose_scale", torch.ones(ANGLES))
        self.register_buffer("pose_limit", torch.full((ANGLES,), 30.0))
        self.register_buffer("pose_centre", torch.zeros(ANGLES))
        self.register_buffer("placement", torch.zeros(7, PLACE))  # pose features -> x, y px and log scale
        self.register_buffer("place_scale", torch.ones(PLACE))
        self.register_buffer("place_limit", torch.ones(PLACE))
        self.register_buffer("place_centre", torch.zeros(PLACE))  # the usual x, y px and log scale
        self.register_buffer("rest", torch.zeros(BASE_VERTICES, 3))
        self.register_buffer("halo", torch.zeros(BASE_VERTICES, 2))
        self.register_buffer("follow", torch.zeros(BASE_VERTICES))
        self.register_buffer("home", torch.zeros(BASE_VERTICES, 3))
        self.register_buffer("look_scale", torch.ones(LOOK))
        self.register_buffer("look_limit", torch.ones(LOOK))
        self.register_buffer("eyeballs", torch.zeros(eyes.EYEBALL_VERTICES, 3))
        self.register_buffer("teeth", torch.zeros(mouth.VERTICES, 3))
        self.register_buffer("jaw_drop", torch.ones(1))
        for name, matrix in (
            ("measurement_matrix", measurements.measurement_matrix().T),
            ("band_matrix", openings.band_matrix(FACE_POINTS)),
            ("centre_matrix", eyes.centre_matrix(FACE_POINTS)),
            ("chin_matrix", mouth.chin_matrix(FACE_POINTS)),
            ("drawn_behind", drawn_behind()),
        ):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(matrix)), persistent=False)

    @property
    def size(self) -> int:
        """Number of latents: K components, 6 of movement, 2 of gaze."""
        return self.components + MOVEMENT + LOOK

    def fit(
        self, canonical: Floats, poses: Sequence[HeadPose], usual: HeadPose, mesh: ActorMesh, neutral: Floats
    ) -> None:
        """Fit all buffers to canonical landmarks f32 (N, 478, 3) and N poses, px of the picture.

        usual: the pose that movement is counted from. neutral: f32 (478, 3).

        Components that N frames do not determine are zero: they move nothing.
        """
        pose = np.stack([align.angles_of(p.rotation) for p in poses])
        translation, scale = np.stack([p.translation[:2] for p in poses]), np.array([p.scale for p in poses])
        weight = _point_weights(neutral)
        offsets = ((canonical - neutral)[:, :FACE_POINTS] * weight).reshape(len(canonical), -1).astype(np.float64)
        _, singular, axes = np.linalg.svd(offsets, full_matrices=False)
        variance = singular**2 / len(offsets)
        k = self.components
        noise = max(float(variance[k:].mean()), LEAST_NOISE) if len(variance) > k else 1e-8
        spread = np.sqrt(np.maximum(variance[:k] - noise, 0))
        spread[spread < LEAST_SPREAD] = 0
        missing = max(0, k - len(variance))
        spread, axes = np.pad(spread, (0, missing)), np.pad(axes[:k], ((0, missing), (0, 0)))
        # posterior mean of PPCA, M^-1 W^T x with M = W^T W + noise I, W = axes * spread
        self._set("project", (axes.T * (spread / (spread**2 + noise))) * weight.reshape(-1, 1))
        self._set("basis", (spread[:, None] * axes) / weight.reshape(1, -1))
        self._set("component_logvar", np.log(noise / (spread**2 + noise)))
        self._set("neutral", neutral)
        centre = align.angles_of(usual.rotation)
        self._set("pose_centre", centre)
        self._set("pose_scale", np.maximum(pose.std(0), 1.0))
        self._set("pose_limit", POSE_LIMIT * np.maximum(np.quantile(np.abs(pose - centre), 0.995, 0), 8.0))
        features = pose_features(torch.from_numpy(pose).double()).numpy()
        target = np.column_stack([translation, np.log(scale)])
        gram = features.T @ features + RIDGE * len(features) * np.diag([0.0, 1, 1, 1, 1, 1, 1])
        placement = np.linalg.solve(gram, features.T @ target)
        beyond = np.abs(target - features @ placement)
        self._set("placement", placement)
        self._set("place_centre", np.array([*usual.translation[:2], np.log(usual.scale)]))
        self._set("place_scale", np.maximum(np.sqrt((beyond**2).mean(0)), PLACE_NOISE))
        self._set("place_limit", POSE_LIMIT * np.maximum(np.quantile(beyond, 0.995, 0), 2 * np.array(PLACE_NOISE)))
        self.set_base(mesh)
        glances = self.look(torch.from_numpy(canonical)).numpy()
        self._set("look_scale", np.maximum(np.sqrt((glances**2).mean(0)), LOOK_NOISE))
        self._set("look_limit", POSE_LIMIT * np.maximum(np.quantile(np.abs(glances), 0.995, 0), LEAST_LOOK))
        self._set("eyeballs", eyes.eyeballs(neutral))
        self._set("teeth", mouth.interior(neutral))
        self._set("jaw_drop", np.array([mouth.drop_of(canonical, neutral)]))

    def set_base(self, mesh: ActorMesh) -> None:
        """Take over where the mesh's skin lies, and how it follows the head."""
        for name in ("rest", "halo", "follow", "home"):
            self._set(name, getattr(mesh, name))

    def _set(self, name: str, value: NDArray) -> None:
        kept: Tensor = getattr(self, name)
        if kept.shape != value.shape:
            raise ValueError(f"{name} is {value.shape}, expected {tuple(kept.shape)}")
        kept.copy_(torch.from_numpy(np.ascontiguousarray(value, np.float32)))

    def movement(self, pose: HeadPose) -> Floats:
        """A head pose in px of the picture -> movement f32 (6,) from the usual pose, as `encode` takes it."""
        centre = self.place_centre.cpu().numpy()
        angles = align.angles_of(pose.rotation) - self.pose_centre.cpu().numpy()
        place = (pose.translation[:2] - centre[:2]) / np.exp(centre[2])
        return np.array([*angles, *place, np.log(pose.scale) - centre[2]], np.float32)

    def look(self, landmarks: Tensor) -> Tensor:
        """Landmarks (B, 478, 3) -> where the eyes look (B, 2), outer-eye distances right and down from rest."""
        at_rest = self.neutral.flatten() @ self.measurement_matrix
        return behind_skin.look(landmarks.flatten(1) @ self.measurement_matrix, at_rest)

    def encode(self, landmarks: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Landmarks (B, 478, 3) and movement from the usual pose (B, 6) -> mean, logvar, each (B, K + 8).

        pose: yaw, pitch, roll in degrees, x, y in outer-eye distances, log size (puppet.core.types.Drive).
        """
        offset = (landmarks - self.neutral)[:, :FACE_POINTS].flatten(1)
        expression = soft_limit(offset @ self.project, COMPONENT_LIMIT)
        turned = soft_limit(pose[:, :ANGLES], self.pose_limit)
        moved = torch.cat([pose[:, ANGLES:-1] * self.place_centre[-1].exp(), pose[:, -1:]], 1)
        expected = pose_features(turned + self.pose_centre) @ self.placement
        beyond = soft_limit(moved + self.place_centre - expected, self.place_limit)
        look = soft_limit(self.look(landmarks), self.look_limit)
        mean = torch.cat([expression, turned / self.pose_scale, beyond / self.place_scale, look / self.look_scale], 1)
        place_noise = mean.new_tensor(PLACE_NOISE) / self.place_scale
        noise = torch.cat([POSE_NOISE / self.pose_scale, place_noise, LOOK_NOISE / self.look_scale])
        return mean, torch.cat([self.component_logvar, 2 * torch.log(noise)]).expand_as(mean)

    def pose_of(self, latent: Tensor) -> Tensor:
        """Latent (B, K + 8) -> yaw, pitch, roll in degrees (B, 3), the usual pose included."""
        return latent[:, self.components : self.components + ANGLES] * self.pose_scale + self.pose_centre

    def landmarks_of(self, latent: Tensor) -> Tensor:
        """Latent (B, K + 8) -> canonical face landmarks (B, 468, 3)."""
        offset = latent[:, : self.components] @ self.basis
        return self.neutral[:FACE_POINTS] + offset.reshape(-1, FACE_POINTS, 3)

    def forward(self, latent: Tensor) -> Tensor:
        """Latent (B, K + 8) -> vertices (B, V, 3) px."""
        pose = self.pose_of(latent)
        beyond, look = latent[:, self.components + ANGLES :].split((PLACE, LOOK), 1)
        placement = pose_features(pose) @ self.placement + beyond * self.place_scale
        face, look = self.landmarks_of(latent), look * self.look_scale
        return self.place(face, look, rotations(pose), placement[:, :2], placement[:, 2].exp())

    def place(self, face: Tensor, look: Tensor, rotation: Tensor, translation: Tensor, scale: Tensor) -> Tensor:
        """Mesh vertices (B, V, 3) px of heads in given poses.

        face: canonical landmarks (B, 468, 3); look (B, 2): see `look`; rotation (B, 3, 3); translation (B, 2) px;
        scale (B,) px per outer-eye distance.
        """
        follow = self.follow[:, None]
        around = self.rest[FACE_POINTS:].expand(face.shape[0], -1, -1)
        centres = (self.centre_matrix @ face).repeat_interleave(4, 1) + nn.functional.pad(look, (0, 1))[:, None]
        chin = (self.chin_matrix @ (face - self.neutral[:FACE_POINTS]))[:, 0]
        teeth = behind_skin.teeth(self.teeth, chin, self.jaw_drop)
        everything = torch.cat(
            [face, around, behind_skin.edges(face, self.band_matrix), centres + self.eyeballs, teeth], 1
        )
        placed = everything @ rotation.transpose(1, 2) * scale[:, None, None]
        placed = placed + nn.functional.pad(translation, (0, 1))[:, None]
        base, others = placed[:, :BASE_VERTICES], placed[:, BASE_VERTICES:]
        across, down = nn.functional.normalize(rotation[:, :2, 0], dim=1).unbind(1)
        rolled = torch.stack([across, down, -down, across], 1).unflatten(1, (2, 2))  # transposed
        base = base + nn.functional.pad(self.halo @ rolled * scale[:, None, None], (0, 1))
        base = follow * base + (1 - follow) * self.home
        return torch.cat([base, others], 1) + self.drawn_behind * scale[:, None, None]


def _point_weights(neutral: Floats) -> NDArray[np.float64]:
    """f64 (468, 3): how much each coordinate counts in the PCA."""
    near_eyes = measurements.nearness(neutral, EYE_RIGHT + EYE_LEFT, 0.04)
    near_lips = measurements.nearness(neutral, LIPS, 0.08)
    weight = 1 + (EYE_WEIGHT - 1) * near_eyes + (LIP_WEIGHT - 1) * near_lips
    return (weight[:FACE_POINTS, None] * np.array([1, 1, DEPTH_WEIGHT])).astype(np.float64)
