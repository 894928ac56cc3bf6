"""The one place for BGR/RGB, uint8/float, HWC/CHW and alpha. Networks see RGB uint8; OpenCV and Qt see BGR uint8."""

from __future__ import annotations

import cv2
import numpy as np

from puppet.core.types import Image

ALPHA = np.array([0, 0, 0, 255], np.uint8).view(np.uint32)
SPREAD = 8  # px; side of the blocks in which codecs compress


def swap_red_blue(image: Image) -> Image:
    """BGR <-> RGB, or BGRA <-> RGBA, uint8 (H, W, 3 or 4) -> a new contiguous array of the same shape."""
    swap = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    return cv2.cvtColor(image, swap)  # pyright: ignore[reportReturnType]


def resize(image: Image, width: int, height: int) -> Image:
    """Resize uint8 (H, W, C) to (height, width, C): area averaging when shrinking, bicubic when growing.

    Pictures with alpha must be premultiplied. They grow linearly: colours stay below their alpha.
    """
    shrinking = width * height < image.shape[0] * image.shape[1]
    growing = cv2.INTER_LINEAR if image.shape[2:] == (4,) else cv2.INTER_CUBIC
    method = cv2.INTER_AREA if shrinking else growing
    return cv2.resize(image, (width, height), interpolation=method)  # pyright: ignore[reportReturnType]


def fit(image: Image, width: int, height: int, around: tuple[int, int, int] | None = None) -> Image:
    """Scale uint8 (H, W, C) to fit inside (height, width), aspect kept.

    around: red, green, blue of the rest; None: 0, which is black, and nothing of alpha.
    """
    scale = min(width / image.shape[1], height / image.shape[0])
    w, h = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    canvas = np.zeros((height, width, image.shape[2]), np.uint8) if around is None else filled(around, width, height)
    x, y = (width - w) // 2, (height - h) // 2
    canvas[y : y + h, x : x + w] = image if (w, h) == (image.shape[1], image.shape[0]) else resize(image, w, h)
    return canvas


def cover(image: Image, side: int) -> Image:
    """The middle square of uint8 (H, W, 3), scaled to (side, side, 3): area averaging when shrinking, else linear."""
    height, width = image.shape[:2]
    whole = min(height, width)
    top, left = (height - whole) // 2, (width - whole) // 2
    square = image[top : top + whole, left : left + whole]
    if whole == side:
        return np.ascontiguousarray(square)
    method = cv2.INTER_AREA if whole > side else cv2.INTER_LINEAR
    return cv2.resize(square, (side, side), interpolation=method)  # pyright: ignore[reportReturnType]


def filled(colour: tuple[int, int, int], width: int, height: int) -> Image:
    """A picture uint8 (height, width, 3) BGR of one colour: red, green, blue."""
    return np.full((height, width, 3), colour[::-1], np.uint8)


def over(person: Image, behind: Image) -> Image:
    """A person uint8 (H, W, 4) BGRA, premultiplied, over uint8 (H, W, 3) BGR: person + (1 - alpha) * behind."""
    rest = opaque(behind)
    alphas = np.ascontiguousarray(person).view(np.uint32) & ALPHA
    np.bitwise_xor(rest.view(np.uint32), alphas, out=rest.view(np.uint32))  # from 255 to 255 - alpha
    cv2.cvtColor(rest, cv2.COLOR_RGBA2mRGBA, dst=rest)  # multiplies by alpha, whatever the order of the colours
    return cv2.cvtColor(cv2.add(person, rest, dst=rest), cv2.COLOR_BGRA2BGR)  # pyright: ignore[reportReturnType]


def opaque(image: Image) -> Image:
    """uint8 (H, W, 3) BGR -> (H, W, 4) with alpha 255."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)  # pyright: ignore[reportReturnType]


def straight(person: Image, spread: bool = False) -> Image:
    """Premultiplied BGRA, uint8 (H, W, 4) -> straight alpha, as files have it: colours divided by alpha, 0 where 0.

    spread: where alpha is 0, the colours nearby go on for about 2 * SPREAD px, so that a codec mixes no black into the
    person's edge.
    """
    plain = cv2.cvtColor(person, cv2.COLOR_mRGBA2RGBA)
    if spread:
        height, width = person.shape[:2]
        coarse = cv2.resize(person, (-(-width // SPREAD), -(-height // SPREAD)), interpolation=cv2.INTER_AREA)
        nearby = cv2.resize(straight(cv2.blur(coarse, (5, 5))), (width, height), interpolation=cv2.INTER_LINEAR)  # pyright: ignore[reportArgumentType]
        plain = cv2.copyTo(nearby, (person[..., 3] == 0).view(np.uint8), plain)
        cv2.mixChannels([person], [plain], [3, 3])
    return plain  # pyright: ignore[reportReturnType]
