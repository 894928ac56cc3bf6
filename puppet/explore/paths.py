"""Random faces, random walks and paths between two points of a latent space. Numpy only."""

from __future__ import annotations

import numpy as np

from puppet.actor.expression_range import ExpressionRange
from puppet.actor.latents import Latents
from puppet.core.types import Floats, Latent
from puppet.explore.directions import SMALLEST
from puppet.explore.exploration import Exploration

WALK_STEP = 0.5  # standard deviations, as in Morphing Faces' own random walk
LIVELY, LIVELY_LIMIT = 6, 1.5  # directions that a watched walk moves at once; standard deviations
WALK_LIMIT = 2.0  # standard deviations beyond which the walk turns round


class RandomFaces:
    """Random points that spread as the footage does, so that they look like the actor."""

    def __init__(self, latents: Latents) -> None:
        self._latents = latents
        self._range = ExpressionRange(latents, np.ones(len(latents.mean), bool))

    def draw(self, random: np.random.Generator) -> Floats:
        """A random point f32 (D,), never further out than the edge of the footage.

        A mixture of real latents with normal weights has the covariance of the samples, all correlations included.
        """
        mean, samples = self._latents.mean, self._latents.samples
        if len(samples) > 1:
            away = random.standard_normal(len(samples)) @ (samples - samples.mean(0)) / np.sqrt(len(samples))
        else:
            away = random.standard_normal(len(mean)) * self._latents.std
        distance = self._range.distance(Latent((mean + away).astype(np.float32)))
        return (mean + away / max(1.0, distance)).astype(np.float32)


def walk_target(exploration: Exploration, random: np.random.Generator) -> Floats:
    """The next point of a random walk, f32 (D,): half a standard deviation along one direction, either way."""
    direction = exploration.directions[int(random.integers(len(exploration.directions)))]
    now = exploration.coordinate(direction.number)
    step = WALK_STEP * float(random.choice((-1.0, 1.0)))
    if abs(now + step) > max(WALK_LIMIT, abs(now)):
        step = -step
    return exploration.place.point + np.float32(step) * direction.vector


def lively_target(exploration: Exploration, random: np.random.Generator) -> Floats:
    """The next point of a walk that people watch, f32 (D,): another place along the LIVELY directions that say most.

    A half step along one of many directions, as in `walk_target`, is often too little to be seen.
    """
    point = exploration.place.point.copy()
    for direction in exploration.directions[:LIVELY]:
        wanted = float(np.clip(random.standard_normal(), -LIVELY_LIMIT, LIVELY_LIMIT))
        point += np.float32(wanted - exploration.coordinate(direction.number)) * direction.vector
    return point


def path(a: Floats, b: Floats, steps: int, spherical: bool = False, latents: Latents | None = None) -> Floats:
    """Points from a to b, both f32 (D,) and both included: f32 (steps, D), evenly spaced.

    spherical: on an arc about `latents.mean` in units of `latents.std` (None: about 0 in units of 1), the distance
    from the centre changing evenly (Shoemake 1985); straight where a or b is the centre or they are opposite.
    """
    shares = np.linspace(0, 1, steps)[:, None]
    straight = a + shares * (b - a)
    if not spherical:
        return straight.astype(np.float32)
    centre = np.zeros(len(a)) if latents is None else latents.mean.astype(np.float64)
    unit = np.ones(len(a)) if latents is None else np.maximum(latents.std, SMALLEST).astype(np.float64)
    start, end = (a - centre) / unit, (b - centre) / unit
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if min(lengths) < SMALLEST:
        return straight.astype(np.float32)
    start, end = start / lengths[0], end / lengths[1]
    angle = float(np.arccos(np.clip(start @ end, -1, 1)))
    if not 1e-4 < angle < np.pi - 1e-4:
        return straight.astype(np.float32)
    arc = (np.sin((1 - shares) * angle) * start + np.sin(shares * angle) * end) / np.sin(angle)
    return (centre + unit * arc * (lengths[0] + shares * (lengths[1] - lengths[0]))).astype(np.float32)
