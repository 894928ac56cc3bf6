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
from torch import Tensor, nn

from models.common.types import Batch, Index
from models.networks import losses
from models.networks.base import ActorModel, standard_normal, to_network, to_picture
from models.networks.config import PuppetConfig
from models.networks.critic import PatchCritic, feature_distance, frozen, hinge
from models.networks.puppet import alignment
from models.networks.puppet.alignment import Alignment
from models.networks.puppet.batches import PuppetBatches, Registered, as_grid
from models.networks.puppet.drawing import (
    Pixels,
    composed,
    drawn,
    every_second_pixel,
    random_window,
    sampled_by_all,
)
from models.networks.puppet.fitting import fit_to_footage
from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.geometry import Geometry, soft_limit
from models.networks.puppet.mesh import mesh_size
from models.networks.puppet.oversampling import repeat_turned_heads
from models.networks.puppet.painter import APPEARANCE, RGBA, AppearanceEncoder, TexturePainter
from models.networks.puppet.texel_weights import loss_weight
from models.networks.puppet.tracked_frames import canonicalise
from puppet.actor.layers import NOTHING_ADDED, FullTexture
from puppet.actor.warp import MeshWarp
from puppet.core import pixels
from puppet.core.types import Image
from puppet.face import measurements
from puppet.face.retarget import Retargeter
from puppet.head import eyes
from puppet.head.layout import Layout
from puppet.head.vertices import BEHIND_TRIANGLES

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip

MEASUREMENT_LIMIT = 3.0  # standard deviations of the actor's own footage; beyond, squeezed softly

# Identity noise: the habits of other people, as a gain (of one) and an offset (standard deviations) per measurement.
GAIN_NOISE, OFFSET_NOISE = 0.1, 0.1
# Noise on the movement that the painter sees: degrees, eye distances, log size.
MOVEMENT_JITTER = (0.7, 0.7, 0.7, 0.01, 0.01, 0.01)

L1, SQUARED, GRADIENT, ALPHA = 1.0, 2.0, 1.0, 1.0  # weights of the picture losses
UNSEEN = 1.0  # for texels behind the lips that no frame shows
KL, KL_WARMUP = 5e-5, 0.2  # weight per nat; share of the training over which it is reached
CRITIC_START = 0.5  # share of the training after which the critic's terms are added
# Weights: the critic's own loss, the painter's against it, feature matching
CRITIC, ADVERSARIAL, FEATURES = 0.1, 0.03, 0.5
WHOLE = 256  # px: of a larger picture a step sees every second pixel, and with the critic one window


