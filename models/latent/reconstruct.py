"""Render a driver's video or data set on an actor, frame by frame, from a run or an actor file."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from models.common.picture_writers import check_free, open_output
from models.data import driver_clip
from models.data.dataset import Dataset, open_dataset
from models.data.driver_clip import DriverClip, Shot
from models.latent.open_space import open_space
from models.latent.space import Space
from puppet.core import pixels
from puppet.core.errors import DataError
from puppet.core.progress import progress
from puppet.core.types import Image
from puppet.face.neutral import Neutral, infer_neutral

CHUNK = 16  # frames rendered at once


class Driver(Protocol):
    """The frames of the person who drives, in order. fps: frames per second; neutral: the person at rest."""

    count: int
    fps: float
    neutral: Neutral

    def shots(self) -> Iterator[Shot]:
        """Every frame with its face and time."""
        ...


class VideoDriver:
    """A video or image folder, tracked as a whole beforehand: the neutral is that of all frames."""

    def __init__(self, spec: str) -> None:
        """Track everything. DataError when no face is seen; SourceError when it cannot be read."""
        self._spec = spec
        self.fps = driver_clip.nominal_fps(spec)
        self._faces = driver_clip.track_all(spec)
        seen = [face for face in self._faces if face is not None]
        if not seen:
            raise DataError(f"{spec}: no face was seen in it; choose footage that shows one")
        self.count = len(self._faces)
        self.neutral = infer_neutral(seen)

    def shots(self) -> Iterator[Shot]:
        """Every frame, read again."""
        for frame, face in zip(driver_clip.frames(self._spec), self._faces, strict=False):
            yield Shot(frame.image, face, frame.captured_at)


class DatasetDriver:
    """The rows of a data set, one after the other; data sets keep no frame rate, so 30 frames per second."""

    fps = 30.0

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.count = len(dataset)
        self.neutral = driver_clip.dataset_neutral(dataset)

    def shots(self) -> Iterator[Shot]:
        """Every row as a frame, the face in px of its crop."""
        for start in range(0, self.count, CHUNK):
            rows = np.arange(start, min(start + CHUNK, self.count))
            for row, image in zip(rows, self._dataset.images(rows), strict=True):
                yield Shot(pixels.swap_red_blue(image), driver_clip.dataset_face(self._dataset, row), row / self.fps)


def portraits(space: Space, driver: Driver) -> Iterator[tuple[Shot, Image]]:
    """Every frame with the actor's picture, uint8 (S, S, 3) BGR.

    Frames without a face repeat the last picture; before the first face it is black.
    """
    last = np.zeros((space.image_size, space.image_size, 3), np.uint8)
    shots = driver.shots()
    while chunk := list(itertools.islice(shots, CHUNK)):
        made = iter(_rendered(space, [shot for shot in chunk if shot.face is not None], driver.neutral))
        for shot in chunk:
            last = last if shot.face is None else next(made)
            yield shot, last


def _rendered(space: Space, shots: Sequence[Shot], neutral: Neutral) -> list[Image]:
    if not shots:
        return []
    clip = DriverClip([shot.image for shot in shots], [shot.face for shot in shots if shot.face], neutral)
    return [pixels.swap_red_blue(picture) for picture in space.decode(space.encode_clip(clip))]


def side_by_side(driver_image: Image, portrait: Image) -> Image:
    """The driver fitted into a square of the portrait's size, left of the portrait."""
    side = len(portrait)
    return np.concatenate([pixels.fit(driver_image, side, side), portrait], axis=1)


def reconstruct(where: str, source: str, out: Path, compare: bool, device: str = "auto", which: str = "best") -> int:
    """Render `source` on a run or an actor file (`open_space`) into `out`; the number of pictures written.

    source: a video, an image folder or a data set; out: a new MP4 file, HDF5 file or folder of PNG files; compare:
    the driver left of the actor; which: "best" or "last" checkpoint of a run. Raises PuppetError.
    """
    check_free(out)
    space = open_space(where, which, device)
    with contextlib.ExitStack() as stack:
        if Path(source).suffix.lower() in driver_clip.DATASET_SUFFIXES:
            driver: Driver = DatasetDriver(stack.enter_context(open_dataset(Path(source))))
        else:
            driver = VideoDriver(source)
        write = stack.enter_context(open_output(out, driver.fps))
        bar = stack.enter_context(progress(total=driver.count, label="reconstructing", unit="frames"))
        count = 0
        for shot, portrait in portraits(space, driver):
            write(side_by_side(shot.image, portrait) if compare else portrait, shot.time)
            count += 1
            bar.update()
    return count
