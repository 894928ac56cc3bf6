"""Cuts and other faces in films, with planted pictures and faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from puppet.core.types import Floats, Image
from puppet.face.neutral import KEEP_EVERY
from puppet.face.persons import CONTRASTS, SHAPE
from puppet.face.shots import LASTS, CutWatch, Sighting, shots

SIDE = 240


def scenery(seed: int, width: int = SIDE) -> Image:
    rough = np.random.default_rng(seed).integers(40, 215, (6, 6 * width // SIDE, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(rough, (width, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def cuts(pictures: list[Image]) -> list[int]:
    watch = CutWatch()
    return [i - ago for i, picture in enumerate(pictures) if (ago := watch.see(picture)) is not None]


def test_a_cut_is_found_at_its_frame() -> None:
    a, b = scenery(1), scenery(2)
    assert cuts([a] * 10 + [b] * 10 + [a] * 10) == [10, 20]


@pytest.mark.parametrize("between", [1, LASTS - 1])
def test_a_flash_or_a_dark_frame_is_none(between: int) -> None:
    a = scenery(1)
    assert cuts([a] * 10 + [scenery(5)] * between + [a] * 10) == []
    assert cuts([a] * 10 + [np.zeros_like(a)] * between + [scenery(2)] * 10) == [10 + between]


def test_light_a_pan_and_noise_are_none() -> None:
    a, wide = scenery(1), scenery(3, 4 * SIDE)
    darker = (a // 2).astype(np.uint8)
    assert cuts([a] * 10 + [darker] * 10) == []
    assert cuts([np.ascontiguousarray(wide[:, k * 12 : k * 12 + SIDE]) for k in range(55)]) == []
    rng = np.random.default_rng(0)
    assert cuts([rng.integers(0, 255, a.shape).astype(np.uint8) for _ in range(30)]) == []


def test_a_picture_that_comes_back_has_its_number_again() -> None:
    watch, numbers = CutWatch(), []
    for seed in (1, 2, 1, 3, 2):
        for _ in range(6):
            watch.see(scenery(seed))
        numbers.append(watch.scene)
    assert numbers == [0, 1, 0, 2, 1]


def sightings(people: list[tuple[float, float, float]]) -> list[Sighting]:
    """(who, seconds, where) one after the other, ten frames a second, with a look at each."""
    seen: list[Sighting] = []
    rng = np.random.default_rng(0)
    for who, seconds, x in people:
        for _ in range(round(seconds * 10)):
            shape = who + rng.normal(0, 0.05, 3 * len(SHAPE))
            look: Floats = np.concatenate([shape, np.zeros(3 * len(CONTRASTS) + 2)]).astype(np.float32)
            seen.append(Sighting(len(seen), len(seen) / 10, (x, 100.0, 80.0), look))
    return seen


def test_shots_end_at_cuts_and_where_another_face_begins() -> None:
    seen = sightings([(0.0, 6, 100), (0.7, 6, 100), (0.7, 6, 300)])
    found = shots(180, [150], seen, KEEP_EVERY)
    assert [abs(shot.start - wanted) <= 3 for shot, wanted in zip(found, (0, 60, 150), strict=True)] == [True] * 3


def test_the_same_face_in_another_place_is_no_other_one() -> None:
    assert shots(180, [], sightings([(0.0, 6, 100), (0.0, 6, 400), (0.1, 6, 100)]), KEEP_EVERY) == [range(180)]
