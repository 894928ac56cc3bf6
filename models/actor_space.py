"""The latent space of an actor file, for commands that look into one; the only file in models/ to load actors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models import driver
from models.space import Posterior
from puppet import pixels
from puppet.actor import find_actor, load_actor
from puppet.actor_card import MESH
from puppet.frames import AlignedCrop, Drive, Face, Floats, Image, Latent
from puppet.latents import Latents
from puppet.neutral import Neutral
from puppet.retarget import Retargeter

if TYPE_CHECKING:
    from models.base import Index
    from models.dataset import Dataset
    from models.driver import DriverClip


class ActorSpace:
    """As `models.space.Space`. Encodes as the app does: every face is put on the actor first, also its own."""

    data: Path | None = None

    def __init__(self, name_or_path: str) -> None:
        """Raises ActorFileError."""
        self._actor = load_actor(find_actor(name_or_path))
        self._retargeter = Retargeter(self._actor.neutral)
        card = self._actor.card
        self.name, self.latent_size, self.image_size = card.name, card.latent_size, card.image_size
        self.latents: Latents | None = self._actor.latents

    def encode(self, dataset: Dataset, rows: Index) -> Posterior:
        neutral = driver.dataset_neutral(dataset)
        crops = None
        if self._actor.card.crop_size is not None:
            crops = driver.upright_pictures(dataset, rows, self._actor.card.crop_size)
        return self._posterior([driver.dataset_face(dataset, row) for row in rows], neutral, crops)

    def originals(self, dataset: Dataset, rows: Index) -> Image:
        side = self.image_size
        if self._actor.card.kind != MESH:
            return driver.upright_pictures(dataset, rows, side)
        pictures = dataset.images(rows)
        if dataset.size == side:
            return pictures
        return np.stack([pixels.resize(picture, side, side) for picture in pictures])

    def follow(self, clip: DriverClip) -> Floats:
        side = self._actor.card.crop_size
        crops = None if side is None else clip.upright_crops(side)
        return self._posterior(clip.faces, clip.neutral, crops).mean

    def decode(self, points: Floats) -> Image:
        made = [self._actor.decode(Latent(np.asarray(point, np.float32))) for point in points]
        return np.stack([pixels.swap_red_blue(portrait.image) for portrait in made])

    def _posterior(self, faces: list[Face], neutral: Neutral, crops: Image | None) -> Posterior:
        means, logvars = [], []
        for i, face in enumerate(faces):
            landmarks, pose = self._retargeter.drive(face, neutral)
            crop = None if crops is None else AlignedCrop(pixels.swap_red_blue(crops[i]), np.eye(2, 3))
            mean, logvar = self._actor.posterior(Drive(landmarks, pose, 0.0), crop)
            means.append(mean)
            logvars.append(logvar)
        return Posterior(np.stack(means), np.stack(logvars))
