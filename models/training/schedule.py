"""Which rows, which random numbers and which learning rate belong to a step.

All of it is a function of (seed, step), so a resumed run repeats what a killed one did, without any state to save.
Several processes share the rows of a step and draw random numbers of their own, a function of (seed, step, rank).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from models.common.types import Index
from models.networks.config import TrainConfig
from puppet.core.errors import DataError

FIRST_CHECKPOINT, CHECKPOINT_EVERY = 60.0, 120.0  # s; whatever dies, at most so much training is lost
BATCHES_STREAM, LOSS_STREAM, TORCH_STREAM, START_STREAM = range(4)  # purposes of random numbers


def seed_of(seed: int, step: int, stream: int, rank: int = 0) -> int:
    """A well-mixed seed for one purpose (`stream`) at one step in process `rank`; 0: also that of a lone process."""
    entropy = [seed, step, stream, rank] if rank else [seed, step, stream]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0]) >> 1


def generator_of(seed: int, step: int, stream: int, rank: int = 0) -> torch.Generator:
    """A CPU generator seeded with `seed_of`."""
    return torch.Generator().manual_seed(seed_of(seed, step, stream, rank))


def rows_of_step(rows: Index, batch_size: int, seed: int, step: int) -> Index:
    """Rows (B,) of batch number `step` (0, 1, ...): every epoch a new shuffle, the incomplete last batch left out.

    rows: of an epoch, see `ActorModel.oversample`.
    """
    batch_size = min(batch_size, len(rows))
    epoch, place = divmod(step, len(rows) // batch_size)
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    return order[place * batch_size : (place + 1) * batch_size]


def learning_rate(config: TrainConfig, step: int, progress: float) -> float:
    """Learning rate of optimiser step `step` (0, 1, ...), `progress` of the way through training."""
    warmth = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    decay = 0.5 * (1 + math.cos(math.pi * min(1.0, progress))) if config.schedule == "cosine" else 1.0
    return config.learning_rate * warmth * decay


def checkpoint_is_due(waited: float, last_step: float, first: bool) -> bool:
    """Whether a checkpoint is due now, because after the next step it would be late.

    waited: s since the last one, or since the start if it would be the `first`; last_step: s that the last step took.
    """
    return waited + last_step > (FIRST_CHECKPOINT if first else CHECKPOINT_EVERY)


def step_limit(config: TrainConfig, frames: int) -> int | None:
    """Steps of the whole run, by steps or epochs, whichever is less; None when only minutes bound it.

    frames: rows of an epoch. DataError when the run has no end.
    """
    limits = [] if config.steps is None else [config.steps]
    if config.epochs is not None:
        limits.append(config.epochs * (frames // min(config.batch_size, frames)))
    if not limits and config.minutes is None:
        raise DataError("a run needs an end: give --steps or --minutes")
    return min(limits, default=None)
