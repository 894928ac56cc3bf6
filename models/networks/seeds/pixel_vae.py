"""The base of VAEs that see a crop's pixels and draw pixels: the seeds' networks."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from models.common.types import Batch, Index
from models.data.crops import upright_crops
from models.data.driver_clip import DriverClip
from models.networks import losses
from models.networks.base import ActorModel, standard_normal, to_network, to_picture
from models.networks.mirror import draw, flip_pictures, one_sided
from puppet.core.types import LANDMARKS

if TYPE_CHECKING:
    from models.data.dataset import Dataset

BATCH_NORM_EPS = 1e-3  # TensorFlow's and Keras'; the momentum of the running statistics is torch's
IN_MEMORY = 256 << 20  # bytes of pictures that a split may hold; more of them are read when they are asked for


class PixelVAE(ActorModel):
    """crop -> encoder -> N(mean, e^logvar) -> decoder -> picture.

    A subclass gives the two networks and the pixel loss. kl_weight: of the KL, summed over dimensions; at 0 this is a
    plain autoencoder: the decoder gets the mean, without noise.
    """

    encoder_inputs: ClassVar[tuple[str, ...]] = ("crop",)
    pixel_term: ClassVar[str]  # name of the pixel loss
    kl_weight: float = 1.0

    def __init__(self, config: Any, image_size: int, encoder: nn.Module, decoder: nn.Module) -> None:
        """encoder: float (B, 3, S, S) in [0, 1] -> mean, logvar (B, D).

        decoder: latent (B, D) -> logits (B, C, S, S), C 3 or, for grey pictures, 1.
        """
        super().__init__(config)
        self.latent_size, self.image_size = config.latent_size, image_size
        self.encoder, self.decoder = encoder, decoder
        self.apply(glorot)
        self.neutral: Tensor
        self.register_buffer("neutral", torch.zeros(LANDMARKS, 3))

    @abstractmethod
    def pixel_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """One weighted value per picture, (B, C, S, S) -> (B,)."""

    def target(self, batch: Batch) -> Tensor:
        """The picture that the decoder should draw, float (B, C, S, S) in [0, 1]."""
        return to_network(batch["crop"])

    def fit_statistics(self, dataset: Dataset, rows: Index) -> None:
        """The neutral face for the actor card, where the data set has landmarks."""
        if dataset.has_landmarks:
            self.neutral.copy_(torch.from_numpy(dataset.neutral))

    def make_batches(self, dataset: Dataset, rows: Index, augment: bool) -> UprightBatches:
        """Upright crops of the model's size; mirrored ones among them if `augment` and `mirror`."""
        return UprightBatches(dataset, rows, self.image_size, mirror=augment and self.mirror)

    def loss(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """The pixel loss and the KL summed over dimensions, means over the batch."""
        target = self.target(batch)
        mean, logvar = self.encode(batch)
        if not self.kl_weight:
            return {self.pixel_term: self.pixel_loss(self.decoder(mean), target).mean()}
        logits = self.decoder(mean + (logvar / 2).exp() * standard_normal(mean, generator))
        return {
            self.pixel_term: self.pixel_loss(logits, target).mean(),
            "kl": self.kl_weight * losses.kl_to_standard_normal(mean, logvar).mean(),
        }

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Crop uint8 (B, S, S, 3) of a batch -> posterior mean, logvar, each (B, D)."""
        return self.encoder(to_network(batch["crop"]))

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """psnr, ssim, the pixel loss and kl, each (B,)."""
        target = self.target(batch)
        mean, logvar = self.encode(batch)
        logits = self.decoder(mean)
        picture = logits.sigmoid()
        return {
            "psnr": losses.psnr(picture, target),
            "ssim": losses.ssim(picture, target),
            self.pixel_term: self.pixel_loss(logits, target),
            "kl": losses.kl_to_standard_normal(mean, logvar),
        }

    def render(self, batch: Batch) -> Tensor:
        """The actor from the posterior mean, uint8 (B, S, S, 3) RGB."""
        return draw_picture(self.decoder, self.encode(batch)[0])

    def drive(self, clip: DriverClip) -> Batch:
        """The driver's own upright crops, uint8 (B, S, S, 3) RGB: this encoder sees pixels alone."""
        return {"crop": torch.from_numpy(clip.upright_crops(self.image_size))}

    def inference_encoder(self) -> nn.Module:
        """Crop uint8 (N, S, S, 3) RGB -> mean, logvar f32 (N, D)."""
        return _CropEncoder(self.encoder)

    def inference_decoder(self) -> nn.Module:
        """Latent f32 (N, D) -> image uint8 (N, S, S, 3) RGB."""
        return _ImageDecoder(self.decoder)

    def exported_facts(self) -> dict[str, Any]:
        """Kind, crop size and neutral face for the actor card."""
        return {"kind": "image", "crop_size": self.image_size, "neutral": self.neutral.cpu().numpy()}


def glorot(module: nn.Module) -> None:
    """Glorot initialisation and zero biases, TensorFlow's and Keras' default. Glorot & Bengio 2010."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def draw_picture(decoder: nn.Module, latent: Tensor) -> Tensor:
    """Latent f32 (N, D) -> picture uint8 (N, S, S, 3) RGB, grey when the decoder draws one channel."""
    picture = decoder(latent).sigmoid()
    return to_picture(picture if picture.shape[1] == 3 else picture.expand(-1, 3, -1, -1))


class UprightBatches:
    """Pictures of a split as upright crops of `size` px: in memory if they are few, otherwise read when asked for.

    mirror: some of them mirrored.
    """

    def __init__(self, dataset: Dataset, rows: Index, size: int, mirror: bool) -> None:
        rows = np.asarray(rows)
        self._dataset, self._size = dataset, size
        self._place = {int(row): i for i, row in enumerate(rows)}
        self._crops = self._read(rows) if len(rows) * size * size * 3 <= IN_MEMORY else None
        self._may_be = one_sided(dataset.pose[rows, 0]) if mirror else None

    def batch(self, rows: Index, generator: torch.Generator) -> Batch:
        """The tensor crop of rows, uint8 (B, S, S, 3) RGB, some of them mirrored."""
        crop = self.originals(rows)
        if self._may_be is not None:
            crop = flip_pictures(crop, draw(self._may_be[self._places(rows)], generator))
        return {"crop": crop}

    def originals(self, rows: Index) -> Tensor:
        """The true crops, uint8 (B, S, S, 3) RGB."""
        return self._read(rows) if self._crops is None else self._crops[self._places(rows)]

    def _read(self, rows: Index) -> Tensor:
        return torch.from_numpy(upright_crops(self._dataset, rows, self._size))

    def _places(self, rows: Index) -> list[int]:
        return [self._place[int(row)] for row in rows]


class _CropEncoder(nn.Module):
    """crop uint8 (N, S, S, 3) RGB -> mean, logvar f32 (N, D)."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        return self.encoder(to_network(crop))


class _ImageDecoder(nn.Module):
    """latent f32 (N, D) -> image uint8 (N, S, S, 3) RGB."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latent: Tensor) -> Tensor:
        return draw_picture(self.decoder, latent)
