"""The golden picture: an actor at rest, drawn on every loading and compared with what its card says."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.actor.card import GOLDEN_BLOCKS, ActorCard
from puppet.core.types import AlignedCrop, Image


def golden_crop(card: ActorCard) -> AlignedCrop | None:
    """The crop that the golden picture is made from when the encoder asks for pixels: a fixed smooth pattern."""
    if card.crop_size is None:
        return None
    ramp = np.linspace(64, 192, card.crop_size)
    channels = np.broadcast_arrays(ramp[:, None], ramp[None, :], (ramp[:, None] + ramp[None, ::-1]) / 2)
    return AlignedCrop(np.ascontiguousarray(np.stack(channels, -1).round().astype(np.uint8)), np.eye(2, 3))


def golden_means(image: Image) -> NDArray[np.uint8]:
    """Mean colour of 16 x 16 blocks: uint8 (S, S, 3) -> uint8 (16, 16, 3)."""
    means = cv2.resize(image.astype(np.float32), (GOLDEN_BLOCKS, GOLDEN_BLOCKS), interpolation=cv2.INTER_AREA)
    return np.rint(means).astype(np.uint8)
