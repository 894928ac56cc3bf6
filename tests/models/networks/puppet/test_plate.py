"""The background behind a planted person."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest

from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.plate import FREE, measure_plate
from puppet.core.types import Image

SIDE, COUNT = 96, 12
PERSON = (200, 30, 30)


def background() -> Image:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (12, 12, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


def moving_person(leak: int = 0) -> tuple[Image, Image]:
    """A disc that moves from left to right: pictures (COUNT, SIDE, SIDE, 3), mattes; leak: px that the mattes lack."""
    pictures, mattes = [], []
    for i in range(COUNT):
        matte, seen = np.zeros((2, SIDE, SIDE), np.uint8)
        for picture, radius in ((matte, 24 - leak), (seen, 24)):
            cv2.circle(picture, (30 + 3 * i, 60), radius, (255,), -1, cv2.LINE_AA)
        share = seen[..., None] / 255
        pictures.append(np.rint(share * np.array(PERSON) + (1 - share) * background()).astype(np.uint8))
        mattes.append(matte)
    return np.stack(pictures), np.stack(mattes)


def plate_of(pictures: Image, mattes: Image) -> Image:
    fake = SimpleNamespace(size=SIDE, images=lambda rows: pictures[rows], mattes=lambda rows: mattes[rows])
    return measure_plate(cast("ScaledFootage", cast(Any, fake)), np.arange(len(pictures)))


@pytest.mark.parametrize("leak", [0, 1])
def test_what_the_person_leaves_free_is_the_background(leak: int) -> None:
    """Also where mattes are a pixel too small, so that the person's own colours lie beside them."""
    pictures, mattes = moving_person(leak)
    plate = plate_of(pictures, mattes)
    assert plate.dtype == np.uint8
    free = cv2.dilate(mattes.min(0), np.ones((7, 7), np.uint8)) <= FREE  # further than AWAY from where they always are
    assert free.mean() > 0.8
    off = np.abs(plate.astype(int) - background()).max(-1)
    assert off[free].max() <= 1


def test_what_the_person_always_covers_is_smooth_and_like_what_lies_around() -> None:
    pictures, mattes = moving_person()
    plate = plate_of(pictures, mattes)
    always = mattes.min(0) == 255
    assert always.sum() > 20
    inside = cv2.erode(always.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    for axis in (0, 1):
        assert np.abs(np.diff(plate.astype(int), axis=axis))[inside[1:] if axis == 0 else inside[:, 1:]].max() < 20
    ring = cv2.dilate(always.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    around = plate[ring & ~always]
    assert (plate[always] >= around.min(0)).all()
    assert (plate[always] <= around.max(0)).all()
    assert np.abs(plate[always] - np.array(PERSON)).sum(-1).min() > 60  # nothing of the person


def test_a_person_who_covers_everything_leaves_black() -> None:
    pictures, _ = moving_person()
    assert not plate_of(pictures, np.full(pictures.shape[:3], 255, np.uint8)).any()
