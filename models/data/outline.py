"""How good a person's mattes are: whether an outline was found at all, how sharp it is, and how much it flickers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.steadying import Cutout, neighbours, picture_change
from puppet.core.types import Floats

Origin = Literal["film", "network", "none"]

PERSON, BACKGROUND = 0.9, 0.1  # a matte above and below is decided
COVERED = 0.9  # share of the face that is a person's where a person was found
FREE = 0.02  # share of the picture that is background where there is an outline to see
UNDECIDED = 0.15  # share of the picture that may be neither
FOUND = 0.8  # share of the frames in which an outline must be found; otherwise all of them stay opaque
STILL = 3.0  # grey levels: where the picture changes less between two frames, the matte should stand still
BAND = 1 / 64  # of the picture's side, on both sides of the outline
CLEAN, FAIR = (0.25, 0.01), (0.4, 0.03)  # undecided share and flicker up to which an outline is so


@dataclass(frozen=True)
class Outline:
    """What the report says of one source's mattes.

    origin: where they come from, "none": the pictures are opaque. found: share of the frames in which an outline was
    found. undecided: share of the pixels along it that are neither person nor background; flicker: how much of the
    matte changes from frame to frame where the picture does not, 0 where nothing can be compared.
    """

    source: str
    origin: Origin
    found: float
    undecided: float = 0.0
    flicker: float = 0.0

    @property
    def quality(self) -> str:
        """The figures in one word."""
        for word, (undecided, flicker) in (("clean", CLEAN), ("fair", FAIR)):
            if self.undecided <= undecided and self.flicker <= flicker:
                return word
        return "rough"

    def words(self) -> str:
        """One line for the report."""
        if self.origin == "none":
            return (
                f"{self.source}: no outline of a person was found (in {self.found:.0%} of the frames, needed in "
                f"{FOUND:.0%}), so its pictures stay opaque; film before an even background, or give --alpha"
            )
        origin = "from its alpha film" if self.origin == "film" else f"found in {self.found:.0%} of the frames"
        told = (
            f"{self.source}: {origin}; {self.undecided:.0%} of the pixels along it are undecided, and it flickers by "
        )
        return f"{told}{self.flicker:.1%}: {self.quality}"


@dataclass(frozen=True)
class Figures:
    """What was measured of N frames, f32 (N,) each.

    covered: share of the face that is a person's; free, undecided: shares of the picture that are background, and
    neither; along: undecided share of what lies along the outline; flicker: since the frame before, NaN without one.
    """

    covered: Floats
    free: Floats
    undecided: Floats
    along: Floats
    flicker: Floats

    @property
    def found(self) -> NDArray[np.bool_]:
        """In which frames an outline was found."""
        return (self.covered >= COVERED) & (self.free >= FREE) & (self.undecided <= UNDECIDED)

    def outline(self, source: str, rows: NDArray[np.intp], origin: Origin) -> Outline:
        """What the report says of the frames `rows`, of one source. origin: where the mattes come from, if found."""
        found = float(self.found[rows].mean())
        if origin == "network" and found < FOUND:
            return Outline(source, "none", found)
        flicker = self.flicker[rows][~np.isnan(self.flicker[rows])]
        steady = float(flicker.mean()) if len(flicker) else 0.0
        return Outline(source, origin, found, float(self.along[rows].mean()), steady)


class Judge:
    """Measures mattes one after the other."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, ...]] = []
        self._last: Cutout | None = None

    def add(self, cutout: Cutout, face: Floats) -> None:
        """Measure the next frame's matte; face: its landmarks f32 (478, 3), px of the picture."""
        matte, side = cutout.matte, len(cutout.matte)
        hull = np.zeros(matte.shape, np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(np.round(face[:, :2]).astype(np.int32)), (1,))
        undecided = (matte > BACKGROUND) & (matte < PERSON)
        along = along_outline(matte)
        self._rows.append(
            (
                _share(matte >= PERSON, hull > 0),
                float((matte <= BACKGROUND).mean()),
                float(undecided.mean()),
                _share(undecided, along),
                self._flicker(cutout, along) if side > 1 else np.nan,
            )
        )
        self._last = cutout

    def figures(self) -> Figures:
        """Of all frames so far."""
        return Figures(*np.array(self._rows, np.float32).reshape(-1, 5).T)

    def _flicker(self, cutout: Cutout, along: NDArray[np.bool_]) -> float:
        last = self._last
        if last is None or not neighbours(last, cutout):
            return np.nan
        where = along & (picture_change(last, cutout) < STILL)
        return float(np.abs(cutout.matte - last.matte)[where].mean()) if where.any() else np.nan


def along_outline(matte: Floats) -> NDArray[np.bool_]:
    """The pixels of a matte f32 (S, S) that lie near its outline, (S, S)."""
    reach = max(1, round(len(matte) * BAND))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    person = (matte > 0.5).astype(np.uint8)
    return cv2.dilate(person, disc) != cv2.erode(person, disc)


def _share(true: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(true[among].mean()) if among.any() else 0.0
