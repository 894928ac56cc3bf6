"""What the commands ask of a latent space, whether it is a training run's or an actor file's.

Rows of a data set go in, pictures of points come out. Implemented by `run_space.RunSpace` and
`actor_space.ActorSpace`; `open_space.open_space` chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from puppet.actor.latents import Latents
from puppet.core.types import Floats, Image

if TYPE_CHECKING:
    from models.common.types import Index
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip

CHUNK = 32  # frames encoded or decoded at once


@dataclass(frozen=True, eq=False)
class Posterior:
    """The encoder's diagonal normal distribution of N frames: mean, logvar f32 (N, D)."""

    mean: Floats
    logvar: Floats


@dataclass(frozen=True)
class TrainingData:
    """The data set that a run was trained on.

    sha256: as in `run_folder.data_facts`; held_out: share of the frames that training did not see, 0 .. 1.
    """

    file: Path
    sha256: str
    held_out: float


class Space(Protocol):
    """A latent space of D dimensions, with its encoder and decoder.

    All pictures are uint8 (N, S, S, 3) RGB, S being `image_size` in px. name: shown to the user. latents: statistics
    of the footage, None where the file has none. training: None for actor files, which name no data set.
    """

    name: str
    latent_size: int
    image_size: int
    latents: Latents | None
    training: TrainingData | None

    def encode(self, dataset: Dataset, rows: Index) -> Posterior:
        """Posterior of rows of a data set."""
        ...

    def originals(self, dataset: Dataset, rows: Index) -> Image:
        """The data set's own pictures of some rows, framed as `decode` draws them."""
        ...

    def encode_clip(self, clip: DriverClip) -> Floats:
        """Posterior means f32 (N, D) of tracked frames of any person, retargeted to this actor."""
        ...

    def decode(self, points: Floats) -> Image:
        """Pictures of latents f32 (N, D)."""
        ...


def chunks(values: np.ndarray) -> list[np.ndarray]:
    """Consecutive parts of at most CHUNK rows."""
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
