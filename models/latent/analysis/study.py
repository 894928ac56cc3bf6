"""A latent space and a data set, encoded once for all sections of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.common.types import Index
from models.data.coverage import TRAITS, traits
from models.data.dataset import Dataset
from models.latent.analysis.figures import Units, units
from models.latent.encoding import encode_with_progress
from models.latent.space import Posterior, Space
from models.training.run_folder import data_facts
from puppet.actor.latents import Latents, measure_latents
from puppet.core.errors import DataError
from puppet.core.rows import evenly_spread
from puppet.core.types import Floats, Image

HELD_OUT = 0.1  # share of the frames held out where the training's own share is not known
SHOWN = 12  # faces in a strip
LEAST = 4  # frames that a report needs


@dataclass(frozen=True, eq=False)
class Study:
    """N frames of a data set, encoded.

    rows (N,): of the data set, evenly spread, ascending; posterior (N, D), units and latents: of these rows.
    held_out bool (N,): frames that are held out; unseen: whether training is known not to have seen them.
    examples: SHOWN indices into `rows`, held out, evenly spread; pictures: their originals uint8 (SHOWN, S, S, 3) RGB.
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
        """A generator for one section, which other sections do not influence."""
        return np.random.default_rng([self.seed, stream])

    def originals(self, places: Index) -> Image:
        """The data set's own pictures of indices into `rows`."""
        return self.space.originals(self.dataset, self.rows[places])


def study_space(space: Space, dataset: Dataset, frames: int, seed: int) -> Study:
    """Encode at most `frames` frames of a data set. DataError when it has fewer than LEAST."""
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
    """Expression and head pose of rows, f32 (N,) by name; empty for a data set without landmarks."""
    if not dataset.has_landmarks:
        return {}
    figures = traits(dataset.canonical[rows], dataset.neutral)
    named = {TRAITS[name].title.partition(" (")[0]: figures[name] for name in ("mouth", "smile", "eyes", "brow")}
    pose = dataset.pose[rows]
    return {**named, "head left - right (yaw)": pose[:, 0], "head down - up (pitch)": pose[:, 1]}
