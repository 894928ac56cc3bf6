"""The measured baseline: int8's single-actor pixel VAE (VAE_tensorflow), rebuilt from its description.

Kept: layers, loss, optimiser. Its defects are not: batch norm uses its running statistics at inference (a picture
does not depend on its batch), and the encoder always sees pixels in [0, 1].
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from models.networks import losses
from models.networks.config import SeedInt8Config
from models.networks.seeds.pixel_vae import BATCH_NORM_EPS, PixelVAE

IMAGE_SIZE = 64  # px; the transposed convolutions below give exactly this
ENCODER_CHANNELS = (3, 32, 64, 128, 256)
ENCODED = ENCODER_CHANNELS[-1] * (IMAGE_SIZE // 2 ** (len(ENCODER_CHANNELS) - 1)) ** 2
DECODER_CHANNELS = (1024, 128, 64, 32, 3)
DECODER_KERNELS = (5, 5, 6, 6)  # stride 2, no padding: 1 -> 5 -> 13 -> 30 -> 64 px


class SeedInt8(PixelVAE):
    """crop -> 4 convolutions -> N(mean, e^logvar) -> 4 transposed convolutions -> picture."""

    pixel_term: ClassVar[str] = "bce"

    def __init__(self, config: SeedInt8Config) -> None:
        super().__init__(config, IMAGE_SIZE, PixelEncoder(config.latent_size), PixelDecoder(config.latent_size))

    def pixel_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """BCE summed over pixels, (B, 3, 64, 64) -> (B,); 1:1 with the KL."""
        return losses.bce_sum(logits, target)


class PixelEncoder(nn.Module):
    """Four strided convolutions with batch norm."""

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
        """Float (B, 3, 64, 64) in [0, 1] -> mean, logvar, each (B, D)."""
        features = self.layers(x)
        return self.mean(features), self.logvar(features)


class PixelDecoder(nn.Module):
    """Four transposed convolutions with batch norm."""

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
        """Latent (B, D) -> logits (B, 3, 64, 64)."""
        return self.layers(latent)
