"""Sample sheets of a run: originals over reconstructions, and below, another person's frames over the driven actor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.common import sheets
from models.common.types import DATASET_SUFFIXES, Batch, Index
from models.data import driver_clip
from models.data.dataset import open_dataset
from models.data.driver_clip import DriverClip
from models.networks.base import ActorModel, Batches
from models.training.live_sample import Quality, quality_of
from models.training.schedule import BATCHES_STREAM, generator_of
from puppet.core import pixels
from puppet.core.rows import evenly_spread
from puppet.core.types import Image
from puppet.sources.registry import DEMO_CLIP

SHEET_COLUMNS = 8
SHEET_SIDE = 192  # px, largest cell


class SampleSheets:
    """What the sheets of one run show: always the same rows of a data set and the same driver.

    rows: of `batches`, some of which are shown, evenly spread. clip: None leaves the driver's rows out.
    """

    def __init__(self, model: ActorModel, batches: Batches, rows: Index, seed: int, clip: DriverClip | None) -> None:
        self._model, self._batches, self._seed = model, batches, seed
        self._rows = rows[evenly_spread(len(rows), SHEET_COLUMNS)]
        self._driver = None if clip is None else (clip.images, model.drive(clip))

    def draw(self, device: torch.device) -> tuple[Image, Quality | None]:
        """The sheet of the model as it is now, uint8 (H, W, 3) BGR, and how near its reconstructions are.

        Call it in eval mode, without gradients.
        """
        side = min(SHEET_SIDE, self._model.image_size)
        batch = self._batches.batch(self._rows, generator_of(self._seed, 0, BATCHES_STREAM))
        originals = bgr_images(self._batches.originals(self._rows))
        made = self._rendered(batch, device)
        bands = [sheets.pair_rows(originals, made, side)]
        if self._driver is not None:
            images, batch = self._driver
            bands.append(sheets.pair_rows(images, self._rendered(batch, device), side))
        return sheets.stack_bands(bands), quality_of(made, originals)

    def _rendered(self, batch: Batch, device: torch.device) -> list[Image]:
        return bgr_images(self._model.render(to_device(batch, device)))


def find_driver(spec: str | None) -> DriverClip | None:
    """Frames of the person who drives the actor on sample sheets. Raises SourceError, DataError.

    spec: a data set, a video or a folder of pictures; None: the demo clip, and None if that is not installed.
    """
    if spec is None:
        return driver_clip.video_clip(str(DEMO_CLIP), SHEET_COLUMNS) if DEMO_CLIP.exists() else None
    if Path(spec).suffix.lower() not in DATASET_SUFFIXES:
        return driver_clip.video_clip(spec, SHEET_COLUMNS)
    with open_dataset(Path(spec)) as dataset:
        return driver_clip.dataset_clip(dataset, evenly_spread(len(dataset), SHEET_COLUMNS))


def bgr_images(batch: Tensor) -> list[Image]:
    """A tensor uint8 (B, S, S, 3) RGB as BGR images."""
    return [pixels.swap_red_blue(np.ascontiguousarray(image)) for image in batch.cpu().numpy()]


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The same batch on the device."""
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}
