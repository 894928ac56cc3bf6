"""Upright crops of faces: of a frame with its tracked face, or of any data set's rows."""

from __future__ import annotations

import numpy as np

from models.common.types import Index
from models.data.dataset import Dataset
from puppet.core import pixels
from puppet.core.types import Face, Image
from puppet.face import align

ROWS_AT_ONCE = 64


def upright_crop(image: Image, face: Face, size: int) -> Image:
    """Cut the face out of a frame uint8 (H, W, 3) BGR: uint8 (size, size, 3) RGB, see `align.upright_transform`."""
    return pixels.swap_red_blue(align.cut(image, align.upright_transform(face, size), size).image)


def upright_crops(dataset: Dataset, rows: Index, size: int) -> Image:
    """Rows of any data set as upright crops uint8 (N, size, size, 3) RGB: resized, or cut from the steady picture.

    Pictures without landmarks are taken as they are.
    """
    result = np.empty((len(rows), size, size, 3), np.uint8)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        for i, image in enumerate(dataset.images(part)):
            if dataset.crop != "steady":
                picture = image if len(image) == size else pixels.resize(image, size, size)
            else:
                picture = upright_crop(pixels.swap_red_blue(image), dataset_face(dataset, part[i]), size)
            result[start + i] = picture
    return result


def dataset_face(dataset: Dataset, row: int) -> Face:
    """The face of one row, in px of its picture."""
    return align.face_of(dataset.points_of(row))
