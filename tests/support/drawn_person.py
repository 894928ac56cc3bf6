"""A drawn person on planted footage, whose mouth, lids, gaze and pose are known in every frame, and the default actor
fitted to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch
from planted_face import expression

from models.common.types import Index
from models.data.dataset import Dataset
from models.networks.config import PuppetConfig
from models.networks.puppet import fitting, head_fit
from models.networks.puppet.model import PuppetVAE
from puppet.core.types import HeadPose, Image
from puppet.face import align
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, INNER_LIPS, IRIS_LEFT, IRIS_RIGHT, OVAL

N, SIZE = 48, 64
PAINTED, TEXTURE = 32, 96  # px, sides of what the painter paints and of the texture with its detail
CONFIG = PuppetConfig(image_size=SIZE, texture_size=TEXTURE, painted_size=PAINTED, components=6, channels=(8, 8, 8))
ROWS = np.arange(N)
EYES = align.STEADY_EYES * SIZE  # px per outer-eye distance
SKIN, HAIR, BACK, EYE = (200, 160, 130), (70, 40, 20), (90, 110, 90), (240, 240, 240)  # RGB
PUPIL, MOUTH = (20, 30, 60), (120, 20, 30)
REACH = 1.25  # of the hair around the face
FEW = 8  # frames that are looked at where the default actor looks at more: an alignment takes 0.05 s


def drawn(points: np.ndarray, size: int, back: tuple[int, int, int] = BACK) -> Image:
    """The picture of a face f32 (478, 3) px, uint8 (size, size, 3) RGB."""
    image = np.full((size, size, 3), back, np.uint8)

    def fill(outline: np.ndarray, colour: tuple[int, int, int]) -> None:
        _fill(image, outline, colour)

    oval = points[list(OVAL)]
    fill(_outline(points), HAIR)
    fill(oval, SKIN)
    for eye, iris in ((EYE_RIGHT, IRIS_RIGHT), (EYE_LEFT, IRIS_LEFT)):
        fill(points[list(eye)], EYE)
        fill(points[list(iris[1:])], PUPIL)
    fill(points[list(INNER_LIPS)], MOUTH)
    return image


def _outline(points: np.ndarray) -> np.ndarray:
    oval = points[list(OVAL)]
    return oval.mean(0) + REACH * (oval - oval.mean(0))


def _fill(image: np.ndarray, outline: np.ndarray, colour: tuple[int, ...]) -> None:
    cv2.fillPoly(image, [np.round(outline[:, :2] * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def wall(size: int) -> Image:
    """What is behind a person who was filmed with an outline: uint8 (size, size, 3) RGB, a smooth slope."""
    down, right = np.indices((size, size)) / (size - 1)
    return np.stack([60 + 60 * right, 90 + 80 * down, 200 - 100 * right], -1).round().astype(np.uint8)


def before_the_wall(points: np.ndarray, size: int) -> tuple[Image, Image]:
    """The picture of a face before the wall uint8 (size, size, 3) RGB, and its matte uint8 (size, size)."""
    matte = np.zeros((size, size), np.uint8)
    _fill(matte, _outline(points), (255,))
    share = matte[..., None] / 255
    return np.rint(share * drawn(points, size, HAIR) + (1 - share) * wall(size)).astype(np.uint8), matte


def angles_of_frames() -> np.ndarray:
    """Degrees f32 (N, 3); the head is usually held at 6 degrees of yaw."""
    i = np.arange(N)
    return np.column_stack([6 + 15 * np.sin(i * 0.9), 8 * np.sin(i * 0.5), 4 * np.sin(i * 0.3)]).astype(np.float32)


def places(angles: np.ndarray) -> np.ndarray:
    """px f64 (N, 3) of the middle of the eyes; the head moves as it turns."""
    middle = np.array([(SIZE - 1) / 2, (SIZE - 1) / 2 - 0.2 * EYES, 0])
    return middle + np.column_stack([angles[:, 0] * 0.1, -angles[:, 1] * 0.1, np.zeros(len(angles))])


def median_pose() -> HeadPose:
    return HeadPose(align.rotation_of(np.median(angles_of_frames(), 0)), EYES, np.median(places(angles_of_frames()), 0))


def mouths() -> np.ndarray:
    return 0.15 - 0.15 * np.cos(np.arange(N) * 0.7)


@contextmanager
def footage(name: str, rest: np.ndarray, angles: np.ndarray, matte: bool = False) -> Iterator[Dataset]:
    """A data set of N frames of a drawn face f32 (478, 3), turned by `angles` (N, 3) degrees.

    matte: before the wall, with mattes; otherwise before one colour, without.
    """
    canonical = [
        expression(rest, open=mouth, shut=float(i % 6 == 0), gaze=0.03 * np.sin(i)) for i, mouth in enumerate(mouths())
    ]
    poses = [HeadPose(align.rotation_of(a), EYES, m) for a, m in zip(angles, places(angles), strict=True)]
    points = np.stack([align.place(c, p) for c, p in zip(canonical, poses, strict=True)])
    with h5py.File(name, "w", driver="core", backing_store=False) as file:
        if matte:
            pictures, file["matte"] = map(np.stack, zip(*(before_the_wall(p, SIZE) for p in points), strict=True))
        else:
            pictures = np.stack([drawn(p, SIZE) for p in points])
        file["data"] = pictures
        file["points"], file["canonical"], file["pose"], file["neutral"] = points, np.stack(canonical), angles, rest
        yield Dataset(
            Path(name), file, SIZE, "steady", ("planted.mp4",), {}, to_crop=np.repeat(np.eye(2, 3)[None], N, 0),
            source=np.zeros(N, np.int16), frame=np.arange(N, dtype=np.int32), time=np.arange(N) / 30,
        )  # fmt: skip


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Let the head be fitted roughly, in small pictures."""
    for name, value in {"ROUNDS": 1, "SIDE": 48, "TEXELS": 64}.items():
        patch.setattr(head_fit, name, value)


def fit(dataset: Dataset, mirror: bool = False, rows: Index = ROWS, components: int = CONFIG.components) -> PuppetVAE:
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        for name in ("HEAD_FRAMES", "REFERENCE_FRAMES", "MEDIAN_FRAMES", "TEETH_FRAMES"):
            patch.setattr(fitting, name, FEW)
        torch.manual_seed(0)
        model = PuppetVAE(dataclasses.replace(CONFIG, components=components))
        model.mirror = mirror
        model.fit_statistics(dataset, rows)
    return model


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def angles_to_the_left() -> np.ndarray:
    i = np.arange(N)
    yaw = -1 - 11 * (1 - np.cos(i * 0.9))
    return np.column_stack([yaw, 8 * np.sin(i * 0.5), 2 * np.sin(i * 0.3)]).astype(np.float32)
