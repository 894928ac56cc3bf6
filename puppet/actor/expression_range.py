"""How far outside an actor's footage a driven expression lies, and how it is drawn back to a plausible one.

A latent's distance is its Mahalanobis distance from the actor's posterior means, in units of what the footage itself
reaches. Numpy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puppet.actor.latents import SAMPLES, Latents
from puppet.core.types import Floats, Latent

REACHED = 0.99  # share of the footage's own frames that lie nearer than distance 1
# On a trial actor a stranger's widest mouth (0.58 eye distances; its footage: 0.4) lay at 1.7, the same with raised
# brows and shut eyes at 2.7, an expression exaggerated three times at 3, landmarks that are no face at 4 to 5.
EASE_FROM, EASE_TO = 2.0, 4.0  # distances: up to the first nothing changes, the second is never passed
NOISE = 1e-3  # share of the mean variance added to every dimension, so that one without any has a distance too


class ExpressionRange:
    """Where an actor's expressions lie in its latent space. Distances: 0 the mean, 1 the edge of the footage."""

    def __init__(self, latents: Latents, counted: NDArray[np.bool_]) -> None:
        """Measure the footage. counted bool (D,): the dimensions of expression; head movement has its own limits."""
        self._mean, self._counted = latents.mean, counted
        covariance = _covariance(latents)[np.ix_(counted, counted)]
        self._precision = np.linalg.inv(covariance)
        # without samples as if they were normal: chi's 99th percentile is about that far above the root
        some = latents.samples[:: -(-len(latents.samples) // SAMPLES) or 1]  # a file may hold more than are needed
        reached = [self._raw(z) for z in some] or [np.sqrt(counted.sum()) + 1.65]
        self._edge = max(float(np.quantile(reached, REACHED)), 1e-6)

    def distance(self, latent: Latent) -> float:
        """Distance of a latent f32 (D,) from the mean of the footage."""
        return self._raw(latent.values) / self._edge

    def ease(self, latent: Latent) -> tuple[Latent, float]:
        """The latent, drawn back towards the mean when it lies far outside, and its distance before.

        It moves along its own direction, smoothly and monotonically: nothing jumps, a larger distance stays larger.
        """
        distance = self.distance(latent)
        if distance <= EASE_FROM:
            return latent, distance
        span = EASE_TO - EASE_FROM
        wanted = EASE_FROM + span * np.tanh((distance - EASE_FROM) / span)
        offset = (latent.values - self._mean) * self._counted
        return Latent((latent.values - offset * np.float32(1 - wanted / distance)).astype(np.float32)), distance

    def _raw(self, values: Floats) -> float:
        offset = (values - self._mean)[self._counted].astype(np.float64)
        return float(np.sqrt(max(0.0, offset @ self._precision @ offset)))


def _covariance(latents: Latents) -> NDArray[np.float64]:
    """Covariance f64 (D, D): that of the principal axes, and the variance left over spread evenly across them.

    The covariance of probabilistic PCA (Tipping & Bishop 1999, eq. 8).
    """
    axes, size = latents.axes.astype(np.float64), len(latents.std)
    along = axes.T @ axes
    total = float(np.square(latents.std.astype(np.float64)).sum())
    left = max(0.0, total - float(np.trace(along))) / max(1, size - len(axes))
    unit = axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-12)
    across = np.eye(size) - unit.T @ unit
    return along + left * across + np.eye(size) * max(NOISE * total / size, 1e-12)
