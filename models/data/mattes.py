"""Pictures and mattes of the kept frames, cut, steadied, measured and written one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from models.data.alpha_films import check_shows_face, cut_alpha
from models.data.outline import Figures, Judge, Outline
from models.data.selection import Selection
from models.data.steadying import Cutout, steadied
from models.data.tracking_pass import MattesMaker
from puppet.core import pixels
from puppet.core.types import Image
from puppet.face import align

OPAQUE = 255  # of a matte


@dataclass(frozen=True)
class Shot:
    """A kept frame uint8 (H, W, 3) BGR, its alpha film's picture if there is a film, and its file's name."""

    image: Image
    film: Image | None
    name: str


def cutouts(chosen: Selection, shots: Iterator[Shot], every: int, matting: MattesMaker | None) -> Iterator[Cutout]:
    """Every frame's picture and matte, steadied where `matting` makes it of a video; without it they are the films'.

    shots: in the order of `chosen.rows`; every: as in `Footage`.
    """
    for number, still in enumerate(chosen.track.still):
        mine = np.flatnonzero(chosen.track.source[chosen.rows] == number)
        cut = (_cutout(chosen, row, next(shots), every, matting) for row in mine)
        yield from cut if still or matting is None else steadied(cut)


def _cutout(chosen: Selection, row: int, shot: Shot, every: int, matting: MattesMaker | None) -> Cutout:
    track, record, to_crop = chosen.track, chosen.rows[row], chosen.to_crop[row]
    picture = align.cut(shot.image, to_crop, chosen.size).image
    if shot.film is not None:
        matte = cut_alpha(shot.film, shot.image.shape, to_crop, chosen.size)
    elif matting is not None:
        matte = matting.matte(shot.image, to_crop, picture)
    else:
        raise ValueError("a frame has neither a film nor someone to make its matte")
    source = int(track.source[record])
    scene = row if track.still[source] else int(track.scene[record])  # pictures have no neighbours in time
    return Cutout(picture, matte, (source, scene), int(track.frame[record]) // every, shot.name)


class Writer:
    """Writes cutouts into the fields `data` and `matte` of a data set, and measures them."""

    def __init__(self, file: h5py.File, chosen: Selection) -> None:
        self._pictures: Any = file["data"]
        self._mattes: Any = file["matte"]
        self._chosen, self._judge, self._row = chosen, Judge(), 0

    def write(self, cutout: Cutout) -> None:
        """Write the next row."""
        row, chosen = self._row, self._chosen
        self._pictures[row] = pixels.swap_red_blue(cutout.picture)
        self._mattes[row] = np.round(cutout.matte * OPAQUE).astype(np.uint8)
        self._judge.add(cutout, align.transform_points(chosen.track.points[chosen.rows[row]], chosen.to_crop[row]))
        self._row += 1

    def finish(self, names: list[str], films: bool) -> tuple[Figures, list[Outline]]:
        """The figures of all rows, and what the report says of each source that has some.

        Pictures of sources in which no outline was found become opaque. names: of the sources; films: whether mattes
        are those of alpha films. Raises DataError for a film that does not show the face.
        """
        figures, outlines = self._judge.figures(), []
        source = self._chosen.track.source[self._chosen.rows]
        for number, name in enumerate(names):
            rows = np.flatnonzero(source == number)
            if not len(rows):
                continue
            if films:
                check_shows_face(name, figures.covered[rows])
            outline = figures.outline(name, rows, "film" if films else "network")
            if outline.origin == "none":
                for row in rows:
                    self._mattes[row] = OPAQUE
            outlines.append(outline)
        return figures, outlines
