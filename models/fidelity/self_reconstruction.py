"""How well a run reconstructs held-out frames of its own footage: figures, and two videos for the judge."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.common import picture_writers
from models.common.device import choose_device
from models.common.types import Index
from models.data.dataset import Dataset, open_dataset
from models.training import checkpoint
from models.training.checkpoint import Checkpoint
from models.training.run_folder import data_facts
from models.training.sample_sheets import bgr_images
from models.training.schedule import BATCHES_STREAM, generator_of
from models.training.trainer import EVALUATION_BATCH
from puppet.core.errors import DataError

FIGURES = ("psnr", "ssim", "psnr_tracked")  # of `ActorModel.evaluate`, those that the table knows
DEFAULT_FPS = 25.0  # where the data set's times do not say


@dataclass(frozen=True)
class Videos:
    """Two videos of the held-out frames, all blocks one after the other: originals and reconstructions."""

    originals: Path
    reconstructions: Path


@dataclass(frozen=True)
class TrainedRun:
    """A run at one of its checkpoints. which: "best" or "last"; data: the data set it was trained on."""

    run: Path
    which: str
    checkpoint: Checkpoint
    data: Path


def find_trained(run: Path, steps: int | None, data: Path | None = None) -> TrainedRun:
    """The run at the checkpoint after `steps` steps; None: at its best one.

    data: where its data set is, if it was moved. DataError when run, checkpoint or data set is not there.
    """
    for which in ("best", "last"):
        found = checkpoint.find(run, which) if run.is_dir() else None
        if found is None:
            raise DataError(f"{run}: no run of `puppet train` with a checkpoint")
        if steps is None or found.step == steps:
            data = data or Path(str(found.data.get("file", "")))
            if not data.is_file():
                raise DataError(f"{data}: the data set of {run} is not there; say where it is with data=FILE")
            return TrainedRun(run, which, found, data)
    raise DataError(f"{run}: holds no checkpoint after {steps} steps, which the actor is of; export it again")


def reconstruct_held_out(trained: TrainedRun, videos: Videos) -> dict[str, float]:
    """Write both videos; means of FIGURES over all held-out frames, and the number of frames, blocks, and size (px).

    DataError when the data set is not the one the run was trained on, or nothing of it was held out.
    """
    model, facts = checkpoint.load_model(trained.run, trained.which)
    device = choose_device("auto")
    model.to(device)
    with open_dataset(trained.data) as dataset:
        rows = held_out_rows(trained, dataset)
        batches = model.make_batches(dataset, rows, augment=False)
        fps, count = rate_of(dataset, rows), itertools.count()
        collected: dict[str, list[Tensor]] = {}
        with contextlib.ExitStack() as stack:
            for path in (videos.originals, videos.reconstructions):
                path.unlink(missing_ok=True)
            write_original = stack.enter_context(picture_writers.open_output(videos.originals, fps))
            write_made = stack.enter_context(picture_writers.open_output(videos.reconstructions, fps))
            for start in range(0, len(rows), EVALUATION_BATCH):
                part = rows[start : start + EVALUATION_BATCH]
                batch = batches.batch(part, generator_of(facts.config.seed, start, BATCHES_STREAM))
                batch = {name: value.to(device) for name, value in batch.items()}
                with torch.no_grad():
                    measured, made = model.evaluate(batch), model.render(batch)
                for name in FIGURES:
                    if name in measured:
                        collected.setdefault(name, []).append(measured[name].float().cpu())
                for picture, own in zip(bgr_images(batches.originals(part)), bgr_images(made), strict=True):
                    time = next(count) / fps
                    write_original(picture, time)
                    write_made(own, time)
        means = {name: float(torch.cat(values).mean()) for name, values in collected.items()}
        blocks = 1 + int((np.diff(rows) > 1).sum())
    return {**means, "frames": len(rows), "blocks": blocks, "size": model.image_size}


def held_out_rows(trained: TrainedRun, dataset: Dataset) -> Index:
    """The rows that training did not see. DataError when there are none, or the data set is another one."""
    facts = trained.checkpoint
    if facts.data.get("sha256") != data_facts(dataset)["sha256"]:
        raise DataError(f"{dataset.path}: not the data set that {trained.run} learnt from")
    _, rows = dataset.split(facts.config.held_out)
    if not len(rows):
        raise DataError(f"{dataset.path}: the run held no frames out, so there is nothing to measure it on")
    return rows


def rate_of(dataset: Dataset, rows: Index) -> float:
    """Frames per second of the footage: one over the median time between neighbouring rows."""
    between = np.diff(dataset.time[rows])[np.diff(rows) == 1]
    between = between[between > 0]
    return 1 / float(np.median(between)) if len(between) else DEFAULT_FPS
