"""Mattes steadied over time: each is averaged with those before and after it, where the picture stands still.

Frames on both sides count alike, and only as far as the pixels look the same, so a moving edge neither lags nor smears.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from puppet.core.types import Floats, Image

# Chosen on the footage of ada against its true alpha.
REACH = 2  # frames before and after
SAME = 4.0  # grey levels, standard deviation: how much pixels may differ that show the same
AROUND = 3  # px, side of the square over which the difference is averaged: noise is no movement
CHANGE = 1 / 255  # of a matte, that is worth the work


@dataclass(frozen=True)
class Cutout:
    """A picture uint8 (S, S, 3) BGR and its matte f32 (S, S), 0 to 1.

    shot: what it shares with its neighbours in time; number: of the frame in its source, counted in steps of those that
    were looked at; name: of its file, "" for a video's frame.
    """

    picture: Image
    matte: Floats
    shot: tuple[int, int]
    number: int
    name: str = ""


def steadied(cutouts: Iterable[Cutout]) -> Iterator[Cutout]:
    """The cutouts of one video, in order, with steadied mattes; each is given when REACH more have been taken."""
    window: list[Cutout] = []
    at = 0  # the next to be given
    for cutout in cutouts:
        window.append(cutout)
        if len(window) - at > REACH:
            yield _steady(window, at)
            at += 1
            if at > REACH:
                del window[0]
                at -= 1
    while at < len(window):
        yield _steady(window, at)
        at += 1


def _steady(window: list[Cutout], at: int) -> Cutout:
    middle = window[at]
    total, weight = middle.matte.copy(), np.ones_like(middle.matte)
    for other in window:
        if other is middle or not neighbours(middle, other):
            continue
        where = np.nonzero(cv2.absdiff(other.matte, middle.matte) > CHANGE)
        alike = np.exp(-0.5 * (picture_change(middle, other)[where] / SAME) ** 2)
        total[where] += alike * other.matte[where]
        weight[where] += alike
    return replace(middle, matte=total / weight)


def neighbours(one: Cutout, other: Cutout) -> bool:
    """Whether two cutouts show moments of one shot that are REACH frames apart at most."""
    return one.shot == other.shot and abs(one.number - other.number) <= REACH


def picture_change(one: Cutout, other: Cutout) -> Floats:
    """How much the pictures differ at each pixel, f32 (S, S) grey levels: the channel that differs most, averaged."""
    blue, green, red = cv2.split(cv2.absdiff(one.picture, other.picture))
    apart = cv2.max(cv2.max(blue, green), red)
    return np.asarray(cv2.blur(apart.astype(np.float32), (AROUND, AROUND)), np.float32)
