"""The latent space of an actor file, for commands that look into one; the only file in models/ to load actors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.data import driver_clip
from models.latent.space import Posterior, Training
from puppet.actor.card import MESH
from puppet.actor.catalogue import find_actor
from puppet.actor.latents import Latents
from puppet.actor.runtime import load_actor
from puppet.core import pixels
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Face, Floats, Image, Latent
from puppet.face.neutral import Neutral
from puppet.face.retarget import Retargeter

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip
    from models.networks.base import Index


class ActorSpace:
    """As `models.latent.space.Space`. Encodes as the app does: every face is put on the actor first, also its own."""

    training: Training | None = None  # the card names no data set

    def __init__(self, name_or_path: str) -> None:
        """Raises ActorFileError."""
        self._actor = load_actor(find_actor(name_or_path))
        self._retargeter = Retargeter(self._actor.neutral, self._actor.card.response)
        card = self._actor.card
        self.name, self.latent_size, self.image_size = card.name, card.latent_size, card.image_size
        self._sees_pixels_alone = card.encoder_inputs == ("crop",)  # landmarks are not asked for, nor needed
        self._at_rest = Drive(card.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
        self.latents: Latents | None = self._actor.latents

    def encode(self, dataset: Dataset, rows: Index) -> Posterior:
        crops = None
        if (side := self._actor.card.crop_size) is not None:
            crops = driver_clip.upright_pictures(dataset, rows, side)
        if self._sees_pixels_alone:
            return self._posterior([self._at_rest] * len(rows), crops)
        neutral, faces = driver_clip.dataset_neutral(dataset), [driver_clip.dataset_face(dataset, row) for row in rows]
        return self._posterior([self._drive(face, neutral) for face in faces], crops)

    def originals(self, dataset: Dataset, rows: Index) -> Image:
        side = self.image_size
        if self._actor.card.kind != MESH:
            return driver_clip.upright_pictures(dataset, rows, side)
        pictures = dataset.images(rows)
        if dataset.size == side:
            return pictures
        return np.stack([pixels.resize(picture, side, side) for picture in pictures])

    def follow(self, clip: DriverClip) -> Floats:
        side = self._actor.card.crop_size
        crops = None if side is None else clip.upright_crops(side)
        return self._posterior([self._drive(face, clip.neutral) for face in clip.faces], crops).mean

    def decode(self, points: Floats) -> Image:
        made = [self._actor.decode(Latent(np.asarray(point, np.float32))) for point in points]
        return np.stack([pixels.swap_red_blue(portrait.image) for portrait in made])

    def _drive(self, face: Face, neutral: Neutral) -> Drive:
        return Drive(*self._retargeter.drive(face, neutral), captured_at=0.0)

    def _posterior(self, drives: list[Drive], crops: Image | None) -> Posterior:
        means, logvars = [], []
        for i, drive in enumerate(drives):
            crop = None if crops is None else AlignedCrop(pixels.swap_red_blue(crops[i]), np.eye(2, 3))
            mean, logvar = self._actor.posterior(drive, crop)
            means.append(mean)
            logvars.append(logvar)
        return Posterior(np.stack(means), np.stack(logvars))
