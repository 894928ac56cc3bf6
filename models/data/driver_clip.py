"""Tracked frames of a person who drives an actor, on sample sheets and in `reconstruct`; from a video or a data set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.common.types import Index
from models.data.crops import dataset_face, upright_crop
from models.data.dataset import Dataset
from puppet.core import pixels
from puppet.core.errors import DataError, SourceError
from puppet.core.progress import progress
from puppet.core.protocols import Source
from puppet.core.rows import evenly_spread
from puppet.core.types import Face, Frame, Image
from puppet.face.neutral import Neutral, infer_neutral, median_pose
from puppet.face.tracking import FaceMeshTracker
from puppet.sources.registry import open_source


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """One frame of a performance: uint8 (H, W, 3) BGR, the face in its px (None: not seen), time in seconds."""

    image: Image
    face: Face | None
    time: float


@dataclass(frozen=True, slots=True)
class DriverClip:
    """Tracked frames of one person. images: uint8 (H, W, 3) BGR each; faces: points in px of their image."""

    images: list[Image]
    faces: list[Face]
    neutral: Neutral

    def __len__(self) -> int:
        return len(self.images)

    def upright_crops(self, size: int) -> Image:
        """The faces upright, uint8 (N, size, size, 3) RGB (`align.upright_transform`)."""
        pairs = zip(self.images, self.faces, strict=True)
        return np.stack([upright_crop(image, face, size) for image, face in pairs])


# ---------------------------------------------------------------------------------------------- videos and folders


def _open(spec: str) -> Source:
    """An opened video or folder of pictures. Raises SourceError, also for cameras and streams, which never end."""
    source = open_source(spec, paced=False)
    if source.live:
        raise SourceError(f"{spec} is not a file or folder; record it first, with: puppet run --record OUT.mp4", "live")
    source.open()
    return source


def nominal_fps(spec: str) -> float:
    """Frames per second of a video or image folder. Raises SourceError."""
    with contextlib.closing(_open(spec)) as source:
        return source.fps


def read_frames(spec: str) -> Iterator[Frame]:
    """Every frame of a video or image folder. Raises SourceError."""
    with contextlib.closing(_open(spec)) as source:
        while (frame := source.read()) is not None:
            yield frame


def track_all(spec: str) -> list[Face | None]:
    """The face of every frame of a video or image folder, None where none is seen. Raises SourceError."""
    with contextlib.closing(_open(spec)) as source:
        tracker = FaceMeshTracker(still=Path(spec).is_dir())
        faces = []
        with (
            contextlib.closing(tracker),
            progress(total=source.frame_count, label="tracking the driver", unit="frames") as bar,
        ):
            while (frame := source.read()) is not None:
                faces.append(tracker.track(frame))
                bar.update()
        return faces


def video_clip(spec: str, count: int) -> DriverClip:
    """At most `count` frames with a face, evenly spread over a video or folder, and the neutral of the whole.

    Raises SourceError, and DataError when no face is seen. Two passes: holding every picture would take gigabytes.
    """
    faces = {i: face for i, face in enumerate(track_all(spec)) if face is not None}
    if not faces:
        raise DataError(f"{spec}: no face was seen in it; choose a clip that shows one")
    seen = np.array(list(faces))
    wanted = set(seen[evenly_spread(len(seen), count)].tolist())
    images = {i: frame.image for i, frame in enumerate(read_frames(spec)) if i in wanted}
    return DriverClip(list(images.values()), [faces[i] for i in images], infer_neutral(list(faces.values())))


# ---------------------------------------------------------------------------------------------- data sets


def dataset_clip(dataset: Dataset, rows: Index) -> DriverClip:
    """Rows of a data set as a driver, with the neutral and the usual pose of the whole data set."""
    images = [pixels.swap_red_blue(image) for image in dataset.images(rows)]
    faces = [dataset_face(dataset, row) for row in rows]
    return DriverClip(images, faces, dataset_neutral(dataset))


def dataset_neutral(dataset: Dataset) -> Neutral:
    """The data set's person at rest, with the usual pose in px of the crops (upright ones have lost its roll)."""
    return Neutral(dataset.neutral, median_pose(dataset.points, dataset.neutral))
