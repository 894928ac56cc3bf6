"""The latent space of a training run: its network, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from models.common.types import Index
from models.latent.space import Posterior, TrainingData, chunks
from models.networks.base import ActorModel
from models.training.trainer import choose_device
from puppet.actor.latents import Latents
from puppet.actor.warp import MeshWarp
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
        self._decoder = model.inference_decoder().eval()
        self.name, self.training = name, training
        self.latent_size, self.image_size = model.latent_size, model.image_size
        self._warp: MeshWarp | None = None

    @torch.no_grad()
    def encode(self, dataset: Dataset, rows: Index) -> Posterior:
        """Posterior of rows of a data set."""
        means, logvars = [], []
        for chunk in chunks(rows):
            batch = self._model.make_batches(dataset, chunk, augment=False).batch(chunk, torch.Generator())
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
        pictures = []
        for chunk in chunks(points):
            made = self._decoder(torch.from_numpy(np.ascontiguousarray(chunk, np.float32)).to(self._device))
            if isinstance(made, tuple):
                texture, mesh = (part.cpu().numpy() for part in made)
                pictures += [self._mesh().draw(t, p) for t, p in zip(texture, mesh, strict=True)]
            else:
                pictures += list(made.cpu().numpy())
        return np.stack(pictures)

    def _mesh(self) -> MeshWarp:
        if self._warp is None:
            facts = self._model.exported_facts()
            self._warp = MeshWarp(facts["triangles"], facts["texture_points"], self.image_size)
        return self._warp
