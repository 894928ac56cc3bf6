"""The default actor: a linear model moves a mesh, a small VAE paints the texture on it.

One latent: expression components, head pose and gaze (geometry.py, linear, fitted), then appearance (painter.py,
trained). Appearance is what a warp cannot do: eyeballs behind lids, teeth behind lips, wrinkles, shading. It is encoded
from bounded, person-normalised measurements (puppet/face/measurements.py) and decoded into the actor's texture, where
every frame is aligned. After Deep Appearance Models (Lombardi et al. 2018), with landmarks in place of the encoder's
headset cameras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from models.common.types import Batch, Index
from models.networks import losses
from models.networks.base import ActorModel, standard_normal, to_network, to_picture
from models.networks.config import PuppetConfig
from models.networks.critic import PatchCritic, feature_distance, frozen, hinge
from models.networks.puppet import eyes, unseen_texels
from models.networks.puppet.batches import PuppetBatches, ScaledFootage, as_grid
from models.networks.puppet.geometry import Geometry, soft_limit
from models.networks.puppet.mesh import BASE_VERTICES, ActorMesh, build_mesh, mesh_size, teeth_in_texture
from models.networks.puppet.oversampling import repeat_turned_heads
from models.networks.puppet.painter import APPEARANCE, AppearanceEncoder, TexturePainter
from models.networks.puppet.registration import register_rings
from models.networks.puppet.texel_weights import loss_weight
from models.networks.puppet.tracked_frames import (
    canonicalise,
    median_pose,
    tracked_placements,
    tracked_vertices,
    with_mirrored,
)
from puppet.actor.warp import MeshWarp
from puppet.core.errors import DataError
from puppet.core.rows import evenly_repeated
from puppet.core.types import Floats
from puppet.face import landmarks, measurements
from puppet.face.retarget import Retargeter

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip

MEASUREMENT_LIMIT = 3.0  # standard deviations of the actor's own footage; beyond, squeezed softly

# Identity noise: the habits of other people, as a gain (of one) and an offset (standard deviations) per measurement.
GAIN_NOISE, OFFSET_NOISE = 0.1, 0.1
# Noise on the movement that the painter sees: degrees, eye distances, log size.
MOVEMENT_JITTER = (0.7, 0.7, 0.7, 0.01, 0.01, 0.01)

L1, SQUARED, GRADIENT = 1.0, 2.0, 1.0  # weights of the picture losses
UNSEEN = 1.0  # for texels behind the lips that no frame shows
KL, KL_WARMUP = 5e-5, 0.2  # weight per nat; share of the training over which it is reached
CRITIC_START = 0.5  # share of the training after which the critic's terms are added
CRITIC, ADVERSARIAL, FEATURES = (
    0.1,
    0.03,
    0.5,
)  # weights: the critic's own loss, the painter's against it, feature matching
WINDOW = 0.5  # of the picture's side: what the critic sees of it in one step, somewhere about the middle

LEAST_FRAMES = 5  # to train on; fewer do not show how a face moves
OPENED_QUANTILE = 0.93  # of the footage by how open the mouth is: beyond, it counts as wide open
REGISTERED_FRAMES = 160  # frames that hair and ears are registered on: how hair and ears move
MEAN_FRAMES = 64  # frames averaged for the first guess of the mean texture
SHOWN_FRAMES = 600  # frames by which the texels are found that the footage shows


class PuppetVAE(ActorModel):
    """Mesh, texture painter and critic of one actor, see the module's docstring.

    Latent (D = K + 34): K expression components, 6 of the head's movement, 2 of the gaze, 26 of the appearance.
    """

    best_metric = "psnr_tracked"  # what training changes; geometry is fitted
    encoder_inputs = ("landmarks", "pose")
    triangles: Tensor
    texture_points: Tensor
    loss_weight: Tensor
    unseen: Tensor
    continued: Tensor
    measurement_centre: Tensor
    measurement_spread: Tensor

    def __init__(self, config: PuppetConfig) -> None:
        super().__init__(config)
        self.config = config
        vertices, triangles = mesh_size()
        self.geometry = Geometry(config.components)
        self.latent_size = self.geometry.size + APPEARANCE
        self.image_size = config.image_size
        size = config.texture_size
        self.register_buffer("triangles", torch.zeros(triangles, 3, dtype=torch.int32))
        self.register_buffer("texture_points", torch.zeros(vertices, 2))
        self.register_buffer("loss_weight", torch.ones(1, 1, size, size))
        self.register_buffer("unseen", torch.zeros(1, 1, size, size))  # 1: teeth behind lips in every frame
        self.register_buffer("continued", torch.zeros(1, 3, size, size))  # what is there instead
        self.register_buffer("measurement_centre", torch.zeros(len(measurements.MEASUREMENTS)))
        self.register_buffer("measurement_spread", torch.ones(len(measurements.MEASUREMENTS)))
        self.appearance = AppearanceEncoder()
        self.painter = TexturePainter(config.channels, size)
        self.critic = PatchCritic()
        self._warp: MeshWarp | None = None

    # ------------------------------------------------------------ statistics

    def fit_statistics(self, dataset: Dataset, rows: Index) -> None:
        """Fit mesh, expression components, head movement and measurement ranges to the training frames.

        With `mirror`, expressions and movements are fitted to mirrored frames as well; rest pose and colours are not.
        DataError for fewer than LEAST_FRAMES frames, or landmarks that span no face.
        """
        if len(rows) < LEAST_FRAMES:
            raise DataError(
                f"{dataset.path}: {len(rows)} frames to train on, an actor needs at least {LEAST_FRAMES}; "
                "prepare more footage"
            )
        footage = ScaledFootage(dataset, self.config.image_size)
        neutral, points = dataset.neutral, footage.points[rows]
        canonical, poses = canonicalise(points, neutral)
        usual, values = median_pose(poses), measurements.measure(canonical)
        wide_open = values["mouth_open"] >= np.quantile(values["mouth_open"], OPENED_QUANTILE)
        opened, config = canonical[wide_open].mean(0), self.config
        mesh = build_mesh(neutral, opened, usual, config.image_size, config.texture_size)
        if self.mirror:
            canonical, poses = with_mirrored(canonical, poses, neutral, config.image_size)
        self.geometry.fit(canonical, poses, usual, mesh, neutral)
        measured = self._measured(torch.from_numpy(canonical))
        self.measurement_centre.copy_(measured.mean(0))
        self.measurement_spread.copy_(measured.std(0, correction=0).clamp_min(1e-3))
        self.triangles.copy_(torch.from_numpy(mesh.triangles))
        self.texture_points.copy_(torch.from_numpy(mesh.texture_points))
        self.loss_weight.copy_(torch.from_numpy(loss_weight(mesh, self.config.texture_size))[None, None])
        some = rows[evenly_repeated(len(rows), REGISTERED_FRAMES)]
        pictures = torch.from_numpy(footage.images(some))
        placements = tracked_placements(self.geometry, footage.points[some])
        register_rings(self.geometry, self.texture_points, pictures, placements, torch.Generator().manual_seed(0))
        open_rows = np.flatnonzero(wide_open)
        chosen = rows[open_rows[evenly_repeated(len(open_rows), MEAN_FRAMES)]]
        several = rows[evenly_repeated(len(rows), SHOWN_FRAMES)]
        often = self._shown(footage.points[np.union1d(several, chosen)]).sum(0)
        self._start_texture(footage, chosen, often >= unseen_texels.LEAST_SEEN, mesh)

    def _start_texture(self, footage: ScaledFootage, rows: Index, seen: NDArray[np.bool_], mesh: ActorMesh) -> None:
        """Set the mean texture to the mean of unwarped frames, from which training starts.

        seen: bool (T, T), texels that the footage shows. Texels of the teeth that it never shows keep these values.
        """
        size = self.config.texture_size
        flat = np.zeros((len(mesh.texture_points), 3), np.float32)
        flat[:, :2] = mesh.texture_points
        flat[:BASE_VERTICES, 2] = mesh.home[:, 2]
        vertices = tracked_vertices(self.geometry, footage.points[rows])
        pictures = footage.images(rows)
        unwarped = np.stack(
            [
                MeshWarp(mesh.triangles, v[:, :2], size).draw(p, flat, smooth=False)
                for v, p in zip(vertices, pictures, strict=True)
            ]
        )
        mean, shown = unwarped.mean(0, dtype=np.float32), self._shown(footage.points[rows])
        outer, inner = (mesh.texture_points[list(rim)] for rim in (landmarks.OUTER_LIPS, landmarks.INNER_LIPS))
        x, y = ((outer + inner) / 2).round().astype(int).T
        lips = np.median(mean[y, x], 0)
        for (down, along), above in zip(teeth_in_texture(size), (unseen_texels.GUM_SHADE * lips, None), strict=True):
            mean[down, along] = unseen_texels.continued(unwarped[:, down, along], shown[:, down, along], above)
            self.unseen[0, 0, down, along] = torch.from_numpy(~seen[down, along]).float()
        self.painter.mean.data.copy_(torch.from_numpy(mean / 255).permute(2, 0, 1))
        self.continued.copy_(self.painter.mean.data[None])

    def _shown(self, points: Floats) -> NDArray[np.bool_]:
        """Which texels bool (B, T, T) are seen in frames with points (B, 478, 3) px."""
        warp, size = self.mesh_warp(), self.config.texture_size
        return np.stack([unseen_texels.shown(*warp.field(v), size) for v in tracked_vertices(self.geometry, points)])

    def oversample(self, dataset: Dataset, rows: Index) -> Index:
        """Rows with a turned head several times (models/networks/puppet/oversampling.py)."""
        _, poses = canonicalise(dataset.points[rows], dataset.neutral)
        return repeat_turned_heads(rows, poses)

    # ------------------------------------------------------------ the VAE

    def measure(self, landmarks: Tensor) -> Tensor:
        """Landmarks (B, 478, 3) -> measurements (B, M) in standard deviations of the actor's own, unbounded."""
        return (self._measured(landmarks) - self.measurement_centre) / self.measurement_spread

    def _measured(self, landmarks: Tensor) -> Tensor:
        """Landmarks (B, 478, 3) -> measurements (B, M) in outer-eye distances; both eyes look the same way."""
        columns = list((landmarks.flatten(1) @ self.geometry.measurement_matrix).unbind(1))
        for (right, left), value in zip(eyes.GAZE, self.geometry.look(landmarks).unbind(1), strict=True):
            columns[right] = columns[left] = value
        return torch.stack(columns, 1)

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Posterior mean and logvar, each (B, D), of a batch's landmarks (B, 478, 3) and pose (B, 6)."""
        return self.posterior(batch["landmarks"], batch["pose"])

    def posterior(self, landmarks: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Landmarks (B, 478, 3) on the actor's face, movement (B, 6) from the usual pose -> mean, logvar (B, D)."""
        mean, logvar = self.geometry.encode(landmarks, pose)
        appearance, appearance_logvar = self.appearance(soft_limit(self.measure(landmarks), MEASUREMENT_LIMIT))
        return torch.cat([mean, appearance], 1), torch.cat([logvar, appearance_logvar], 1)

    def texture(self, latent: Tensor) -> Tensor:
        """Latent (B, D) -> texture (B, 3, T, T), about 0..1, not clamped."""
        return self.painter(latent[:, self.geometry.components :])

    def vertices(self, latent: Tensor) -> Tensor:
        """Latent (B, D) -> mesh vertices (B, V, 3) px."""
        return self.geometry(latent[:, : self.geometry.size])

    def loss(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Weighted scalar terms: pictures drawn over the tracked mesh against the true ones, KL of the appearance.

        From CRITIC_START on also those of the critic. Sources: models/networks/losses.py, models/networks/critic.py.
        The expression components are fitted and have no gradient, so their KL is a constant and is left out.
        """
        measured = self.measure(batch["landmarks"])

        def noise(like: Tensor, size: float) -> Tensor:
            return standard_normal(like, generator) * size

        measured = measured * (1 + noise(measured, GAIN_NOISE)) + noise(measured, OFFSET_NOISE)
        mean, logvar = self.appearance(soft_limit(measured, MEASUREMENT_LIMIT))
        appearance = mean + (0.5 * logvar).exp() * noise(mean, 1.0)
        jitter = noise(batch["pose"], 1.0) * batch["pose"].new_tensor(MOVEMENT_JITTER)
        posed, _ = self.geometry.encode(batch["landmarks"], batch["pose"] + jitter)
        target = to_network(batch["target"])
        field = as_grid(batch["field"])
        texture = self.texture(torch.cat([posed, appearance], 1))
        drawn = F.grid_sample(texture, field, padding_mode="border", align_corners=True)
        weight = F.grid_sample(self.loss_weight.expand(len(field), -1, -1, -1), field, align_corners=True)
        terms = {
            "l1": L1 * losses.l1(drawn, target, weight).mean(),
            "squared": SQUARED * losses.squared(drawn, target, weight).mean(),
            "gradient": GRADIENT * losses.gradient_difference(drawn, target, weight).mean(),
            "unseen": UNSEEN * losses.squared(texture, self.continued, self.unseen).mean(),
            "kl": KL * min(1.0, progress / KL_WARMUP) * losses.kl_to_standard_normal(mean, logvar).mean(),
        }
        return terms if progress < CRITIC_START else terms | self._adversarial_terms(drawn, target, generator)

    def _adversarial_terms(self, drawn: Tensor, target: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """The critic's own loss and the painter's against it, on one window of the pictures (B, 3, S, S)."""
        side = int(WINDOW * self.image_size) // 8 * 8
        room = self.image_size - side
        y, x = (int(v) for v in torch.randint(room // 8, room - room // 8 + 1, (2,), generator=generator))
        made, true = (p[:, :, y : y + side, x : x + side] for p in (drawn, target))
        seen, judged = self.critic(true), frozen(self.critic, made)
        return {
            "critic": CRITIC * hinge(seen[-1], self.critic(made.detach())[-1]),
            "adversarial": -ADVERSARIAL * judged[-1].mean(),
            "features": FEATURES * feature_distance(seen, judged),
        }

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """Metrics, each (B,).

        psnr, ssim: pictures encoded, decoded and drawn; psnr_tracked: the texture alone, over the tracked mesh; kl.
        """
        target = to_network(batch["target"])
        mean, logvar = self.encode(batch)
        drawn = F.grid_sample(self.texture(mean), as_grid(batch["field"]), padding_mode="border", align_corners=True)
        finished = to_network(self.render(batch).to(target.device))
        return {
            "psnr": losses.psnr(finished, target),
            "ssim": losses.ssim(finished, target),
            "psnr_tracked": losses.psnr(drawn.clamp(0, 1), target),
            "kl": losses.kl_to_standard_normal(mean, logvar),
        }

    @torch.no_grad()
    def render(self, batch: Batch) -> Tensor:
        """The actor, uint8 (B, S, S, 3) RGB, drawn by the app's own warp from the posterior mean."""
        mean, _ = self.encode(batch)
        texture = to_picture(self.texture(mean)).cpu().numpy()
        points = self.vertices(mean).cpu().numpy()
        drawn = [self.mesh_warp().draw(t, p) for t, p in zip(texture, points, strict=True)]
        return torch.from_numpy(np.stack(drawn))

    def drive(self, clip: DriverClip) -> Batch:
        """Another person's frames, retargeted as in the app -> landmarks f32 (B, 478, 3), pose f32 (B, 6)."""
        neutral = self.geometry.neutral.cpu().numpy()
        retargeter = Retargeter(neutral)
        driven = [retargeter.drive(face, clip.neutral) for face in clip.faces]
        landmarks, pose = (np.stack(part).astype(np.float32) for part in zip(*driven, strict=True))
        return {"landmarks": torch.from_numpy(landmarks), "pose": torch.from_numpy(pose)}

    def make_batches(self, dataset: Dataset, rows: Index, augment: bool) -> PuppetBatches:
        """Rows of a data set with their sampling fields; mirrored frames among them if `augment` and `mirror`."""
        footage = ScaledFootage(dataset, self.config.image_size)
        mirror = augment and self.mirror
        return PuppetBatches(footage, dataset.neutral, rows, self.geometry, self.mesh_warp, self.config, mirror)

    def mesh_warp(self) -> MeshWarp:
        """The app's warp over this actor's mesh, made when first asked for."""
        if self._warp is None:
            triangles, points = self.triangles.cpu().numpy(), self.texture_points.cpu().numpy()
            self._warp = MeshWarp(triangles, points, self.config.image_size)
        return self._warp

    # ------------------------------------------------------------ export

    def inference_encoder(self) -> nn.Module:
        """Landmarks f32 (N, 478, 3), pose f32 (N, 6) -> mean, logvar f32 (N, D)."""
        return _Encoder(self)

    def inference_decoder(self) -> nn.Module:
        """Latent f32 (N, D) -> texture uint8 (N, T, T, 3) RGB, points f32 (N, V, 3) px."""
        return _Decoder(self)

    def exported_facts(self) -> dict[str, Any]:
        """Mesh, texture layout and neutral face for the actor card."""
        return {
            "kind": "mesh",
            "neutral": self.geometry.neutral.cpu().numpy(),
            "triangles": self.triangles.cpu().numpy(),
            "texture_points": self.texture_points.cpu().numpy(),
            "texture_size": self.config.texture_size,
        }


class _Encoder(nn.Module):
    """`PuppetVAE.posterior` as a module, for export."""

    def __init__(self, model: PuppetVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, landmarks: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        mean, logvar = self.model.posterior(landmarks, pose)
        return mean, logvar.expand(mean.shape)


class _Decoder(nn.Module):
    """`PuppetVAE.texture` and `vertices` as a module, for export."""

    def __init__(self, model: PuppetVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        return to_picture(self.model.texture(latent)), self.model.vertices(latent)
