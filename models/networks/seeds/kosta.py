"""Data-Science-kosta's Keras VAE for CelebA, and the Keras tutorial's autoencoder and VAE, from their description.

One network serves the three, so that what differs between the tutorial's two is the KL alone. Kept: layers, loss,
optimiser, batch size.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from models.networks import losses
from models.networks.config import SeedKostaConfig
from models.networks.seeds.pixel_vae import BATCH_NORM_EPS, PixelVAE

IMAGE_SIZE = 128  # px
ENCODER_CHANNELS = (3, 32, 64, 64, 64)
DECODER_CHANNELS = (64, 64, 64, 32, 3)
CELLS = IMAGE_SIZE // 2 ** (len(ENCODER_CHANNELS) - 1)
ENCODED = ENCODER_CHANNELS[-1] * CELLS**2
LEAK, DROPOUT = 0.3, 0.25  # 0.3 is Keras' default


class SeedKosta(PixelVAE):
    """crop -> 4 convolutions -> N(mean, e^logvar) -> 4 transposed convolutions -> picture."""

    pixel_term: ClassVar[str] = "squared"

    def __init__(self, config: SeedKostaConfig) -> None:
        encoder = KostaEncoder(config.latent_size, spread=config.kl_weight > 0)
        super().__init__(config, IMAGE_SIZE, encoder, KostaDecoder(config.latent_size))
        self.kl_weight, self._pixel_weight = config.kl_weight, config.pixel_weight

    def pixel_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Mean squared error of each picture, weighted, (B, 3, 128, 128) -> (B,)."""
        return self._pixel_weight * losses.squared(logits.sigmoid(), target)


class KostaEncoder(nn.Module):
    """Four strided convolutions with batch norm and dropout. spread: False leaves logvar out, which is 0 then."""

    def __init__(self, latent_size: int, spread: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip(ENCODER_CHANNELS[:-1], ENCODER_CHANNELS[1:], strict=True):
            convolution = nn.Conv2d(before, after, 3, stride=2, padding=1)  # Keras' "same", seen in a mirror
            layers += [convolution, *_after(after)]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.mean = nn.Linear(ENCODED, latent_size)
        self.logvar = nn.Linear(ENCODED, latent_size) if spread else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Float (B, 3, 128, 128) in [0, 1] -> mean, logvar, each (B, D)."""
        features = self.layers(x)
        mean = self.mean(features)
        return mean, torch.zeros_like(mean) if self.logvar is None else self.logvar(features)


class KostaDecoder(nn.Module):
    """Four transposed convolutions with batch norm and dropout."""

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Linear(latent_size, ENCODED)]
        layers += [nn.Unflatten(1, (DECODER_CHANNELS[0], CELLS, CELLS))]
        for before, after in zip(DECODER_CHANNELS[:-1], DECODER_CHANNELS[1:], strict=True):
            layers.append(nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1))
            if after != DECODER_CHANNELS[-1]:
                layers += _after(after)
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Tensor) -> Tensor:
        """Latent (B, D) -> logits (B, 3, 128, 128)."""
        return self.layers(latent)


def _after(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels, eps=BATCH_NORM_EPS), nn.LeakyReLU(LEAK), nn.Dropout(DROPOUT)]
