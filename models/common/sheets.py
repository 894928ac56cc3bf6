"""Sheets of pictures, for example originals above reconstructions, and their PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from puppet.core import pixels
from puppet.core.errors import DataError, reason
from puppet.core.types import Image
from puppet.storage.files import write_whole

GAP = 4  # px between pictures
BAND_GAP = 16  # px between pairs of rows


def pair_rows(above: Sequence[Image], below: Sequence[Image], side: int) -> Image:
    """Two rows of square cells of `side` px, above[i] over below[i]; pictures uint8 (H, W, 3) of any size."""
    rows = [np.concatenate([_cell(image, side) for image in row], axis=1) for row in (above, below)]
    return np.concatenate(rows, axis=0)


def grid(pictures: Sequence[Image], columns: int) -> Image:
    """Pictures uint8 (S, S, 3) of one size in rows, GAP apart; the last row is filled up with black."""
    cells = [np.pad(picture, ((0, GAP), (0, GAP), (0, 0))) for picture in pictures]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.concatenate(cells[i : i + columns], axis=1) for i in range(0, len(cells), columns)]
    return np.concatenate(rows, axis=0)[:-GAP, :-GAP]


def stack_bands(bands: Sequence[Image]) -> Image:
    """Bands uint8 (H, W, 3) of any width, one below the other on black, BAND_GAP apart."""
    width = max(band.shape[1] for band in bands)
    padded = [np.pad(band, ((0, BAND_GAP), (0, width - band.shape[1]), (0, 0))) for band in bands]
    return np.concatenate(padded, axis=0)


def write_png(path: Path, image: Image) -> None:
    """Write a picture uint8 (H, W, 3) BGR, as a whole or not at all, folders made. Raises DataError."""
    try:
        write_whole(path, encode_png(image), private=False)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written ({reason(error)}); free some space or choose another folder"
        ) from error


def encode_png(image: Image) -> bytes:
    """A picture uint8 (H, W, 3) BGR as the content of a PNG file. Raises DataError."""
    done, data = cv2.imencode(".png", image)
    if not done:
        raise DataError("a picture could not be encoded as PNG")
    return data.tobytes()


def _cell(image: Image, side: int) -> Image:
    return np.pad(pixels.fit(image, side, side), ((0, GAP), (0, GAP), (0, 0)))
