"""Morphing Faces' network (V. Dumoulin): a VAE of dense layers for grey pictures of 48 px, to be trained on any faces.

Kept: layers. Its document does not say how it was trained; the loss is that of Kingma & Welling 2014 for grey pictures,
the KL growing to its full weight (Bowman et al. 2016), for otherwise the posterior collapses at the start. While the
latents lie near 0, a decoder whose biases are 0 draws plain grey; so its last biases begin with the average face.

The original's own weights become an actor with `puppet export morphing-faces`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from models.common.types import Batch, Index
from models.data.crops import upright_crops
from models.networks import losses
from models.networks.base import to_network
from models.networks.config import SeedMlpConfig
from models.networks.seeds.pixel_vae import PixelVAE

if TYPE_CHECKING:
    from models.data.dataset import Dataset

IMAGE_SIZE = 48  # px
AVERAGED = 256  # pictures, about
KL_GROWS = 0.9  # part of the training after which the KL has its full weight
GREY = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


class SeedMlp(PixelVAE):
    """crop -> grey -> 2 hidden layers -> N(mean, e^logvar) -> 2 hidden layers -> grey picture."""

    pixel_term: ClassVar[str] = "bce"

    def __init__(self, config: SeedMlpConfig) -> None:
        encoder, decoder = MlpEncoder(config.latent_size, config.hidden), MlpDecoder(config.latent_size, config.hidden)
        super().__init__(config, IMAGE_SIZE, encoder, decoder)

    def fit_statistics(self, dataset: Dataset, rows: Index) -> None:
        """The decoder's last biases: logits of the average grey picture."""
        super().fit_statistics(dataset, rows)
        some = rows[:: max(1, len(rows) // AVERAGED)]
        average = grey(to_network(torch.from_numpy(upright_crops(dataset, some, IMAGE_SIZE)))).mean(0)
        with torch.no_grad():
            self.decoder.get_parameter("layers.4.bias").copy_(average.clamp(0.01, 0.99).logit().flatten())

    def loss(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """BCE and KL, whose weight grows until KL_GROWS of the training."""
        terms = super().loss(batch, progress, generator)
        return {**terms, "kl": min(1.0, progress / KL_GROWS) * terms["kl"]}

    def target(self, batch: Batch) -> Tensor:
        """The grey picture, float (B, 1, 48, 48) in [0, 1]."""
        return grey(to_network(batch["crop"]))

    def pixel_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """BCE summed over pixels, (B, 1, 48, 48) -> (B,)."""
        return losses.bce_sum(logits, target)


class MlpEncoder(nn.Module):
    """Grey, then two hidden layers of `hidden` units."""

    def __init__(self, latent_size: int, hidden: int) -> None:
        super().__init__()
        first, second = nn.Linear(IMAGE_SIZE**2, hidden), nn.Linear(hidden, hidden)
        self.layers = nn.Sequential(nn.Flatten(), first, nn.ReLU(), second, nn.ReLU())
        self.mean = nn.Linear(hidden, latent_size)
        self.logvar = nn.Linear(hidden, latent_size)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Float (B, 3, 48, 48) RGB in [0, 1] -> mean, logvar, each (B, D)."""
        features = self.layers(grey(x))
        return self.mean(features), self.logvar(features)


class MlpDecoder(nn.Module):
    """Two hidden layers of `hidden` units."""

    def __init__(self, latent_size: int, hidden: int) -> None:
        super().__init__()
        first, second = nn.Linear(latent_size, hidden), nn.Linear(hidden, hidden)
        last = nn.Linear(hidden, IMAGE_SIZE**2)
        self.layers = nn.Sequential(
            first, nn.ReLU(), second, nn.ReLU(), last, nn.Unflatten(1, (1, IMAGE_SIZE, IMAGE_SIZE))
        )

    def forward(self, latent: Tensor) -> Tensor:
        """Latent (B, D) -> logits (B, 1, 48, 48)."""
        return self.layers(latent)


def grey(x: Tensor) -> Tensor:
    """Float (B, 3, H, W) RGB -> (B, 1, H, W)."""
    red, green, blue = x.split(1, dim=1)
    return GREY[0] * red + GREY[1] * green + GREY[2] * blue
