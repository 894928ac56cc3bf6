"""Data sets through the encoder of a latent space: posteriors of many rows, and statistics of the footage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.data.dataset import open_dataset
from models.latent.space import Posterior, Space, chunks
from puppet.actor.latents import Latents, measure_latents
from puppet.core.errors import DataError
from puppet.core.progress import progress
from puppet.core.rows import evenly_spread

if TYPE_CHECKING:
    from models.common.types import Index
    from models.data.dataset import Dataset

MEASURED_FRAMES = 1000  # of a data set at most, evenly spread, for the statistics


def latents_of(space: Space, data: Path | None = None) -> Latents:
    """Statistics of the footage in a space: of `data`, else those of the actor file, else of the run's data set.

    DataError when there is no data set to measure them on.
    """
    if data is None and space.latents is not None:
        return space.latents
    path = dataset_file(space, data)
    with open_dataset(path) as dataset:
        posterior = encode_with_progress(space, dataset, evenly_spread(len(dataset), MEASURED_FRAMES))
    return measure_latents(posterior.mean, posterior.logvar)


def dataset_file(space: Space, data: Path | None = None) -> Path:
    """`data`, or the data set of a run. Raises DataError when neither is there."""
    if data is not None:
        return data
    if space.training is None:
        raise DataError(f"{space.name}: say with --data which data set to use")
    if not space.training.file.is_file():
        raise DataError(f"{space.training.file}: the run's data set is not there any more; say where it is with --data")
    return space.training.file


def encode_with_progress(space: Space, dataset: Dataset, rows: Index) -> Posterior:
    """As `space.encode`, with a progress bar on the terminal."""
    parts = []
    with progress(total=len(rows), label=f"encoding with {space.name}", unit="frames") as bar:
        for chunk in chunks(rows):
            parts.append(space.encode(dataset, chunk))
            bar.update(len(chunk))
    return Posterior(np.concatenate([p.mean for p in parts]), np.concatenate([p.logvar for p in parts]))