class PuppetVAE(ActorModel):
    """Mesh, texture painter and critic of one actor, see the module's docstring.

    Latent (D = K + 34): K expression components, 6 of the head's movement, 2 of the gaze, 26 of the appearance.
    """

    best_metric = "psnr_tracked"  # what training changes; geometry is fitted
    encoder_inputs = ("landmarks", "pose")
    triangles: Tensor
    openings: Tensor
    texture_points: Tensor
    loss_weight: Tensor
    unseen: Tensor
    continued: Tensor
    plate: Tensor
    layered: Tensor
    reference: Tensor
    drawn_triangles: Tensor
    measurement_centre: Tensor
    measurement_spread: Tensor

    def __init__(self, config: PuppetConfig) -> None:
        super().__init__(config)
        self.config = config
        vertices, triangles = mesh_size()
        self.geometry = Geometry(config.components)
        self.latent_size = self.geometry.size + APPEARANCE
        self.image_size = config.image_size
        size, painted, side = config.texture_size, config.painted_size, config.image_size
        self.register_buffer("triangles", torch.zeros(triangles, 3, dtype=torch.int32))
        self.register_buffer("openings", torch.zeros((), dtype=torch.int32))  # triangles, before those behind them
        self.register_buffer("texture_points", torch.zeros(vertices, 2))
        self.register_buffer("loss_weight", torch.ones(1, 1, size, size))
        self.register_buffer("unseen", torch.zeros(1, 1, painted, painted))  # 1: teeth behind lips in every frame
        self.register_buffer("continued", torch.zeros(1, RGBA, painted, painted))  # what is there instead
        self.register_buffer("plate", torch.zeros(side, side, 3, dtype=torch.uint8))  # RGB, behind the person
        self.register_buffer("layered", torch.zeros((), dtype=torch.bool))  # whether the footage has mattes
        self.register_buffer("reference", torch.zeros(alignment.SIDE, alignment.SIDE, dtype=torch.uint8))
        self.register_buffer("drawn_triangles", torch.ones(triangles, dtype=torch.bool))  # not wholly transparent
        self.register_buffer("measurement_centre", torch.zeros(len(measurements.MEASUREMENTS)))
        self.register_buffer("measurement_spread", torch.ones(len(measurements.MEASUREMENTS)))
        self.appearance = AppearanceEncoder()
        self.painter = TexturePainter(config.channels, painted)
        self.detail = nn.Parameter(torch.zeros(1, RGBA, size, size))  # added to what is painted, enlarged
        self.critic = PatchCritic()
        self._warps: dict[bool, MeshWarp] = {}

    # ------------------------------------------------------------ statistics

    def fit_statistics(self, dataset: Dataset, rows: Index) -> None:
        """Fit what no gradient learns, and what training starts from, to the training frames.

        With `mirror`, expressions and movements are fitted to mirrored frames as well; rest pose and colours are not.
        DataError for fewer than LEAST_FRAMES frames, or landmarks that span no face.
        """
        fitted = fit_to_footage(self.geometry, dataset, rows, self.config, self.mirror)
        mesh, texture = fitted.mesh, fitted.texture
        measured = self._measured(torch.from_numpy(fitted.canonical))
        self.measurement_centre.copy_(measured.mean(0))
        self.measurement_spread.copy_(measured.std(0, correction=0).clamp_min(1e-3))
        self.triangles.copy_(torch.from_numpy(mesh.triangles))
        self.openings.fill_(mesh.openings)
        self.texture_points.copy_(torch.from_numpy(mesh.texture_points))
        self.loss_weight.copy_(torch.from_numpy(loss_weight(mesh, self.config.texture_size))[None, None])
        self.plate.copy_(torch.from_numpy(fitted.plate))
        self.layered.fill_(fitted.layered)
        self.reference.copy_(torch.from_numpy(texture.reference))
        self.drawn_triangles.copy_(torch.from_numpy(texture.drawn_triangles))
        self.painter.mean.data.copy_(torch.from_numpy(texture.painted).permute(2, 0, 1))
        self.detail.data.copy_(torch.from_numpy(texture.detail).permute(2, 0, 1)[None])
        self.continued.copy_(self.painter.mean.data[None])
        made_up = torch.from_numpy(texture.made_up)[None, None].float()
        self.unseen.copy_(F.adaptive_avg_pool2d(made_up, self.config.painted_size))
        self._warps.clear()

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
        """Latent (B, D) -> texture without its detail (B, 4, P, P), premultiplied, about 0..1, not clamped."""
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
        rows, columns = self._pixels(progress, generator)
        target, field = to_network(batch["target"][:, rows, columns]), as_grid(batch["field"][:, rows, columns])
        texture = self.texture(torch.cat([posed, appearance], 1))
        person = drawn(texture, self.detail, field)
        weight = sampled_by_all(self.loss_weight, field)
        backdrop = torch.rand(len(field), RGBA - 1, 1, 1, generator=generator).to(field.device)
        seen, true = composed(person, backdrop), composed(target, backdrop)
        terms = {
            "l1": L1 * losses.l1(seen, true, weight).mean(),
            "squared": SQUARED * losses.squared(seen, true, weight).mean(),
            "gradient": GRADIENT * losses.gradient_difference(seen, true, weight).mean(),
            "alpha": ALPHA * losses.l1(person[:, -1:], target[:, -1:], weight).mean(),
            "unseen": UNSEEN * losses.squared(texture, self.continued, self.unseen).mean(),
            "kl": KL * min(1.0, progress / KL_WARMUP) * losses.kl_to_standard_normal(mean, logvar).mean(),
        }
        return terms if progress < CRITIC_START else terms | self._adversarial_terms(seen, true, generator)

    def _pixels(self, progress: float, generator: torch.Generator) -> Pixels:
        """Rows and columns of the picture that a step sees.

        All of a small picture; of a large one every second pixel, and with the critic one window, where all are
        neighbours.
        """
        side = self.image_size
        if side <= WHOLE:
            return slice(None), slice(None)
        if progress < CRITIC_START:
            return every_second_pixel(generator)
        return random_window(side, generator)

    def _adversarial_terms(self, made: Tensor, true: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """The critic's own loss and the painter's against it, on one window of the pictures (B, 3, h, w)."""
        if self.image_size <= WHOLE:
            rows, columns = random_window(self.image_size, generator)
            made, true = made[:, :, rows, columns], true[:, :, rows, columns]
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
        plate = to_network(self.plate[None])
        target = composed(to_network(batch["target"]), plate)
        mean, logvar = self.encode(batch)
        tracked = composed(drawn(self.texture(mean), self.detail, as_grid(batch["field"])).clamp(0, 1), plate)
        finished = to_network(self.render(batch).to(target.device))
        return {
            "psnr": losses.psnr(finished, target),
            "ssim": losses.ssim(finished, target),
            "psnr_tracked": losses.psnr(tracked, target),
            "kl": losses.kl_to_standard_normal(mean, logvar),
        }

    def render(self, batch: Batch) -> Tensor:
        """The actor over the plate, uint8 (B, S, S, 3) RGB, from the posterior mean."""
        return self.pictures(self.encode(batch)[0])

    @torch.no_grad()
    def pictures(self, latent: Tensor) -> Tensor:
        """The actor over the plate, uint8 (B, S, S, 3) RGB, drawn by the app's own warp; latent (B, D)."""
        painted = _levels(self.texture(latent), bool(self.layered)).cpu().numpy()
        points = self.vertices(latent).cpu().numpy()
        channels = RGBA if self.layered else RGBA - 1  # as the app: an opaque actor has no alpha
        painted, detail = (np.ascontiguousarray(p[..., :channels]) for p in (painted, self.exported_layers()[0]))
        full, warp, plate = FullTexture(detail), self.mesh_warp(exported=True), self.plate.cpu().numpy()
        persons = [warp.draw(full.of(texture), place) for texture, place in zip(painted, points, strict=True)]
        return torch.from_numpy(np.stack([pixels.over(p, plate) for p in persons] if self.layered else persons))

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
        layout, aligned = self._aligned()
        size, plate = self.config.texture_size, self.plate.cpu().numpy()
        registered = Registered(self.geometry, self.mesh_warp(), layout, aligned, size, plate)
        return PuppetBatches(footage, dataset.neutral, rows, registered, align=augment, mirror=augment and self.mirror)

    def encoder_inputs_of(self, dataset: Dataset, rows: Index) -> Batch:
        """Landmarks and pose of rows, as in a batch; pictures and fields, which take long, are left out."""
        footage = ScaledFootage(dataset, self.config.image_size)
        canonical, poses = canonicalise(footage.points[rows], dataset.neutral)
        moved = np.stack([self.geometry.movement(pose) for pose in poses])
        return {"landmarks": torch.from_numpy(canonical), "pose": torch.from_numpy(moved)}

    def mesh_warp(self, exported: bool = False) -> MeshWarp:
        """The app's warp over this actor's mesh, made when first asked for.

        exported: without the triangles that are always transparent.
        """
        if exported not in self._warps:
            triangles, points = self.triangles, self.texture_points.cpu().numpy()
            used = triangles[self.drawn_triangles] if exported else triangles
            size, openings = self.config.image_size, int(self.openings)
            self._warps[exported] = MeshWarp(used.cpu().numpy(), points, size, openings, BEHIND_TRIANGLES)
        return self._warps[exported]

    def _aligned(self) -> tuple[Layout, Alignment]:
        """What frames are aligned with."""
        triangles, points = self.triangles.cpu().numpy(), self.texture_points.cpu().numpy()
        size = self.config.texture_size
        movable = alignment.movable_texels(points, size)
        return alignment.layout_of(triangles, points, size), Alignment(self.reference.cpu().numpy(), movable)

    # ------------------------------------------------------------ export

    def inference_encoder(self) -> nn.Module:
        """Landmarks f32 (N, 478, 3), pose f32 (N, 6) -> mean, logvar f32 (N, D)."""
        return _Encoder(self)

    def inference_decoder(self) -> nn.Module:
        """Latent f32 (N, D) -> texture uint8 (N, P, P, 4) RGBA, points f32 (N, V, 3) px."""
        return _Decoder(self)

    def exported_facts(self) -> dict[str, Any]:
        """Mesh, texture layout and neutral face for the actor card."""
        return {
            "kind": "mesh",
            "neutral": self.geometry.neutral.cpu().numpy(),
            "triangles": self.triangles[self.drawn_triangles].cpu().numpy(),
            "texture_points": self.texture_points.cpu().numpy(),
            "texture_size": self.config.texture_size,
            "painted_size": self.config.painted_size,
            "layers": bool(self.layered),
            "openings": int(self.openings),
            "behind": BEHIND_TRIANGLES,
        }

    def exported_layers(self) -> tuple[Image, Image | None]:
        """The texture's fine detail uint8 (T, T, 4) RGBA, and the plate uint8 (S, S, 3) RGB or None."""
        detail = self.detail.detach()[0].permute(1, 2, 0).cpu().numpy() * 255 + NOTHING_ADDED
        levels = np.ascontiguousarray(np.rint(detail).clip(0, 255).astype(np.uint8))
        if not self.layered:
            levels[..., -1] = NOTHING_ADDED
        return levels, self.plate.cpu().numpy() if self.layered else None


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
        self.layered = bool(model.layered)

    def forward(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        return _levels(self.model.texture(latent), self.layered), self.model.vertices(latent)


def _levels(texture: Tensor, layered: bool) -> Tensor:
    """A painted texture (B, 4, P, P) as the app gets it, uint8 (B, P, P, 4): opaque for footage without mattes."""
    if not layered:
        texture = torch.cat([texture[:, :-1], torch.ones_like(texture[:, -1:])], 1)
    return to_picture(texture)
