"""Put an unseen person's performance on an actor with torch, straight from a run: no export needed."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from models import checkpoint, driver
from models.base import ActorModel
from models.dataset import Dataset, open_dataset
from models.driver import DriverClip, Shot
from models.sheets import write_png
from models.train import choose_device, pictures
from puppet import pixels
from puppet.errors import DataError
from puppet.ffmpeg import RecordingSettings
from puppet.frames import Image
from puppet.neutral import Neutral, usual_neutral
from puppet.progress import progress
from puppet.recorder import SUFFIXES, Recorder

CHUNK = 16  # frames rendered at once
OTHER_VIDEO_SUFFIXES = {".avi", ".gif", ".mkv", ".mpeg", ".mpg", ".webm", ".wmv"}


class Performance(Protocol):
    """Somebody's frames, in order."""

    count: int
    fps: float
    neutral: Neutral

    def shots(self) -> Iterator[Shot]: ...


class VideoPerformance:
    """A video or image folder, tracked in a first pass: the neutral is that of the whole."""

    def __init__(self, spec: str) -> None:
        self._spec = spec
        self.fps = driver.nominal_fps(spec)
        self._faces = driver.track_all(spec)
        seen = [face for face in self._faces if face is not None]
        if not seen:
            raise DataError(f"{spec}: no face was seen in it; choose footage that shows one")
        self.count = len(self._faces)
        self.neutral = usual_neutral(seen)

    def shots(self) -> Iterator[Shot]:
        for frame, face in zip(driver.frames(self._spec), self._faces, strict=False):
            yield Shot(frame.image, face, frame.captured_at)


class DatasetPerformance:
    """The rows of a data set, one after the other."""

    fps = 30.0

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.count = len(dataset)
        self.neutral = driver.dataset_neutral(dataset)

    def shots(self) -> Iterator[Shot]:
        for start in range(0, self.count, CHUNK):
            rows = np.arange(start, min(start + CHUNK, self.count))
            for row, image in zip(rows, self._dataset.images(rows), strict=True):
                yield Shot(pixels.swap_red_blue(image), driver.dataset_face(self._dataset, row), row / self.fps)


def portraits(model: ActorModel, performance: Performance, device: torch.device) -> Iterator[tuple[Shot, Image]]:
    """Every shot with the actor's picture, uint8 (S, S, 3) BGR; without a face the last one stays (first: black)."""
    last = np.zeros((model.image_size, model.image_size, 3), np.uint8)
    shots = performance.shots()
    while chunk := list(itertools.islice(shots, CHUNK)):
        made = iter(_render(model, [shot for shot in chunk if shot.face is not None], performance.neutral, device))
        for shot in chunk:
            last = last if shot.face is None else next(made)
            yield shot, last


def _render(model: ActorModel, shots: Sequence[Shot], neutral: Neutral, device: torch.device) -> list[Image]:
    if not shots:
        return []
    clip = DriverClip([shot.image for shot in shots], [shot.face for shot in shots if shot.face], neutral)
    with torch.no_grad():
        batch = {name: value.to(device) for name, value in model.drive(clip).items()}
        return pictures(model.render(batch))


def side_by_side(driver_image: Image, portrait: Image) -> Image:
    """The driver fitted into a square of the portrait's size, left of the portrait."""
    side = len(portrait)
    return np.concatenate([pixels.fit(driver_image, side, side), portrait], axis=1)


def reconstruct(run: Path, source: str, out: Path, compare: bool, device: str = "auto", which: str = "best") -> int:
    """Write the actor's pictures to an MP4 or a new folder of PNG files; the number of pictures. Raises PuppetError."""
    model, _ = checkpoint.load_model(run, which)
    chosen = choose_device(device)
    model.to(chosen)
    with contextlib.ExitStack() as stack:
        if Path(source).suffix.lower() in driver.DATASET_SUFFIXES:
            performance: Performance = DatasetPerformance(stack.enter_context(open_dataset(Path(source))))
        else:
            performance = VideoPerformance(source)
        write = stack.enter_context(open_output(out, performance.fps))
        bar = stack.enter_context(progress(total=performance.count, label="reconstructing", unit="frames"))
        count = 0
        for shot, portrait in portraits(model, performance, chosen):
            write(side_by_side(shot.image, portrait) if compare else portrait, shot.time)
            count += 1
            bar.update()
    return count


@contextlib.contextmanager
def open_output(out: Path, fps: float) -> Iterator[Callable[[Image, float], None]]:
    """A function (image BGR, time in seconds) that writes to a video or a folder."""
    if out.suffix.lower() in OTHER_VIDEO_SUFFIXES:
        raise DataError(f"{out}: videos are MP4 files; choose a name that ends with .mp4")
    if out.suffix.lower() not in SUFFIXES:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise DataError(f"{out}: already exists; choose a new folder, or a file name that ends with .mp4")
        numbers = itertools.count()
        yield lambda image, _time: write_png(out / f"{next(numbers):06d}.png", image)
        return
    recorder = Recorder(RecordingSettings(out, fps=fps), wait=True)

    def write(image: Image, time: float) -> None:
        if recorder.error is not None:  # no use to go on
            raise recorder.error
        recorder.write(image, time)

    try:
        yield write
    finally:
        recorder.close()
    if recorder.error is not None:
        raise recorder.error
