"""What is behind the person of a picture: filled in smoothly, with the grain of what is around.

What the picture shows, BGR, is f32 in levels.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.warp import MeshWarp
from puppet.core import pixels
from puppet.core.types import Floats, Image
from puppet.head.filling import fill
from puppet.head.vertices import BASE_VERTICES
from puppet.photo.seen import Seen
from puppet.photo.shared import Shared

FREE = 6.0  # levels of the matte up to which a pixel is background
AWAY = 0.015  # of the picture's side: how far from a person background is taken
SMOOTH = 0.02  # of it: sigma of what is filled in, and how far from the border it has that
GRAIN = 1.5  # px, sigma: what is finer is grain
BESIDE_BLUR, BESIDE_LIGHT = 0.05, 0.45  # of what lies beside a whole picture: sigma, of the side; brightness
STAYS, MOVES = 0.04, 0.14  # how much what belongs to the scene follows the head, and what belongs to the head


def plate_of(seen: Seen) -> Image:
    """What is behind the person, uint8 (M, M, 3)."""
    return _filled(seen.picture, _near(seen.matte > FREE / 255) | ~seen.within)


def head_alone(seen: Seen, follow: Floats, shared: Shared) -> tuple[Seen, Image]:
    """The same with what moves as the only person, and what is behind it, the body included: uint8 (M, M, 3).

    follow: f32 (B,), how much each vertex of the skin follows the head.
    """
    side = len(seen.picture)
    values = np.zeros((len(seen.vertices), 2), np.float32)
    values[:, 0], values[:BASE_VERTICES, 0] = side, side * follow
    follows = MeshWarp(shared.triangles, values, side).field(seen.vertices)[0] / side
    moves = np.clip((follows - STAYS) / (MOVES - STAYS), 0, 1).astype(np.float32)
    hidden = _near(seen.matte > FREE / 255) & (follows > MOVES)
    plate = _filled(seen.picture, hidden & seen.within)
    plate[~seen.within] = _beside(seen)[~seen.within]
    return dataclasses.replace(seen, matte=seen.matte * moves * seen.within), plate


def _beside(seen: Seen) -> Image:
    """What a whole picture that is no square has beside it: itself, larger, blurred and darker."""
    rows, columns = (np.flatnonzero(seen.within.any(axis)) for axis in (1, 0))
    side, picture = len(seen.picture), seen.picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = cv2.resize(pixels.cover(picture, side), (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32)
    blurred = cv2.GaussianBlur(small, (0, 0), BESIDE_BLUR * 64) * BESIDE_LIGHT
    large = cv2.resize(blurred, (side, side), interpolation=cv2.INTER_CUBIC)
    return large.clip(0, 255).astype(np.uint8)


def _near(person: NDArray[np.bool_]) -> NDArray[np.bool_]:
    side = 2 * round(AWAY * len(person)) + 1
    return cv2.dilate(person.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def _filled(picture: Image, covered: NDArray[np.bool_]) -> Image:
    if covered.all():
        return np.full_like(picture, 32)
    known, sigma = ~covered, SMOOTH * len(picture)
    smooth = fill(picture.astype(np.float32), known)
    within = cv2.distanceTransform(covered.astype(np.uint8), cv2.DIST_L2, 5)
    for far in (0.25, 1.0):  # near the border the colours beside it, further away ever wider means
        share = np.clip(within / (2 * far * sigma), 0, 1)[..., None]
        smooth += share * (cv2.GaussianBlur(smooth, (0, 0), far * sigma) - smooth)
    fine = picture - cv2.GaussianBlur(picture, (0, 0), GRAIN).astype(np.float32)
    level = 1.48 * float(np.median(np.abs(fine[known])))  # of a normal distribution, whatever edges there are
    grain = np.random.default_rng(0).normal(0, level, picture.shape[:2]).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * covered
    return (smooth + grain[..., None]).round().clip(0, 255).astype(np.uint8)
