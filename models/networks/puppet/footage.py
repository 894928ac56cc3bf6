"""Footage at the size of a model's picture, whatever size it was prepared at; persons cut out by their mattes."""

from __future__ import annotations

import numpy as np

from models.common.types import Index
from models.data.dataset import Dataset
from puppet.core import pixels
from puppet.core.types import Image


class ScaledFootage:
    """A data set at the size of the model's picture.

    size: side S of the picture, px. points: landmarks f32 (N, 478, 3) px of the scaled picture. has_matte: whether
    the person's outline is known.
    """

    def __init__(self, dataset: Dataset, size: int) -> None:
        self._dataset, self.size = dataset, size
        self.has_matte = dataset.has_matte
        scale = size / dataset.size
        self.points = dataset.points * np.float32(scale)
        self.points[..., :2] += (scale - 1) / 2  # (0, 0) is the centre of a pixel, before and after

    def images(self, rows: Index) -> Image:
        """Pictures of rows, uint8 (B, S, S, 3) RGB."""
        return self._scaled(self._dataset.images(rows))

    def mattes(self, rows: Index) -> Image:
        """How much of each pixel is the person, uint8 (B, S, S); 255 everywhere for footage without mattes."""
        if not self.has_matte:
            return np.full((len(rows), self.size, self.size), 255, np.uint8)
        return self._scaled(self._dataset.mattes(rows))

    def persons(self, rows: Index, plate: Image) -> Image:
        """The person without a background: RGBA uint8 (B, S, S, 4), colours premultiplied.

        plate: uint8 (S, S, 3) RGB; its share of a pixel at the outline is taken off.
        """
        images, mattes = self.images(rows), self.mattes(rows)
        if not self.has_matte:
            return np.concatenate([images, mattes[..., None]], -1)
        persons = np.empty((*mattes.shape, 4), np.uint8)
        for person, image, matte in zip(persons, images, mattes, strict=True):
            share = matte[..., None].astype(np.float32)
            person[..., :3] = np.rint(image - plate * (1 - share / 255)).clip(0, share)
            person[..., 3] = matte
        return persons

    def _scaled(self, pictures: Image) -> Image:
        if self.size == self._dataset.size:
            return pictures
        return np.stack([pixels.resize(picture, self.size, self.size) for picture in pictures])
