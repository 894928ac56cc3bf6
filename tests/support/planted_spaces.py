"""Latent spaces whose pictures are known: the tiny image actor's, and one whose latents are colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tiny_actor import IMAGE_SIZE, tiny_actor

from models.latent.space import Posterior, TrainingData
from puppet.actor.latents import Latents
from puppet.core.types import Floats, Image


def image_actor(folder: Path) -> str:
    """The path of a tiny actor that sees pixels and draws `ramp` of the first three latents."""
    return str(tiny_actor(folder / "tiny.actor", "image"))


def ramp(colour) -> np.ndarray:
    """What tiny_actor's image kind draws of a colour: uint8 (S, S, 3) RGB."""
    tall = np.clip(np.linspace(0, 255, IMAGE_SIZE)[:, None, None] * np.asarray(colour), 0, 255)
    return np.rint(np.tile(tall, (1, IMAGE_SIZE, 1))).astype(np.uint8)


class PlantedSpace:
    """Latents are colours with standard deviation `spread`; what lies nearer to 0 than `hole` is drawn black."""

    latent_size, image_size = 3, 16
    latents: Latents | None = None
    training: TrainingData | None = None

    def __init__(self, name: str, spread: float, hole: float = 0.0) -> None:
        self.name, self._spread, self._hole = name, spread, hole

    def encode(self, dataset, rows) -> Posterior:
        codes = np.random.default_rng(3).normal(0, self._spread, (len(dataset), 3)).astype(np.float32)[rows]
        return Posterior(codes, np.full_like(codes, -2.0))

    def originals(self, dataset, rows) -> Image:
        return self.decode(self.encode(dataset, rows).mean)

    def encode_clip(self, clip) -> Floats:
        raise NotImplementedError

    def decode(self, points) -> Image:
        colours = np.where(np.abs(points).max(1, keepdims=True) < self._hole, 0, 180 + 10 * np.tanh(points))
        return colours.astype(np.uint8)[:, None, None].repeat(16, 1).repeat(16, 2)
