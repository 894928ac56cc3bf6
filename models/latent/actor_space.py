"""The latent space of an actor file. The only module of models/ that runs actor files (puppet.actor.runtime)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.data import driver_clip
from models.latent.space import Posterior, TrainingData
from puppet.actor.card import MESH
from puppet.actor.catalogue import find_actor
from puppet.actor.latents import Latents
from puppet.actor.runtime import load_actor
from puppet.core import pixels
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Face, Floats, Image, Latent
from puppet.face.neutral import Neutral
from puppet.face.retarget import Retargeter

if TYPE_CHECKING:
    from models.common.types import Index
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip


class ActorSpace:
    """A `Space` of an actor file, which encodes as the app does: every face is retargeted, the actor's own too."""

    training: TrainingData | None = None  # the card names no data set

    def __init__(self, name_or_path: str) -> None:
        """An actor file, or the name of an installed actor. ActorFileError when there is none, or it is damaged."""
        self._actor = load_actor(find_actor(name_or_path))
        self._retargeter = Retargeter(self._actor.neutral, self._actor.card.response)
        card = self._actor.card
        self.name, self.latent_size, self.image_size = card.name, card.latent_size, card.image_size
        self._sees_pixels_alone = card.encoder_inputs == ("crop",)  # landmarks are not asked for, nor needed
        self._at_rest = Drive(card.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
        self.latents: Latents | None = self._actor.latents

    def encode(self, dataset: Dataset, rows: Index) -> Posterior:
        """Posterior of rows of a data set."""
        crops = None
        if (side := self._actor.card.crop_size) is not None:
            crops = driver_clip.upright_pictures(dataset, rows, side)
        if self._sees_pixels_alone:
            return self._posterior([self._at_rest] * len(rows), crops)
        neutral, faces = driver_clip.dataset_neutral(dataset), [driver_clip.dataset_face(dataset, row) for row in rows]
        return self._posterior([self._drive(face, neutral) for face in faces], crops)

    def originals(self, dataset: Dataset, rows: Index) -> Image:
        """The data set's own pictures, framed as `decode` draws them."""
        side = self.image_size
        if self._actor.card.kind != MESH:
            return driver_clip.upright_pictures(dataset, rows, side)
        pictures = dataset.images(rows)
        if dataset.size == side:
            return pictures
        return np.stack([pixels.resize(picture, side, side) for picture in pictures])

    def encode_clip(self, clip: DriverClip) -> Floats:
        """Posterior means f32 (N, D) of tracked frames of any person."""
        side = self._actor.card.crop_size
        crops = None if side is None else clip.upright_crops(side)
        return self._posterior([self._drive(face, clip.neutral) for face in clip.faces], crops).mean

    def decode(self, points: Floats) -> Image:
        """Pictures uint8 (N, S, S, 3) RGB of latents f32 (N, D)."""
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
