"""Motion of a face between two planted pictures of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats
from puppet.face.face_motion import PATCH, face_motion
from puppet.face.face_selection import MOVING, STILL


def skin(seed: int) -> Floats:
    rough = np.random.default_rng(seed).uniform(-1, 1, (8, 8)).astype(np.float32)
    return np.asarray(cv2.resize(rough, (96, 96), interpolation=cv2.INTER_CUBIC), np.float32)


SKIN, EXPRESSION = skin(1), skin(2)


def patch(shape: Floats, warp: NDArray | None = None, noise: float = 0.0, seed: int = 0) -> Floats:
    grown = cv2.resize(shape, (PATCH, PATCH)) * 40 + 120
    if warp is not None:
        grown = cv2.warpAffine(grown, warp, (PATCH, PATCH), borderMode=cv2.BORDER_REFLECT)
    noisy = grown + np.random.default_rng(seed).normal(0, noise, grown.shape)
    return np.asarray(cv2.GaussianBlur(noisy.astype(np.float32), (0, 0), 1.5), np.float32)


def test_neither_noise_nor_a_camera_that_shakes_makes_a_photo_move() -> None:
    photo = patch(SKIN, noise=1.5)
    turn = cv2.getRotationMatrix2D((PATCH / 2, PATCH / 2), 2, 1.03) + np.array([[0, 0, 1.5], [0, 0, -1]])
    assert face_motion(photo, photo) == 0
    assert face_motion(photo, patch(SKIN, noise=1.5, seed=1)) < STILL
    assert face_motion(photo, patch(SKIN, turn, noise=1.5, seed=2)) < STILL
    assert face_motion(photo, 0.7 * photo + 20) < STILL  # a lamp
    assert face_motion(photo, patch(SKIN + 0.5 * EXPRESSION, turn)) > MOVING
    assert not face_motion(np.zeros_like(photo), photo) > 0  # nothing to compare
