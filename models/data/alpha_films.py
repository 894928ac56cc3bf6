"""Alpha films: footage that shows the person white on black, one film for each file of the footage, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.tracking_pass import Footage, Tools, check_footage, frames_of, is_still, pictures_folder
from puppet.core.errors import DataError
from puppet.core.texts import one_line
from puppet.core.types import Floats, Image
from puppet.face import align

SAME_SHAPE = 0.01  # by which the ratio of width and height may differ
FACE_SHOWN = 0.5  # share of the face that must be white in the median frame


def check_alphas(films: Sequence[Path], footage: Footage, tools: Tools) -> Footage:
    """The films as footage, with the footage's options, after a look at each.

    Raises DataError for films that do not belong to the footage, SourceError for those that cannot be read.
    """
    if len(films) != len(footage.paths):
        raise DataError(f"--alpha: {len(films)} for {len(footage.paths)} of footage; name one for each, in their order")
    check_footage([*footage.paths, *films])
    alphas = Footage(tuple(map(pictures_folder, films)), footage.every, footage.max_frames)
    for number, (film, path) in enumerate(zip(alphas.paths, footage.paths, strict=True)):
        if is_still(film) != is_still(path):
            raise _of_another(film, path, "one is a video, the other is pictures")
        (count, shape), (wanted, picture) = _look(alphas, number, tools), _look(footage, number, tools)
        if is_still(path) or count != wanted:  # pictures that cannot be read are left out, and a video may estimate
            count, wanted = _count(film, tools), _count(path, tools)
        if count != wanted:
            raise _of_another(film, path, f"it has {count} frames, not {wanted}")
        if abs(shape[1] * picture[0] / (shape[0] * picture[1]) - 1) > SAME_SHAPE:
            told = f"{shape[1]} x {shape[0]} px are not in the ratio of {picture[1]} x {picture[0]} px"
            raise _of_another(film, path, told)
    return alphas


def _of_another(film: Path, path: Path, why: str) -> DataError:
    return DataError(f"{film}: is no alpha film of {one_line(path.name)} ({why}); give one made from the same frames")


def _look(footage: Footage, number: int, tools: Tools) -> tuple[int | None, tuple[int, int]]:
    """How many frames a source says that it has, and height and width of the first."""
    source = tools.open_source(str(footage.paths[number].resolve()))
    source.open()
    with closing(source):
        first = source.read()
        if first is None:
            raise DataError(f"{footage.paths[number]}: holds no frame")
        height, width = first.image.shape[:2]
        return source.frame_count, (height, width)


def _count(path: Path, tools: Tools) -> int:
    """How many frames can be read."""
    return sum(1 for _ in frames_of(Footage((path,)), 0, tools))


def cut_alpha(film: Image, shape: tuple[int, ...], to_crop: NDArray[np.float64], size: int) -> Floats:
    """The matte f32 (S, S), 0 to 1, from a film's picture uint8 (H, W, 3).

    shape: height and width, px, of the frame that `to_crop` cuts; the film's picture may have another size.
    """
    height, width = film.shape[:2]
    larger = np.array([shape[1] / width, shape[0] / height])
    linear = to_crop[:, :2] * larger
    shift = to_crop[:, 2] + to_crop[:, :2] @ (larger / 2 - 0.5)  # pixels' centres stay where they are
    grey = np.asarray(cv2.cvtColor(film, cv2.COLOR_BGR2GRAY), np.uint8)
    cut = align.cut(grey, np.column_stack([linear, shift]), size, cv2.INTER_LINEAR)  # without overshoot
    return cut.image.astype(np.float32) / 255


def check_shows_face(name: str, covered: Floats) -> None:
    """DataError where an alpha film does not show the face; covered: share of it that is white, by frame (N,)."""
    if len(covered) and float(np.median(covered)) < FACE_SHOWN:
        raise DataError(
            f"{name}: its alpha film shows {np.median(covered):.0%} of the face; give one in which the person is "
            "white on black"
        )
