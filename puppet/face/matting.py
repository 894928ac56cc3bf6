"""A person's matte in one picture: the segmentation network's mask, refined along its edge by the picture's colours.

The network knows about where a person ends, to some px. Where it is not sure, a pixel lies between the colours of the
person and of the background that are seen nearby, and its place on the line between both is its alpha. A guided filter
(He et al. 2013) in its place made the mask worse, at every radius and epsilon that was tried: it averages over
windows in which hair and skin lie beside each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core import pixels
from puppet.core.types import Floats, Image
from puppet.face import align
from puppet.face.onnx_segmentation import SEGMENTATION_SIZE, PersonSegmentation

# Chosen on the footage of ada against its true alpha.
WIDER = 1.25  # side of what the network sees / side of a steady crop: it loses shoulders that the edge cuts off
SURE = 0.2  # a mask this near to 0 or 1 is believed
NEAR, FAR = 3.0, 12.0  # px of the network's picture, standard deviations: where the colours nearby are taken from
FAR_WEIGHT = 0.02  # of the far ones: they count where there are no near ones
FEWEST = 5e-4  # weight of sure pixels from which on their colour is known
ALIKE = 6.0  # grey levels between person and background at which colours say half


@dataclass(frozen=True)
class _Sides:
    """Mean colours of the person and of the background around each pixel f32 (H, W, 3), and how well known (H, W)."""

    person: Floats
    background: Floats
    known: Floats


class Matting:
    """Makes mattes of pictures that are cut from frames. Each picture by itself."""

    def __init__(self, crop: str, size: int) -> None:
        """crop: how the pictures are cut; size: their side, px."""
        self._network = PersonSegmentation()
        eyes = align.TIGHT_EYES if crop == "upright" else align.STEADY_EYES
        self._size = size
        self._scale = SEGMENTATION_SIZE / (size * WIDER * eyes / align.STEADY_EYES)
        middles = (SEGMENTATION_SIZE - 1) / 2 - self._scale * (size - 1) / 2
        self._to_network = np.array([[self._scale, 0, middles], [0, self._scale, middles]])  # px of the crop -> its px

    def matte(self, frame: Image, to_crop: NDArray[np.float64], picture: Image) -> Floats:
        """The matte f32 (S, S), 0 background to 1 person, of a picture that `to_crop` cuts from a frame; both BGR."""
        linear, shift = self._to_network[:, :2], self._to_network[:, 2]
        wide = np.column_stack([linear @ to_crop[:, :2], linear @ to_crop[:, 2] + shift])
        seen = align.cut(frame, wide, SEGMENTATION_SIZE).image
        mask = _one_person(self._network.mask(pixels.swap_red_blue(seen)))
        sides = _sides(seen.astype(np.float32), mask)
        return _refined(
            picture, self._in_crop(mask), *map(self._in_crop, (sides.person, sides.background, sides.known))
        )

    def _in_crop(self, values: Floats) -> Floats:
        """Values at the network's px as values at the crop's."""
        if self._scale > 1:
            values = np.asarray(cv2.GaussianBlur(values, (0, 0), align.shrinking_blur(1 / self._scale)), np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (self._size, self._size)
        placed = cv2.warpAffine(values, self._to_network, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(placed, np.float32)


def _one_person(mask: Floats) -> Floats:
    """The mask without what does not hang together with the largest person in it."""
    _, parts = cv2.connectedComponents((mask >= SURE).astype(np.uint8))
    shares = np.bincount(parts.ravel(), mask.ravel())
    shares[0] = 0
    return np.where((parts == shares.argmax()) | (mask < SURE), mask, np.float32(0))


def _sides(picture: Floats, mask: Floats) -> _Sides:
    person, enough = _colours(picture, mask > 1 - SURE)
    background, also = _colours(picture, mask < SURE)
    return _Sides(person, background, np.minimum(enough, also))


def _colours(picture: Floats, sure: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The mean colour of sure pixels around each pixel, near ones first, and how well it is known, 0 to 1."""
    weights = sure.astype(np.float32)
    stacked = np.dstack([picture * weights[..., None], weights])
    side = len(picture)
    small = cv2.resize(stacked, (side // 4, side // 4), interpolation=cv2.INTER_AREA)
    far = cv2.resize(cv2.GaussianBlur(small, (0, 0), FAR / 4), (side, side), interpolation=cv2.INTER_LINEAR)
    total = np.asarray(cv2.GaussianBlur(stacked, (0, 0), NEAR) + FAR_WEIGHT * far, np.float32)
    weight = total[..., 3]
    return total[..., :3] / np.maximum(weight, 1e-7)[..., None], np.minimum(1, weight / FEWEST)


def _refined(picture: Image, mask: Floats, person: Floats, background: Floats, known: Floats) -> Floats:
    """The mask (S, S) by the picture uint8 (S, S, 3), where it is not sure and the two sides' colours differ."""
    matte = np.where(mask > 0.5, np.float32(1), np.float32(0))
    unsure = np.nonzero((mask >= SURE) & (mask <= 1 - SURE))
    across = person[unsure] - background[unsure]
    from_background = picture[unsure].astype(np.float32) - background[unsure]
    contrast = (across**2).sum(1)
    along = np.clip((from_background * across).sum(1) / np.maximum(contrast, 1), 0, 1)
    beside = ((from_background - along[:, None] * across) ** 2).sum(1)  # a colour of neither side says nothing
    trust = known[unsure] * contrast / (contrast + ALIKE**2 + beside)
    matte[unsure] = trust * along + (1 - trust) * mask[unsure]
    return matte
