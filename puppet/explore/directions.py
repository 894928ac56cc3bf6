"""The directions in which an actor's latent space can be explored, and what attributes add to a point. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from puppet.actor.latents import Latents, ranked_dimensions, useful_dimensions
from puppet.core.types import Floats

SMALLEST = 1e-6  # standard deviation below which a dimension counts as this wide: it can be moved all the same


class Basis(Enum):
    """The directions that coordinates are taken along."""

    USEFUL = "useful dimensions"
    ALL = "all dimensions"
    AXES = "principal axes"


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of the latent space.

    number: what a user types. vector: f32 (D,), one standard deviation long. usefulness: mean KL in nats, for principal
    axes their length; 0 where the file does not say.
    """

    number: int
    name: str
    vector: Floats
    usefulness: float

    @property
    def title(self) -> str:
        """The number to type, and the name where that says more."""
        return self.name if self.name.endswith(f" {self.number}") else f"{self.number} · {self.name}"


def directions(latents: Latents, basis: Basis) -> tuple[Direction, ...]:
    """The directions of a basis, most useful first.

    Useful dimensions are numbered as the file lists them, all dimensions by their place in the latent, principal axes
    from the longest on. A file that lists none is ranked here; where no dimension stands out, all are listed.
    """
    if basis is Basis.AXES and len(latents.axes):
        lengths = np.linalg.norm(latents.axes, axis=1)
        return tuple(
            Direction(i, f"axis {i}", axis, float(length))
            for i, (axis, length) in enumerate(zip(latents.axes, lengths, strict=True))
        )
    listed = {int(dimension): int(dimension) for dimension in ranked_dimensions(latents.kl)}
    if basis is Basis.USEFUL:
        useful = latents.useful if len(latents.useful) else useful_dimensions(latents.kl)
        if len(useful) >= 2:
            listed = {int(dimension): number for number, dimension in enumerate(useful)}
    by_use = sorted(listed, key=lambda dimension: -latents.kl[dimension])  # stable: of equals as listed
    return tuple(Direction(listed[d], f"dimension {d}", _along(latents, d), float(latents.kl[d])) for d in by_use)


def bases(latents: Latents) -> tuple[Basis, ...]:
    """The bases that this file has directions for."""
    return tuple(basis for basis in Basis if basis is not Basis.AXES or len(latents.axes) >= 2)


def offset(latents: Latents, amounts: Mapping[str, float]) -> Floats | None:
    """What attributes add to a latent, f32 (D,), or None for nothing; unknown ones are left out."""
    added = [
        np.float32(a) * latents.directions[name] for name, a in amounts.items() if a and name in latents.directions
    ]
    return np.sum(added, axis=0, dtype=np.float32) if added else None


def _along(latents: Latents, dimension: int) -> Floats:
    vector = np.zeros(len(latents.mean), np.float32)
    vector[dimension] = max(float(latents.std[dimension]), SMALLEST)
    return vector
