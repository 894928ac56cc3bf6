"""Which part of a picture an actor shows, and what of it is the person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats, HeadPose, Image
from puppet.face import align
from puppet.face.matting import Matting

SIZE = 512  # px of an actor's picture
LARGER = (768, 1024)  # of one of a whole picture, whose face would be too small otherwise
LEAST_EYES = 56.0  # px between the outer eye corners, from which on a face is large enough
FINER = 2  # px of the picture that is cut out for each of the actor's
LEAST_SIDE = 2.3  # outer-eye distances: a face and little more
LEAST_SHARE = 0.1  # of the side that the outer eye corners lie apart in a square
WIDENED, MOST_WIDENED = 1.12, 3  # by which a portrait grows, and how often
RAISED = 0.8  # of that, how far it goes up
HEADROOM = 0.02  # of the picture's height that should be free above a head
TOUCHES = 0.03  # of the picture's width that the person fills there


class Frame(Enum):
    """Which part of the picture."""

    PORTRAIT = "portrait"  # head and shoulders
    SQUARE = "square"  # as much as a square can show
    WHOLE = "whole"  # all of it; the head moves within it


@dataclass(frozen=True, eq=False)
class Framed:
    """to_crop (2, 3): px of the picture -> px of a square of side `shown`, FINER for each of the actor's `size`.

    matte f32 (shown, shown), 0 to 1: the person in it. within: bool (shown, shown), what the picture reaches.
    """

    to_crop: NDArray[np.float64]
    size: int
    matte: Floats
    within: NDArray[np.bool_]

    @property
    def shown(self) -> int:
        """Side of the square, px."""
        return FINER * self.size


def framed(picture: Image, pose: HeadPose, frame: Frame) -> Framed:
    """The part of a picture uint8 (H, W, 3) around a head in this pose."""
    head = _fitted(align.steady_transform([pose], SIZE), picture, pose)
    head, matte = _with_headroom(picture, head, pose)
    to_crop, size = head, SIZE
    if frame is not Frame.PORTRAIT:
        to_crop = _whole(picture) if frame is Frame.WHOLE else _square(picture, pose, head)
        eyes = pose.scale * to_crop[0, 0] / SIZE
        size = next((side for side in (SIZE, *LARGER) if side * eyes >= LEAST_EYES), LARGER[-1])
        size = size if frame is Frame.WHOLE else SIZE
    to_crop = _scaled(to_crop, FINER * size / SIZE)
    if frame is Frame.SQUARE:
        matte = _matte(picture, _scaled(to_crop, 1 / FINER))
        head = _scaled(to_crop, 1 / FINER)
    matte = _moved(matte, head, to_crop, FINER * size)  # beyond it, a body goes on as at its edge
    inside = np.ones(picture.shape[:2], np.uint8)
    within = cv2.warpAffine(inside, to_crop, (FINER * size, FINER * size), flags=cv2.INTER_NEAREST) > 0
    return Framed(to_crop, size, matte, within)


def _with_headroom(picture: Image, to_crop: NDArray[np.float64], pose: HeadPose) -> tuple[NDArray[np.float64], Floats]:
    """A portrait and its matte f32 (SIZE, SIZE); a hat or much hair makes it larger, as far as the picture goes."""
    matte = _matte(picture, to_crop)
    for _ in range(MOST_WIDENED):
        if to_crop[1, 2] >= 0 or matte[: round(HEADROOM * SIZE)].max(0).mean() < TOUCHES:
            break
        wider = to_crop / WIDENED
        wider[:, 2] += (SIZE - 1) / 2 * (1 - 1 / WIDENED) * np.array((1, 1 + RAISED))
        to_crop = _fitted(wider, picture, pose)
        matte = _matte(picture, to_crop)
    return to_crop, matte


def _fitted(to_crop: NDArray[np.float64], picture: Image, pose: HeadPose) -> NDArray[np.float64]:
    """A crop of side SIZE that stays within the picture where that is large enough."""
    height, width = picture.shape[:2]
    scale = to_crop[0, 0]
    side = max(min(SIZE / scale, height, width), min(LEAST_SIDE * pose.scale, SIZE / scale))
    middle = ((SIZE - 1) / 2 - to_crop[:, 2]) / scale
    corner = []
    for centre, reach in zip(middle, (width, height), strict=True):
        free = reach - side
        corner.append(np.clip(centre + 0.5 - side / 2, min(0, free / 2), max(0, free) if free > 0 else free / 2))
    return _crop(np.array(corner), side, SIZE)


def _square(picture: Image, pose: HeadPose, head: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest square of the picture around the head."""
    side = min(*picture.shape[:2], pose.scale / LEAST_SHARE)
    side = max(side, SIZE / head[0, 0])
    middle = ((SIZE - 1) / 2 - head[:, 2]) / head[0, 0]
    return _fitted(_crop(middle + 0.5 - side / 2, side, SIZE), picture, pose)


def _whole(picture: Image) -> NDArray[np.float64]:
    height, width = picture.shape[:2]
    side = max(height, width)
    return _crop(np.array([(width - side) / 2, (height - side) / 2]), side, SIZE)


def _crop(corner: NDArray[np.float64], side: float, size: int) -> NDArray[np.float64]:
    """Square of `side` px with this upper left corner (2,) onto `size` px; pixel centres kept exact."""
    scale = size / side
    return np.column_stack([scale * np.eye(2), (0.5 - corner) * scale - 0.5])


def _scaled(to_crop: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    """The same crop onto a square that is larger by a factor."""
    larger = to_crop * by
    larger[:, 2] += (by - 1) / 2
    return larger


def _matte(picture: Image, to_crop: NDArray[np.float64]) -> Floats:
    return Matting("steady", SIZE).matte(picture, to_crop, align.cut(picture, to_crop, SIZE).image)


def _moved(matte: Floats, of: NDArray[np.float64], to: NDArray[np.float64], side: int) -> Floats:
    """A matte of one crop as that of another one, f32 (side, side)."""
    scale = to[0, 0] / of[0, 0]
    place = np.column_stack([scale * np.eye(2), to[:, 2] - scale * of[:, 2]])
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(matte, place, (side, side), flags=flags, borderMode=border), np.float32)
