"""How well a trained run gives back the footage it did not learn from: figures, and two videos for the judge."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import models
from models import checkpoint, reconstruct
from models.base import Index
from models.checkpoint import EMA, MODEL, Checkpoint
from models.dataset import Dataset, open_dataset, split_blocks
from models.run_folder import data_facts
from models.schedule import BATCHES_STREAM, generator_of
from models.train import EVALUATION_BATCH, choose_device, pictures
from puppet.errors import DataError

FIGURES = ("psnr", "ssim", "psnr_tracked")  # of `ActorModel.evaluate`, those that the table knows
DEFAULT_FPS = 25.0


@dataclass(frozen=True)
class Videos:
    """Held-out originals and what the actor makes of them, picture by picture, the blocks joined."""

    originals: Path
    reconstructions: Path


def find_checkpoint(run: Path, steps: int | None) -> Checkpoint:
    """The run's checkpoint after `steps` steps, or its best one (None). DataError when it is not there (any more)."""
    for which in ("best", "last"):
        found = checkpoint.find(run, which) if run.is_dir() else None
        if found is None:
            raise DataError(f"{run}: no run of `python -m models train` with a checkpoint")
        if steps is None or found.step == steps:
            return found
    raise DataError(
        f"{run}: holds no checkpoint after {steps} steps, which the actor was exported from; export it again"
    )


def reconstruct_held_out(found: Checkpoint, data: Path, videos: Videos) -> dict[str, float]:
    """Means of FIGURES over all held-out frames, and frames, blocks, size (px); writes the videos anew.

    DataError when `data` is not what the run learnt from, or nothing of it was held out.
    """
    model = models.build(found.config)
    checkpoint.load_weights(model, found, EMA if found.has(EMA) else MODEL)
    device = choose_device("auto")
    model.eval().to(device)
    with open_dataset(data) as dataset:
        rows = held_out_rows(found, dataset)
        batches = model.make_batches(dataset, rows, augment=False)
        fps, count = rate_of(dataset, rows), itertools.count()
        collected: dict[str, list[Tensor]] = {}
        with contextlib.ExitStack() as stack:
            for path in (videos.originals, videos.reconstructions):
                path.unlink(missing_ok=True)
            write_original = stack.enter_context(reconstruct._output(videos.originals, fps))
            write_made = stack.enter_context(reconstruct._output(videos.reconstructions, fps))
            for start in range(0, len(rows), EVALUATION_BATCH):
                part = rows[start : start + EVALUATION_BATCH]
                batch = batches.batch(part, generator_of(found.config.seed, start, BATCHES_STREAM))
                batch = {name: value.to(device) for name, value in batch.items()}
                with torch.no_grad():
                    measured, made = model.evaluate(batch), model.render(batch)
                for name in FIGURES:
                    if name in measured:
                        collected.setdefault(name, []).append(measured[name].float().cpu())
                for picture, own in zip(pictures(batches.originals(part)), pictures(made), strict=True):
                    time = next(count) / fps
                    write_original(picture, time)
                    write_made(own, time)
        means = {name: float(torch.cat(values).mean()) for name, values in collected.items()}
        blocks = 1 + int((np.diff(rows) > 1).sum())
    return {**means, "frames": len(rows), "blocks": blocks, "size": model.image_size}


def held_out_rows(found: Checkpoint, dataset: Dataset) -> Index:
    """The rows that training kept aside. DataError when there are none, or the data set is another."""
    if found.data.get("sha256") != data_facts(dataset)["sha256"]:
        raise DataError(f"{dataset.path}: not the data set that the run in {found.folder.parent.parent} learnt from")
    _, rows = split_blocks(len(dataset), dataset.time, found.config.held_out)
    if not len(rows):
        raise DataError(f"{dataset.path}: the run held no frames out, so there is nothing to measure it on")
    return rows


def rate_of(dataset: Dataset, rows: Index) -> float:
    """Frames per second of the footage, from the time between neighbouring rows."""
    between = np.diff(dataset.time[rows])[np.diff(rows) == 1]
    between = between[between > 0]
    return 1 / float(np.median(between)) if len(between) else DEFAULT_FPS
