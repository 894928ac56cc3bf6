"""What a run can do by now, for whoever watches it: RUN/sample.png, and a row of RUN/quality.jsonl with it.

Both follow the clock, so that there is a picture in the first minute however long a step takes; metrics.jsonl, which is
a function of the steps, holds none of it.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.common import sheets
from models.networks.losses import SSIM_WINDOW, edge_strength, ssim
from puppet.core.errors import DataError, reason
from puppet.core.types import Image
from puppet.parsing.plain_json import parse_json
from puppet.parsing.reading import read_limited
from puppet.storage.files import write_whole

PICTURE, FILE = "sample.png", "quality.jsonl"
MAX_BYTES = 16 << 20
EVERY = 60.0  # s between two samples
SHARE = 0.03  # of the time that samples may take: where drawing is slow, there are fewer
MIDDLE = 0.6  # of a picture's side, where the face is: a background that stands still is always alike


@dataclass(frozen=True)
class Quality:
    """How near pictures are to the true ones.

    likeness: structural similarity, 1 for the same pictures. sharpness: 1 where edges are as strong as the true ones,
    less where they are weaker (a soft picture) or stronger (a rough one).
    """

    likeness: float
    sharpness: float


def quality_of(made: list[Image], true: list[Image]) -> Quality | None:
    """The mean over pictures uint8 (S, S, 3), of their middles; None for pictures too small to tell."""
    side = true[0].shape[0]
    margin = round(side * (1 - MIDDLE) / 2)
    if side - 2 * margin < SSIM_WINDOW:
        margin = 0
    if side < SSIM_WINDOW:
        return None
    parts = _network(made, margin), _network(true, margin)
    strength = edge_strength(*parts)
    return Quality(float(ssim(*parts).mean()), float(torch.minimum(strength, 1 / strength.clamp_min(1e-6)).mean()))


class LiveSample:
    """Says when a sample is due, and writes it. Rows after `step` are dropped, as in metrics.jsonl."""

    def __init__(self, run: Path, step: int) -> None:
        self._run = run
        self._next = 0.0  # s, monotonic; the first one at once
        if (run / FILE).exists():
            with self._writing():
                kept = [row for row in _rows(run) if row["step"] <= step]
                write_whole(run / FILE, "".join(f"{json.dumps(row)}\n" for row in kept), private=False)

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return time.monotonic() >= self._next

    def write(self, sheet: Image, quality: Quality | None, step: int, seconds: float, took: float) -> None:
        """Write a sample. sheet: uint8 (H, W, 3) BGR; took: s that drawing it took. Raises DataError."""
        self._next = time.monotonic() + max(EVERY, took / SHARE)
        sheets.write_png(self._run / PICTURE, sheet)
        if quality is None:
            return
        row = {"step": step, "kind": "quality", "seconds": round(seconds, 3)}
        row |= {"likeness": round(quality.likeness, 4), "sharpness": round(quality.sharpness, 4)}
        with self._writing(), (self._run / FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    @contextlib.contextmanager
    def _writing(self):
        try:
            yield
        except OSError as error:
            told = f"{self._run / FILE}: cannot be written ({reason(error)}); free some space, then --resume"
            raise DataError(told) from error


def _rows(run: Path) -> list[dict]:
    rows = []
    for line in read_limited(run / FILE, MAX_BYTES).splitlines():
        with contextlib.suppress(ValueError):
            row = parse_json(line)
            if isinstance(row, dict) and type(row.get("step")) is int:
                rows.append(row)
    return rows


def _network(pictures: list[Image], margin: int) -> Tensor:
    """Pictures as floats (B, 3, h, w) in [0, 1], without their margin, px."""
    stacked = np.stack(pictures)
    side = stacked.shape[1]
    middle = np.ascontiguousarray(stacked[:, margin : side - margin, margin : side - margin])
    return torch.from_numpy(middle).permute(0, 3, 1, 2).float() / 255
