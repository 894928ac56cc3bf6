"""A latent space and a data set, looked at once: what every section of the report draws on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.common.rows import evenly_spread
from models.common.types import Index
from models.data.coverage import TRAITS, traits
from models.data.dataset import Dataset
from models.latent.analysis.figures import Units, units
from models.latent.space import Posterior, Space, encode_with_progress
from models.training.run_folder import data_facts
from puppet.actor.latents import Latents, measure_latents
from puppet.core.errors import DataError
from puppet.core.types import Floats, Image

HELD_OUT = 0.1  # of frames kept apart where the training's own share is not known
SHOWN = 12  # faces in a strip
LEAST = 4  # frames that a report takes


@dataclass(frozen=True, eq=False)
class Study:
    """rows (N,): of the data set, evenly spread, ascending; posterior (N, D) and units of these rows.

    held_out bool (N,): frames that training did not see (`unseen`: that is known for certain).
    examples: SHOWN places in `rows`, held out, evenly spread; pictures: their originals uint8 (SHOWN, S, S, 3) RGB.
    """

    space: Space
    dataset: Dataset
    rows: Index
    posterior: Posterior
    units: Units
    latents: Latents
    held_out: NDArray[np.bool_]
    unseen: bool
    examples: Index
    pictures: Image
    seed: int

    @property
    def mean(self) -> Floats:
        """Posterior means f32 (N, D)."""
        return self.posterior.mean

    def random(self, stream: int) -> np.random.Generator:
        """Random numbers of one section; another section does not change them."""
        return np.random.default_rng([self.seed, stream])

    def originals(self, places: Index) -> Image:
        """True pictures of places in `rows`."""
        return self.space.originals(self.dataset, self.rows[places])


def study(space: Space, dataset: Dataset, frames: int, seed: int) -> Study:
    """Encode at most `frames` frames of the data set. DataError when there are too few to say anything."""
    rows = evenly_spread(len(dataset), frames)
    if len(rows) < LEAST:
        raise DataError(f"{dataset.path}: {len(rows)} frames are too few for a report; it takes at least {LEAST}")
    posterior = encode_with_progress(space, dataset, rows)
    training = space.training
    unseen = training is not None and training.sha256 == data_facts(dataset)["sha256"]
    _, kept_apart = dataset.split(training.held_out if training is not None and unseen else HELD_OUT)
    held_out = np.isin(rows, kept_apart)
    if held_out.all() or not held_out.any():  # few rows: the last tenth, at least one
        held_out = np.arange(len(rows)) >= min(int(len(rows) * (1 - HELD_OUT)), len(rows) - 1)
        unseen = False
    examples = np.flatnonzero(held_out)
    examples = examples[evenly_spread(len(examples), SHOWN)]
    pictures = space.originals(dataset, rows[examples])
    latents = measure_latents(posterior.mean, posterior.logvar)
    return Study(space, dataset, rows, posterior, units(posterior), latents, held_out, unseen, examples, pictures, seed)


def expressions(dataset: Dataset, rows: Index) -> Mapping[str, Floats]:
    """What the faces of some rows do, by plain names, f32 (N,) each; empty for a data set without landmarks."""
    if not dataset.has_landmarks:
        return {}
    figures = traits(dataset.canonical[rows], dataset.neutral)
    named = {TRAITS[name].title.partition(" (")[0]: figures[name] for name in ("mouth", "smile", "eyes", "brow")}
    pose = dataset.pose[rows]
    return {**named, "head left - right (yaw)": pose[:, 0], "head down - up (pitch)": pose[:, 1]}
