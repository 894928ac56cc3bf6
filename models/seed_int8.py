"""The seed we measure against: int8's single-actor pixel VAE (VAE_tensorflow), rebuilt from its description.

Kept: layers, loss, optimiser. Its defects are not: batch norm uses its running statistics at inference (a picture
does not depend on its batch), and the encoder always sees pixels in [0, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from models import losses
from models.base import ActorModel, Batch, Index, standard_normal, to_network, to_picture
from models.config import SeedInt8Config
from models.driver import DriverClip, upright_pictures
from models.mirror import draw, flip_pictures, one_sided
from puppet.frames import LANDMARKS

if TYPE_CHECKING:
    from models.dataset import Dataset

IMAGE_SIZE = 64  # px; the transposed convolutions below give exactly this
ENCODER_CHANNELS = (3, 32, 64, 128, 256)
ENCODED = ENCODER_CHANNELS[-1] * (IMAGE_SIZE // 2 ** (len(ENCODER_CHANNELS) - 1)) ** 2
DECODER_CHANNELS = (1024, 128, 64, 32, 3)
DECODER_KERNELS = (5, 5, 6, 6)  # stride 2, no padding: 1 -> 5 -> 13 -> 30 -> 64 px
BATCH_NORM_EPS = 1e-3  # TensorFlow's; the momentum of the running statistics, which the seed never used, is torch's


class SeedInt8(ActorModel):
    """crop -> 4 convolutions -> N(mean, e^logvar) -> 4 transposed convolutions -> picture."""

    encoder_inputs: ClassVar[tuple[str, ...]] = ("crop",)

    def __init__(self, config: SeedInt8Config) -> None:
        super().__init__(config)
        self.latent_size, self.image_size = config.latent_size, IMAGE_SIZE
        self.encoder = PixelEncoder(config.latent_size)
        self.decoder = PixelDecoder(config.latent_size)
        self.apply(_initialise)
        self.neutral: Tensor
        self.register_buffer("neutral", torch.zeros(LANDMARKS, 3))

    def fit_statistics(self, dataset: Dataset, rows: Index) -> None:
        self.neutral.copy_(torch.from_numpy(dataset.neutral))  # of no use to this network; the actor card names it

    def make_batches(self, dataset: Dataset, rows: Index, augment: bool) -> UprightBatches:
        return UprightBatches(dataset, rows, mirror=augment and self.mirror)

    def loss(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """BCE summed over pixels and KL summed over dimensions, 1:1, means over the batch."""
        target = to_network(batch["crop"])
        mean, logvar = self.encode(batch)
        logits = self.decoder(mean + (logvar / 2).exp() * standard_normal(mean, generator))
        return {
            "bce": losses.bce_sum(logits, target).mean(),
            "kl": losses.kl_to_standard_normal(mean, logvar).mean(),
        }

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return self.encoder(to_network(batch["crop"]))

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        target = to_network(batch["crop"])
        mean, logvar = self.encode(batch)
        logits = self.decoder(mean)
        picture = logits.sigmoid()
        return {
            "psnr": losses.psnr(picture, target),
            "ssim": losses.ssim(picture, target),
            "bce": losses.bce_sum(logits, target),
            "kl": losses.kl_to_standard_normal(mean, logvar),
        }

    def render(self, batch: Batch) -> Tensor:
        return to_picture(self.decoder(self.encode(batch)[0]).sigmoid())

    def drive(self, clip: DriverClip) -> Batch:
        """The driver's own upright crops: a pixel VAE knows nothing else of him."""
        return {"crop": torch.from_numpy(clip.upright_crops(IMAGE_SIZE))}

    def inference_encoder(self) -> nn.Module:
        return _CropEncoder(self.encoder)

    def inference_decoder(self) -> nn.Module:
        return _ImageDecoder(self.decoder)

    def exported_facts(self) -> dict[str, Any]:
        return {"kind": "image", "crop_size": IMAGE_SIZE, "neutral": self.neutral.cpu().numpy()}


class PixelEncoder(nn.Module):
    """float (B, 3, 64, 64) in [0, 1] -> mean, logvar (B, D)."""

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip(ENCODER_CHANNELS[:-1], ENCODER_CHANNELS[1:], strict=True):
            convolution = nn.Conv2d(before, after, 4, stride=2, padding=1)  # TensorFlow's SAME at even sizes
            layers += [convolution, nn.BatchNorm2d(after, eps=BATCH_NORM_EPS), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.mean = nn.Linear(ENCODED, latent_size)
        self.logvar = nn.Linear(ENCODED, latent_size)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.layers(x)
        return self.mean(features), self.logvar(features)


class PixelDecoder(nn.Module):
    """latent (B, D) -> logits (B, 3, 64, 64)."""

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Linear(latent_size, DECODER_CHANNELS[0])]
        layers += [nn.Unflatten(1, (DECODER_CHANNELS[0], 1, 1))]
        shapes = zip(DECODER_CHANNELS[:-1], DECODER_CHANNELS[1:], DECODER_KERNELS, strict=True)
        for before, after, kernel in shapes:
            layers.append(nn.ConvTranspose2d(before, after, kernel, stride=2))
            if after != DECODER_CHANNELS[-1]:
                layers += [nn.BatchNorm2d(after, eps=BATCH_NORM_EPS), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Tensor) -> Tensor:
        return self.layers(latent)


def _initialise(module: nn.Module) -> None:
    """Glorot and zero biases, TensorFlow's default."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class UprightBatches:
    """All pictures of a split in memory (12 KiB each), as upright 64 px crops; mirror: some of them mirrored."""

    def __init__(self, dataset: Dataset, rows: Index, mirror: bool) -> None:
        rows = np.asarray(rows)
        self._place = {int(row): i for i, row in enumerate(rows)}
        self._crops = torch.from_numpy(upright_pictures(dataset, rows, IMAGE_SIZE))
        self._may_be = one_sided(dataset.pose[rows, 0]) if mirror else None

    def batch(self, rows: Index, generator: torch.Generator) -> Batch:
        crop = self.originals(rows)
        if self._may_be is not None:
            crop = flip_pictures(crop, draw(self._may_be[self._places(rows)], generator))
        return {"crop": crop}

    def originals(self, rows: Index) -> Tensor:
        return self._crops[self._places(rows)]

    def _places(self, rows: Index) -> list[int]:
        return [self._place[int(row)] for row in rows]


class _CropEncoder(nn.Module):
    """crop uint8 (N, 64, 64, 3) RGB -> mean, logvar f32 (N, D)."""

    def __init__(self, encoder: PixelEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        return self.encoder(to_network(crop))


class _ImageDecoder(nn.Module):
    """latent f32 (N, D) -> image uint8 (N, 64, 64, 3) RGB."""

    def __init__(self, decoder: PixelDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latent: Tensor) -> Tensor:
        return to_picture(self.decoder(latent).sigmoid())
