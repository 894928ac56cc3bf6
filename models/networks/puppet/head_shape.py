"""The head behind the face and the neck below it: rings of vertices around the face's outline, from a few numbers.

A head is an ellipsoid that reaches further in some directions: smooth swellings, and a bump behind each point of the
outline, for ears. Around it, behind the head and always turned to the viewer, lies a halo: it carries the ends of hair,
which from every side stand out beyond the head. A neck goes down from the jaw to the picture's lower edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, HeadPose
from puppet.face import align
from puppet.face.landmarks import OVAL
from puppet.head.vertices import HALO, HEAD_RINGS, RINGS

RADII = np.array((1.0, 1.15, 1.2), np.float32)  # of the ellipsoid, outer-eye distances
MOST_SWOLLEN = 0.4  # log of the reach
BUMP = (0.5, 1.0, 1.0, 0.5, 0.0)  # of a bump, by ring
BESIDE = 0.5  # of it, behind the points beside its own
NECK_REACH = 0.7  # outer-eye distances down the outline over which it goes over from head to neck
NECK_END = 0.98  # of the picture's height: where the last ring of the neck lies
SHORTEST_NECK = 0.1  # outer-eye distances


class Number(NamedTuple):
    """One of the numbers of a head: that of an average head, the first step of a search, and its limits."""

    average: float
    step: float
    least: float
    most: float


NUMBERS = {
    "depth": Number(0.62, 0.08, 0.3, 1.3),  # of the middle of the ellipsoid behind the eyes, outer-eye distances
    "height": Number(-0.2, 0.06, -0.6, 0.2),  # of it, below the eyes
    "thickened": Number(4.0, 0.6, 1.0, 6.0),  # rings until the head reaches out as far as the numbers below say
    "end": Number(128.0, 8.0, 120.0, 150.0),  # degrees from the direction of the face: where the last ring of it lies
    "neck_begins": Number(0.2, 0.1, -0.1, 0.6),  # y of the outline's points from which on they lead to the neck
    "neck_near": Number(0.2, 0.12, 0.0, 1.0),  # how far the neck's first ring lies behind the outline
    "neck_far": Number(0.45, 0.12, 0.0, 1.2),  # and its last
    "neck_stays": Number(0.7, 0.15, 0.0, 1.0),  # 0: the neck's first ring follows the head; 1: it stays
    "neck_width": Number(0.8, 0.1, 0.4, 1.6),  # of the face's outline
    "neck_narrowed": Number(1.8, 0.6, 0.5, 6.0),  # rings until the neck is so wide
}
# By which direction components the head swells: products of y (down) and z (away), even in x
SWELLINGS = (
    (1,), (2,), (0, 0), (1, 1), (1, 2), (2, 2), (0, 0, 1), (0, 0, 2), (1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 2),
)  # fmt: skip
SWELLING, BUMP_NUMBER = Number(0.0, 0.06, -0.4, 0.4), Number(0.0, 0.06, -0.2, 0.35)
SYMMETRIC = len(NUMBERS) + len(SWELLINGS)  # numbers that say nothing about a single side


@dataclass(frozen=True, eq=False)
class HeadShape:
    """The numbers of one head f64 (len(ALL),): NUMBERS, SWELLINGS, and a bump for each point of the outline."""

    numbers: NDArray[np.float64]

    def __getitem__(self, name: str) -> float:
        return float(self.numbers[list(NUMBERS).index(name)])

    def changed(self, number: int, by: float) -> HeadShape:
        """The same head with one number changed, within its limits."""
        numbers = self.numbers.copy()
        numbers[number] = np.clip(numbers[number] + by, ALL[number].least, ALL[number].most)
        return HeadShape(numbers)

    def reach(self, directions: NDArray[np.floating]) -> Floats:
        """How far the head reaches in unit directions (O, 3), one for each point of the outline, without its bumps."""
        swollen = self.numbers[len(NUMBERS) : SYMMETRIC]
        log = np.stack([directions[:, list(along)].prod(1) for along in SWELLINGS], 1) @ swollen
        return np.exp(log.clip(-MOST_SWOLLEN, MOST_SWOLLEN)).astype(np.float32)

    @property
    def bumps(self) -> Floats:
        """By how much more the head reaches out behind each point of the outline, as a share; f32 (O,)."""
        own = self.numbers[SYMMETRIC:]
        return (own + BESIDE * (np.roll(own, 1) + np.roll(own, -1))).astype(np.float32)


ALL = [*NUMBERS.values(), *[SWELLING] * len(SWELLINGS), *[BUMP_NUMBER] * len(OVAL)]
AVERAGE = HeadShape(np.array([number.average for number in ALL]))


def lowness(outline: Floats, shape: HeadShape) -> Floats:
    """Which points of the outline, canonical (O, 3), lead to the neck: f32 (O,), 0 for the head, 1 for the neck."""
    low = np.clip((outline[:, 1] - shape["neck_begins"]) / NECK_REACH, 0, 1)
    return (low * low * (3 - 2 * low)).astype(np.float32)


class Rings(NamedTuple):
    """Vertices behind the O points of the outline, ring by ring, R = RINGS * O.

    rest: canonical f32 (R, 3). halo: f32 (R, 2), outer-eye distances in the picture, rolled with the head but not
    turned, that are added to it. follow: f32 (R,), how much each follows the head.
    """

    rest: Floats
    halo: Floats
    follow: Floats


def rings(neutral: Floats, shape: HeadShape, usual: HeadPose, image_size: int) -> Rings:
    """The rings of a head.

    neutral: canonical landmarks f32 (478, 3); usual: their pose, px of a picture of that side.
    """
    outline = neutral[list(OVAL)]
    low = lowness(outline, shape)[:, None]
    centre = np.array((0, shape["height"], shape["depth"]), np.float32)
    away = (outline - centre) / RADII
    around = np.hypot(away[:, 0], away[:, 1])
    sideways = np.column_stack([away[:, :2] / around[:, None], np.zeros(len(away))])
    angle, radius = np.arctan2(around, -away[:, 2]), np.linalg.norm(away, axis=1)
    length = (NECK_END * (image_size - 1) - align.place(outline, usual)[:, 1]) / usual.scale
    down = np.maximum(length, SHORTEST_NECK)
    near, far, stays = (shape[f"neck_{name}"] for name in ("near", "far", "stays"))
    rest, halo, follow = [], [], []
    for k in range(1, RINGS + 1):
        share = k / RINGS
        neck = outline * (1 + (shape["neck_width"] - 1) * min(1, k / shape["neck_narrowed"]), 1, 1)
        neck += np.column_stack([0 * down, share * down, np.full(len(down), near + share * (far - near))])
        beside = np.zeros((len(outline), 2))
        if k <= HEAD_RINGS:
            turned = angle + k / HEAD_RINGS * (np.radians(shape["end"]) - angle)
            direction = sideways * np.sin(turned)[:, None] - np.column_stack([0 * down, 0 * down, np.cos(turned)])
            reach = radius + (shape.reach(direction) - radius) * min(1, k / shape["thickened"])
            head = centre + RADII * (reach * (1 + BUMP[k - 1] * shape.bumps))[:, None] * direction
        else:
            head = np.tile(centre, (len(outline), 1))
            beside = HALO[k - HEAD_RINGS - 1] * (RADII * shape.reach(sideways)[:, None] * sideways)[:, :2]
        rest.append(head + low * (neck - head))
        halo.append((1 - low) * beside)
        follow.append(1 - low[:, 0] * (stays + (1 - stays) * share))
    return Rings(*(np.concatenate(part).astype(np.float32) for part in (rest, halo, follow)))
