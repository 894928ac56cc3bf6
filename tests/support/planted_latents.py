"""A latent space of six dimensions with planted spread and usefulness."""

from __future__ import annotations

import numpy as np

from puppet.actor.latents import Latents

MEAN = np.array([0.5, 0, -1, 2, 0, 0], np.float32)
STD = np.array([1, 0.5, 2, 1, 0.001, 0.001], np.float32)
KL = np.array([0.2, 3.0, 0.3, 4.0, 0.0, 0.0], np.float32)  # dimensions 4 and 5 are dead


def planted_latents(**changes) -> Latents:
    """Six dimensions: 3 and 1 say most; two axes, the first along dimensions 0 and 2, longest first."""
    axes = np.zeros((2, 6), np.float32)
    axes[0, [0, 2]], axes[1, 1] = (1.2, 1.6), 0.5
    random = np.random.default_rng(0)
    samples = (MEAN + random.standard_normal((200, 6)) * STD).astype(np.float32)
    values = {"mean": MEAN, "std": STD, "axes": axes, "kl": KL, "samples": samples}
    return Latents(**{**values, "directions": {"smile": np.eye(6, dtype=np.float32)[0]}, **changes})
