"""The latent space of a training run: its network, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from models.common.device import choose_device
from models.common.types import Index
from models.latent.space import Posterior, TrainingData, chunks
from models.networks.base import ActorModel
from puppet.actor.latents import Latents
from puppet.core.types import Floats, Image

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip


class RunSpace:
    """A `Space` of a network in torch, on the chosen device."""

    latents: Latents | None = None

    def __init__(
        self, model: ActorModel, name: str, training: TrainingData | None = None, device: str = "auto"
    ) -> None:
        """training: None where it is not known. DataError for a device that is not there."""
        self._device = choose_device(device)
        self._model = model.to(self._device).eval()
        self.name, self.training = name, training
        self.latent_size, self.image_size = model.latent_size, model.image_size

    @torch.no_grad()
    def encode(self, dataset: Dataset, rows: Index) -> Posterior:
        """Posterior of rows of a data set."""
        means, logvars = [], []
        for chunk in chunks(rows):
            batch = self._model.encoder_inputs_of(dataset, chunk)
            mean, logvar = self._model.encode({name: value.to(self._device) for name, value in batch.items()})
            means.append(mean.cpu().numpy())
            logvars.append(logvar.expand(mean.shape).cpu().numpy())
        return Posterior(np.concatenate(means), np.concatenate(logvars))

    def originals(self, dataset: Dataset, rows: Index) -> Image:
        """The data set's own pictures, framed as `decode` draws them."""
        parts = [self._model.make_batches(dataset, c, augment=False).originals(c).numpy() for c in chunks(rows)]
        return np.concatenate(parts)

    @torch.no_grad()
    def encode_clip(self, clip: DriverClip) -> Floats:
        """Posterior means f32 (N, D) of tracked frames of any person."""
        batch = {name: value.to(self._device) for name, value in self._model.drive(clip).items()}
        return self._model.encode(batch)[0].cpu().numpy()

    @torch.no_grad()
    def decode(self, points: Floats) -> Image:
        """Pictures uint8 (N, S, S, 3) RGB of latents f32 (N, D)."""
        latents = [torch.from_numpy(np.ascontiguousarray(chunk, np.float32)) for chunk in chunks(points)]
        made = [self._model.pictures(latent.to(self._device)) for latent in latents]
        return np.concatenate([pictures.cpu().numpy() for pictures in made])
