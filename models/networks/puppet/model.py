"""The default actor: geometry moves a mesh, a small VAE paints what the mesh wears.

One latent: expression components and head pose (models/networks/puppet/geometry.py, linear, fitted), then appearance.
Appearance is what a warp cannot do: eyeballs behind lids, teeth behind lips, wrinkles, shading. It is encoded from
bounded, person-normalised measurements (puppet/face/measurements.py) and lives in the actor's canonical texture, where
every frame is aligned. After Deep Appearance Models (Lombardi et al. 2018), with landmarks for the encoder's headset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from models.networks import losses
from models.networks.base import ActorModel, Batch, Index, standard_normal, to_network, to_picture
from models.networks.config import PuppetConfig
from models.networks.critic import PatchCritic, feature_distance, frozen, hinge
from models.networks.layers import PlacedConv, he_initialise
from models.networks.mirror import draw, flip_offsets, flip_pictures, flip_pose, one_sided
from models.networks.puppet import eyes
from models.networks.puppet import unseen_texels as unseen
from models.networks.puppet.eyes import LOOK
from models.networks.puppet.geometry import MOVEMENT, Geometry, Placements, soft_limit
from models.networks.puppet.mesh import (
    BASE_VERTICES,
    EYEBALL_COLUMNS,
    FACE_POINTS,
    FOOT,
    MOUTH_COLUMNS,
    OVAL,
    ActorMesh,
    build_mesh,
    mesh_size,
    teeth_in_texture,
)
from models.networks.puppet.registration import register_rings
from puppet.actor.warp import MeshWarp
from puppet.core import pixels
from puppet.core.errors import DataError
from puppet.core.types import Floats, HeadPose, Image
from puppet.face import align, landmarks, measurements
from puppet.face.mirroring import flip_points
from puppet.face.retarget import Retargeter

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip

# Appearance groups: which measurements they see, how many latents they get, and which cells of the painter's first map
# they paint (rows and columns, from and up to). Regions that cannot see each other cannot learn that brows only rise
# when the mouth opens, however often the footage shows it so.
_OF_MOUTH = (
    "mouth_open", "mouth_width", "mouth_corner_right", "mouth_corner_left", "mouth_side", "upper_lip",
    "upper_lip_thickness", "lower_lip_thickness", "lip_protrusion", "jaw_open", "jaw_side", "nose_width",
)  # fmt: skip
CELLS = 8  # side of the painter's first map
Cells = tuple[int, int, int, int]


def _in_foot(left: float, right: float) -> Cells:
    return round((1 - FOOT) * CELLS), CELLS, round(left * CELLS), round(right * CELLS)


EYE_RIGHT: tuple[Cells, ...] = ((2, 5, 0, 4), _in_foot(*EYEBALL_COLUMNS[0]))  # around the eye; its eyeball's picture
EYE_LEFT: tuple[Cells, ...] = ((2, 5, 4, 8), _in_foot(*EYEBALL_COLUMNS[1]))
MOUTH: tuple[Cells, ...] = ((3, 7, 0, 8), *(_in_foot(*columns) for columns in MOUTH_COLUMNS))  # around it; the teeth's
GROUPS: dict[str, tuple[tuple[str, ...], int, tuple[Cells, ...]]] = {
    "eye_right": (("lids_right", "gaze_x_right", "gaze_y_right", "cheek_right"), 5, EYE_RIGHT),
    "eye_left": (("lids_left", "gaze_x_left", "gaze_y_left", "cheek_left"), 5, EYE_LEFT),
    "brows": (tuple(n for n in measurements.MEASUREMENT_NAMES if n.startswith("brow")), 4, ((1, 4, 0, 8),)),
    "mouth": ((*_OF_MOUTH, "cheek_right", "cheek_left"), 12, MOUTH),
}
APPEARANCE = sum(size for _, size, _ in GROUPS.values())

MEASUREMENT_LIMIT = 3.0  # standard deviations of the actor's own footage; beyond, squeezed softly
HIDDEN = 64  # units of each group's encoder
LOGVAR_RANGE = (-8.0, 2.0)

# Identity noise: a stranger's habits, as a gain (of one) and an offset (standard deviations) on each measurement.
GAIN_NOISE, OFFSET_NOISE = 0.1, 0.1
# On the movement that the painter sees: degrees, eye distances, log size.
MOVEMENT_JITTER = (0.7, 0.7, 0.7, 0.01, 0.01, 0.01)

EYE_LOSS, MOUTH_LOSS, BROW_LOSS, FACE_LOSS = 10.0, 4.0, 3.0, 1.0  # added to the 1 that every pixel counts
L1, SQUARED, GRADIENT = 1.0, 2.0, 1.0
UNSEEN = 1.0  # for texels behind the lips that no frame shows
KL, KL_WARMUP = 5e-5, 0.2  # weight per nat; share of the training over which it is reached
CRITIC_START = 0.5  # share of the training after which the critic joins in
CRITIC, ADVERSARIAL, FEATURES = 0.1, 0.03, 0.5  # weights: the critic's own loss, its verdict, its maps' distance
WINDOW = 0.5  # of the picture's side: what the critic sees of it in one step, somewhere about the middle

TURN = 10.0  # degrees from the usual pose: a frame is shown once more for each

LEAST_FRAMES = 5  # to train on; fewer tell nothing of how a face moves
OPENED_QUANTILE = 0.93  # of the footage by how open the mouth is: beyond, it counts as wide open
REGISTERED_FRAMES = 160  # frames that tell how hair and ears move
MEAN_FRAMES = 64  # frames averaged for the first guess of the mean texture
SHOWN_FRAMES = 600  # frames that tell which texels the footage shows


class PuppetVAE(ActorModel):
    """See the module's docstring. Latent: K components, 6 of the head's movement, 2 of the gaze, 26 appearance."""

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
        """Mesh, expression components, head movement and measurement ranges of the training frames.

        What they do, mirrored frames do too; where the head is at rest, and what it looks like, is theirs alone.
        """
        if len(rows) < LEAST_FRAMES:
            raise DataError(
                f"{dataset.path}: {len(rows)} frames to train on, an actor needs at least {LEAST_FRAMES}; "
                "prepare more footage"
            )
        footage = Footage(dataset, self.config.image_size)
        neutral, points = dataset.neutral, footage.points[rows]
        canonical, poses = _canonical(points, neutral)
        usual, values = _usual(poses), measurements.measure(canonical)
        wide_open = values["mouth_open"] >= np.quantile(values["mouth_open"], OPENED_QUANTILE)
        opened, config = canonical[wide_open].mean(0), self.config
        mesh = build_mesh(neutral, opened, usual, config.image_size, config.texture_size)
        if self.mirror:
            canonical, poses = _with_mirrored(canonical, poses, neutral, config.image_size)
        self.geometry.fit(canonical, poses, usual, mesh, neutral)
        measured = self._measured(torch.from_numpy(canonical))
        self.measurement_centre.copy_(measured.mean(0))
        self.measurement_spread.copy_(measured.std(0, correction=0).clamp_min(1e-3))
        self.triangles.copy_(torch.from_numpy(mesh.triangles))
        self.texture_points.copy_(torch.from_numpy(mesh.texture_points))
        self.loss_weight.copy_(torch.from_numpy(_loss_weight(mesh, self.config.texture_size))[None, None])
        some = rows[np.linspace(0, len(rows) - 1, REGISTERED_FRAMES).astype(int)]
        pictures = torch.from_numpy(footage.images(some))
        placements = self._tracked_placements(footage.points[some])
        register_rings(self.geometry, self.texture_points, pictures, placements, torch.Generator().manual_seed(0))
        open_rows = np.flatnonzero(wide_open)
        chosen = rows[open_rows[np.linspace(0, len(open_rows) - 1, MEAN_FRAMES).astype(int)]]
        several = rows[np.linspace(0, len(rows) - 1, SHOWN_FRAMES).astype(int)]
        often = self._shown(footage.points[np.union1d(several, chosen)]).sum(0)
        self._start_texture(footage, chosen, often >= unseen.LEAST_SEEN, mesh)

    def _start_texture(self, footage: Footage, rows: Index, seen: NDArray[np.bool_], mesh: ActorMesh) -> None:
        """The mean of unwarped frames, a start for the one that training refines.

        seen: bool (T, T), texels that the footage shows. What it does not show of the teeth stays as it is here.
        """
        size = self.config.texture_size
        flat = np.zeros((len(mesh.texture_points), 3), np.float32)
        flat[:, :2] = mesh.texture_points
        flat[:BASE_VERTICES, 2] = mesh.home[:, 2]
        vertices = self._tracked_vertices(footage.points[rows])
        pictures = footage.images(rows)
        unwarped = np.stack(
            [MeshWarp(mesh.triangles, v[:, :2], size).draw(p, flat) for v, p in zip(vertices, pictures, strict=True)]
        )
        mean, shown = unwarped.mean(0, dtype=np.float32), self._shown(footage.points[rows])
        outer, inner = (mesh.texture_points[list(rim)] for rim in (landmarks.OUTER_LIPS, landmarks.INNER_LIPS))
        x, y = ((outer + inner) / 2).round().astype(int).T
        lips = np.median(mean[y, x], 0)
        for (down, along), above in zip(teeth_in_texture(size), (unseen.GUM_SHADE * lips, None), strict=True):
            mean[down, along] = unseen.continued(unwarped[:, down, along], shown[:, down, along], above)
            self.unseen[0, 0, down, along] = torch.from_numpy(~seen[down, along]).float()
        self.painter.mean.data.copy_(torch.from_numpy(mean / 255).permute(2, 0, 1))
        self.continued.copy_(self.painter.mean.data[None])

    def _shown(self, points: Floats) -> NDArray[np.bool_]:
        """Which texels bool (B, T, T) are seen in frames with points (B, 478, 3) px."""
        warp, size = self._mesh_warp(), self.config.texture_size
        return np.stack([unseen.shown(*warp.field(v), size) for v in self._tracked_vertices(points)])

    def _tracked_placements(self, points: Floats) -> Placements:
        """What `Geometry.place` takes, as the tracker saw the face; points (B, 478, 3) px."""
        canonical, poses = _canonical(points, self.geometry.neutral.cpu().numpy())
        rotation = np.stack([pose.rotation for pose in poses]).astype(np.float32)
        translation = np.stack([pose.translation[:2] for pose in poses]).astype(np.float32)
        scale = np.array([pose.scale for pose in poses], np.float32)
        device = self.geometry.neutral.device
        landmarks = torch.from_numpy(canonical).to(device)
        placed = (torch.from_numpy(a).to(device) for a in (rotation, translation, scale))
        return landmarks[:, :FACE_POINTS], self.geometry.look(landmarks), *placed  # pyright: ignore[reportReturnType]

    @torch.no_grad()
    def _tracked_vertices(self, points: Floats) -> Floats:
        """Mesh vertices f32 (B, V, 3) px where the tracker saw the face; points (B, 478, 3)."""
        return self.geometry.place(*self._tracked_placements(points)).cpu().numpy()

    def practice(self, dataset: Dataset, rows: Index) -> Index:
        """Turned heads more often: they are rare, and show sides of the head that no other frame does."""
        _, poses = _canonical(dataset.points[rows], dataset.neutral)
        angles = np.stack([align.angles_of(pose.rotation) for pose in poses])
        turn = np.linalg.norm((angles - np.median(angles, 0))[:, :2], axis=1)
        return np.repeat(rows, 1 + (turn / TURN).astype(np.intp))

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
        return self.posterior(batch["landmarks"], batch["pose"])

    def posterior(self, landmarks: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Landmarks (B, 478, 3) on the actor's face, movement (B, 6) from the usual pose -> mean, logvar (B, D)."""
        mean, logvar = self.geometry.encode(landmarks, pose)
        worn, worn_logvar = self.appearance(soft_limit(self.measure(landmarks), MEASUREMENT_LIMIT))
        return torch.cat([mean, worn], 1), torch.cat([logvar, worn_logvar], 1)

    def texture(self, latent: Tensor) -> Tensor:
        """Latent (B, D) -> texture (B, 3, T, T), about 0..1, not clamped."""
        return self.painter(latent[:, self.geometry.components :])

    def vertices(self, latent: Tensor) -> Tensor:
        """Latent (B, D) -> mesh vertices (B, V, 3) px."""
        return self.geometry(latent[:, : self.geometry.size])

    def loss(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Pictures drawn over the tracked mesh against the true ones, and the KL of the appearance latents.

        The expression components are fitted and have no gradient, so their KL is a constant and is left out.
        """
        measured = self.measure(batch["landmarks"])

        def noise(like: Tensor, size: float) -> Tensor:
            return standard_normal(like, generator) * size

        measured = measured * (1 + noise(measured, GAIN_NOISE)) + noise(measured, OFFSET_NOISE)
        mean, logvar = self.appearance(soft_limit(measured, MEASUREMENT_LIMIT))
        worn = mean + (0.5 * logvar).exp() * noise(mean, 1.0)
        jitter = noise(batch["pose"], 1.0) * batch["pose"].new_tensor(MOVEMENT_JITTER)
        posed, _ = self.geometry.encode(batch["landmarks"], batch["pose"] + jitter)
        target = to_network(batch["target"])
        field = _as_grid(batch["field"])
        texture = self.texture(torch.cat([posed, worn], 1))
        drawn = F.grid_sample(texture, field, padding_mode="border", align_corners=True)
        weight = F.grid_sample(self.loss_weight.expand(len(field), -1, -1, -1), field, align_corners=True)
        terms = {
            "l1": L1 * losses.l1(drawn, target, weight).mean(),
            "squared": SQUARED * losses.squared(drawn, target, weight).mean(),
            "gradient": GRADIENT * losses.gradient_difference(drawn, target, weight).mean(),
            "unseen": UNSEEN * losses.squared(texture, self.continued, self.unseen).mean(),
            "kl": KL * min(1.0, progress / KL_WARMUP) * losses.kl_to_standard_normal(mean, logvar).mean(),
        }
        return terms if progress < CRITIC_START else terms | self._criticised(drawn, target, generator)

    def _criticised(self, drawn: Tensor, target: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """What the critic makes of one window of the pictures (B, 3, S, S), and what it learns from it."""
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
        """psnr, ssim: the whole way through the latent; psnr_tracked: the texture alone, over the tracked mesh."""
        target = to_network(batch["target"])
        mean, logvar = self.encode(batch)
        drawn = F.grid_sample(self.texture(mean), _as_grid(batch["field"]), padding_mode="border", align_corners=True)
        finished = to_network(self.render(batch).to(target.device))
        return {
            "psnr": losses.psnr(finished, target),
            "ssim": losses.ssim(finished, target),
            "psnr_tracked": losses.psnr(drawn.clamp(0, 1), target),
            "kl": losses.kl_to_standard_normal(mean, logvar),
        }

    @torch.no_grad()
    def render(self, batch: Batch) -> Tensor:
        mean, _ = self.encode(batch)
        texture = to_picture(self.texture(mean)).cpu().numpy()
        points = self.vertices(mean).cpu().numpy()
        drawn = [self._mesh_warp().draw(t, p) for t, p in zip(texture, points, strict=True)]
        return torch.from_numpy(np.stack(drawn))

    def drive(self, clip: DriverClip) -> Batch:
        neutral = self.geometry.neutral.cpu().numpy()
        retargeter = Retargeter(neutral)
        driven = [retargeter.drive(face, clip.neutral) for face in clip.faces]
        landmarks, pose = (np.stack(part).astype(np.float32) for part in zip(*driven, strict=True))
        return {"landmarks": torch.from_numpy(landmarks), "pose": torch.from_numpy(pose)}

    def make_batches(self, dataset: Dataset, rows: Index, augment: bool) -> PuppetBatches:
        return PuppetBatches(self, dataset, rows, mirror=augment and self.mirror)

    def _mesh_warp(self) -> MeshWarp:
        if self._warp is None:
            triangles, points = self.triangles.cpu().numpy(), self.texture_points.cpu().numpy()
            self._warp = MeshWarp(triangles, points, self.config.image_size)
        return self._warp

    # ------------------------------------------------------------ export

    def inference_encoder(self) -> nn.Module:
        return _Encoder(self)

    def inference_decoder(self) -> nn.Module:
        return _Decoder(self)

    def exported_facts(self) -> dict[str, Any]:
        return {
            "kind": "mesh",
            "neutral": self.geometry.neutral.cpu().numpy(),
            "triangles": self.triangles.cpu().numpy(),
            "texture_points": self.texture_points.cpu().numpy(),
            "texture_size": self.config.texture_size,
        }


class AppearanceEncoder(nn.Module):
    """Bounded measurements (B, M) -> mean, logvar (B, 26); one small network per group, blind to the others."""

    def __init__(self) -> None:
        super().__init__()
        self.groups = nn.ModuleList()
        for i, (names, size, _) in enumerate(GROUPS.values()):
            index = [measurements.MEASUREMENT_NAMES.index(name) for name in names]
            self.register_buffer(f"index_{i}", torch.tensor(index), persistent=False)
            self.groups.append(
                nn.Sequential(
                    nn.Linear(len(index), HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(),
                    nn.Linear(HIDDEN, 2 * size),
                )
            )  # fmt: skip

    def forward(self, measured: Tensor) -> tuple[Tensor, Tensor]:
        parts = [g(measured[:, getattr(self, f"index_{i}")]).chunk(2, 1) for i, g in enumerate(self.groups)]
        mean = torch.cat([mean for mean, _ in parts], 1)
        logvar = torch.cat([logvar for _, logvar in parts], 1)
        return mean, logvar.clamp(*LOGVAR_RANGE)


class TexturePainter(nn.Module):
    """Movement, gaze and appearance latents (B, 6 + 2 + 26) -> texture (B, 3, T, T): a mean and what differs from it.

    channels: of the maps at 8, 16, 32 ... cells; the last map is brought to T by one pixel shuffle, since wide maps
    at full resolution are what costs time on a CPU (Shi et al. 2016). For the same reason maps are convolved first and
    enlarged then, and nothing but each texel's own cell decides in the last layer.
    """

    reach: Tensor

    def __init__(self, channels: tuple[int, ...], texture_size: int) -> None:
        super().__init__()
        last = CELLS * 2 ** (len(channels) - 1)
        self.shuffle = texture_size // last
        if last * self.shuffle != texture_size:
            raise ValueError(f"texture size {texture_size} is no multiple of {last}")
        self.mean = nn.Parameter(torch.zeros(3, texture_size, texture_size))
        self.stem = nn.Linear(MOVEMENT + LOOK + APPEARANCE, channels[0] * CELLS * CELLS)
        self.register_buffer("reach", _reach().repeat(1, channels[0], 1, 1).flatten(1), persistent=False)
        # the first map's cells do not look at their neighbours: what a group paints there spreads far
        self.blocks = nn.ModuleList(
            PlacedConv(a, b, CELLS * 2**k, kernel=3 if k else 1)
            for k, (a, b) in enumerate(zip(channels, channels[1:], strict=False))
        )
        self.last = PlacedConv(channels[-1], channels[-1], last)
        self.colours = nn.Conv2d(channels[-1], 3 * self.shuffle**2, 1)
        he_initialise(self)
        with torch.no_grad():
            self.colours.weight.mul_(0.1)  # start at the mean

    def forward(self, latent: Tensor) -> Tensor:
        weight = self.stem.weight.T * self.reach
        x = F.leaky_relu(latent @ weight + self.stem.bias, 0.2).unflatten(1, (-1, CELLS, CELLS))
        for block in self.blocks:
            x = F.interpolate(block(x), scale_factor=2, mode="nearest")
        return self.mean + F.pixel_shuffle(self.colours(self.last(x)), self.shuffle)


def _reach() -> Tensor:
    """(6 + 2 + 26, 1, 8, 8): 1 where a latent may paint, 0 elsewhere; the head's movement paints everywhere."""
    places = [(LOOK, EYE_RIGHT + EYE_LEFT), *((size, cells) for _, size, cells in GROUPS.values())]
    masks = [torch.ones(MOVEMENT, 1, CELLS, CELLS)]
    for size, cells in places:
        mask = torch.zeros(size, 1, CELLS, CELLS)
        for top, bottom, left, right in cells:
            mask[:, :, top:bottom, left:right] = 1
        masks.append(mask)
    return torch.cat(masks)


class _Encoder(nn.Module):
    def __init__(self, model: PuppetVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, landmarks: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        mean, logvar = self.model.posterior(landmarks, pose)
        return mean, logvar.expand(mean.shape)


class _Decoder(nn.Module):
    def __init__(self, model: PuppetVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        return to_picture(self.model.texture(latent)), self.model.vertices(latent)


class Footage:
    """A data set at the size of the model's picture, whatever size it was prepared at."""

    def __init__(self, dataset: Dataset, size: int) -> None:
        self._dataset, self._size = dataset, size
        scale = size / dataset.size
        self.points = dataset.points * np.float32(scale)  # f32 (N, 478, 3) px of the scaled picture
        self.points[..., :2] += (scale - 1) / 2  # (0, 0) is the centre of a pixel, before and after

    def images(self, rows: Index) -> Image:
        """uint8 (B, size, size, 3) RGB."""
        pictures = self._dataset.images(rows)
        if self._size == self._dataset.size:
            return pictures
        return np.stack([pixels.resize(picture, self._size, self._size) for picture in pictures])


FIELD_STEPS = 32767  # int16 steps per unit of grid_sample's [-1, 1]: 1/256 px of a 256 px texture
CACHED_FRAMES = 6000  # fields kept in memory: 256 KiB each at 256 px


class PuppetBatches:
    """Frames with the sampling field of their tracked mesh. Fields are computed when first asked for, then kept.

    mirror: show some of the frames mirrored, where the footage is one-sided (models/networks/mirror.py).
    """

    def __init__(self, model: PuppetVAE, dataset: Dataset, rows: Index, mirror: bool) -> None:
        self._model, self._footage, self._neutral = model, Footage(dataset, model.config.image_size), dataset.neutral
        self._fields: dict[tuple[int, bool], NDArray[np.int16]] = {}
        canonical, poses = _canonical(self._footage.points[rows], dataset.neutral)
        self._landmarks = dict(zip(rows.tolist(), canonical, strict=True))
        self._poses = dict(zip(rows.tolist(), poses, strict=True))
        may_be = _one_sided(poses) if mirror else np.zeros(len(rows), bool)
        self._mirrors, self._may_be = mirror, dict(zip(rows.tolist(), may_be.tolist(), strict=True))

    def batch(self, rows: Index, generator: torch.Generator) -> Batch:
        """Landmarks (B, 478, 3), pose (B, 6) from the usual, field int16 (B, S, S, 2), target uint8 RGB."""
        flipped = np.zeros(len(rows), bool)
        if self._mirrors:
            flipped = draw(np.array([self._may_be[row] for row in rows.tolist()]), generator)
        keys = list(zip(rows.tolist(), flipped.tolist(), strict=True))
        self._compute_fields([key for key in keys if key not in self._fields])
        batch = {
            "landmarks": torch.from_numpy(np.stack([self._done(*key) for key in keys])),
            "pose": torch.from_numpy(np.stack([self._movement(*key) for key in keys])),
            "field": torch.from_numpy(np.stack([self._fields[key] for key in keys])),
            "target": flip_pictures(self.originals(rows), flipped),
        }
        if len(self._fields) > CACHED_FRAMES:
            self._fields.clear()
        return batch

    def originals(self, rows: Index) -> Tensor:
        return torch.from_numpy(self._footage.images(rows))

    def _done(self, row: int, flipped: bool) -> Floats:
        landmarks = self._landmarks[row]
        return self._neutral + flip_offsets(landmarks - self._neutral) if flipped else landmarks

    def _movement(self, row: int, flipped: bool) -> Floats:
        pose = self._poses[row]
        return self._model.geometry.movement(flip_pose(pose, self._model.config.image_size) if flipped else pose)

    def _compute_fields(self, keys: list[tuple[int, bool]]) -> None:
        if not keys:
            return
        warp, last = self._model._mesh_warp(), self._model.config.texture_size - 1
        points, size = self._footage.points, self._model.config.image_size
        seen = np.stack([flip_points(points[row], size) if flipped else points[row] for row, flipped in keys])
        for key, vertices in zip(keys, self._model._tracked_vertices(seen), strict=True):
            field = np.stack(warp.field(vertices), -1) * (2 / last) - 1
            self._fields[key] = np.round(field.clip(-1, 1) * FIELD_STEPS).astype(np.int16)


def _canonical(points: Floats, neutral: Floats) -> tuple[Floats, list[HeadPose]]:
    """Points f32 (N, 478, 3) px -> canonical landmarks against the person's own neutral, and poses."""
    pairs = [align.canonicalise(p, neutral) for p in points]
    return np.stack([canonical for canonical, _ in pairs]), [pose for _, pose in pairs]


def _usual(poses: list[HeadPose]) -> HeadPose:
    angles = np.median([align.angles_of(pose.rotation) for pose in poses], 0)
    place = np.median([pose.translation for pose in poses], 0)
    return HeadPose(align.rotation_of(angles), float(np.median([pose.scale for pose in poses])), place)


def _one_sided(poses: list[HeadPose]) -> NDArray[np.bool_]:
    return one_sided(np.array([align.angles_of(pose.rotation)[0] for pose in poses]))


def _with_mirrored(
    canonical: Floats, poses: list[HeadPose], neutral: Floats, size: int
) -> tuple[Floats, list[HeadPose]]:
    """Frames as from `_canonical`, and after them the mirror images of those that may be shown mirrored."""
    chosen = np.flatnonzero(_one_sided(poses))
    mirrored = neutral + flip_offsets(canonical[chosen] - neutral)
    return np.concatenate([canonical, mirrored]), [*poses, *(flip_pose(poses[i], size) for i in chosen)]


def _loss_weight(mesh: ActorMesh, size: int) -> Floats:
    """f32 (size, size): how much a texel counts; eyes most, then mouth and brows, then the face, then the rest."""
    y, x = np.mgrid[:size, :size]
    texels = np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)
    face = mesh.texture_points[list(OVAL)]
    centre, reach = face.mean(0), np.abs(face - face.mean(0)).max(0)

    def near(points: tuple[int, ...], sigma: float) -> NDArray:
        spots = mesh.texture_points[list(points)]
        squared = np.min([((texels - spot) ** 2).sum(1) for spot in spots], 0)
        return np.exp(-squared / (2 * (sigma * reach[0]) ** 2))

    around_eyes, mouth = near(landmarks.EYE_RIGHT + landmarks.EYE_LEFT, 0.08), near(landmarks.LIPS, 0.1)
    in_foot = texels[:, 1] > (1 - FOOT) * size - 0.5
    column = (texels[:, 0] + 0.5) / size
    of_mouth = in_foot & (column > MOUTH_COLUMNS[0][0]) & (column < MOUTH_COLUMNS[-1][1])
    around_eyes, mouth = np.where(in_foot & ~of_mouth, 1, around_eyes), np.where(of_mouth, 1, mouth)
    brows = near(landmarks.BROWS, 0.08)
    inside = ((((texels - centre) / reach) ** 2).sum(1) < 1.1).astype(np.float32)
    weight = 1 + EYE_LOSS * around_eyes + MOUTH_LOSS * mouth + BROW_LOSS * brows + FACE_LOSS * inside
    return weight.reshape(size, size).astype(np.float32)


def _as_grid(field: Tensor) -> Tensor:
    """int16 (B, S, S, 2) -> float grid of `grid_sample` in [-1, 1]."""
    return field.float() / FIELD_STEPS
