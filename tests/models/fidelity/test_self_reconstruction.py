"""Held-out frames of a run: which they are, and that all are reconstructed in order."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_model
import torch
from tiny_model import TinyBatches, TinyModel
from video_fixtures import numbered, read_video, shown_number

from models.fidelity.self_reconstruction import TrainedRun, Videos, find_trained, reconstruct_held_out
from models.training import checkpoint
from puppet.core.errors import DataError


def test_held_out_frames_are_reconstructed_all_and_in_order(run: Path, tmp_path: Path, monkeypatch):
    """Originals show the number of their row, reconstructions 100 more."""

    def pictures_of(numbers) -> torch.Tensor:
        return torch.from_numpy(np.stack([numbered(int(number), 64, 64) for number in numbers]))

    crops = TinyBatches.originals
    monkeypatch.setattr(TinyBatches, "batch", lambda s, rows, _: {"crop": crops(s, rows), "row": torch.tensor(rows)})
    monkeypatch.setattr(TinyBatches, "originals", lambda _, rows: pictures_of(rows))
    monkeypatch.setattr(TinyModel, "render", lambda _, batch: pictures_of(100 + batch["row"]))
    trained = find_trained(run, None)
    videos = Videos(tmp_path / "originals.mp4", tmp_path / "made.mp4")
    figures = reconstruct_held_out(trained, videos)
    assert figures["psnr"] == pytest.approx(
        trained.checkpoint.metrics["psnr"], abs=1e-4
    )  # training measured the same frames
    assert (figures["frames"], figures["blocks"], figures["size"]) == (6, 1, tiny_model.SIDE)
    assert "ssim" not in figures
    rows = range(9, 15)  # a quarter of 24 frames, in the middle
    assert [shown_number(picture) for picture in read_video(videos.originals)] == list(rows)
    assert [shown_number(picture) for picture in read_video(videos.reconstructions)] == [100 + row for row in rows]
    assert cv2.VideoCapture(str(videos.originals)).get(cv2.CAP_PROP_FPS) == 30


def test_the_checkpoint_is_the_one_that_was_exported(run: Path, tmp_path: Path):
    last = checkpoint.find(run, "last")
    assert last is not None
    assert find_trained(run, last.step) == TrainedRun(run, "best", last, tmp_path / "data.h5")
    with pytest.raises(DataError, match="no checkpoint after 999 steps"):
        find_trained(run, 999)
    with pytest.raises(DataError, match="no run of"):
        find_trained(tmp_path / "absent", None)
