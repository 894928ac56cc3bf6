"""Cuts, found in planted pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from puppet.core.types import Image
from puppet.face.cuts import CONFIRM_FRAMES, CutDetector

SIDE = 240


def scenery(seed: int, width: int = SIDE) -> Image:
    rough = np.random.default_rng(seed).integers(40, 215, (6, 6 * width // SIDE, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(rough, (width, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def cuts(pictures: list[Image]) -> list[int]:
    watch = CutDetector()
    return [i - ago for i, picture in enumerate(pictures) if (ago := watch.update(picture)) is not None]


def test_a_cut_is_found_at_its_frame() -> None:
    a, b = scenery(1), scenery(2)
    assert cuts([a] * 10 + [b] * 10 + [a] * 10) == [10, 20]


@pytest.mark.parametrize("between", [1, CONFIRM_FRAMES - 1])
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
    watch, numbers = CutDetector(), []
    for seed in (1, 2, 1, 3, 2):
        for _ in range(6):
            watch.update(scenery(seed))
        numbers.append(watch.scene)
    assert numbers == [0, 1, 0, 2, 1]
