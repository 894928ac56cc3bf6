"""What the report says of mattes, against planted ones."""

from __future__ import annotations

import numpy as np
import pytest

from models.data.outline import Figures, Judge, Outline, along_outline
from models.data.steadying import Cutout
from puppet.core.types import LANDMARKS, Floats

SIDE = 128
FACE = np.random.default_rng(0).uniform(40, 80, (LANDMARKS, 3)).astype(np.float32)
ALL = np.arange(4)


def matte_of(person: slice = slice(20, 100), soft: int = 0) -> Floats:
    """A person between two columns; so many columns inside the left one are undecided."""
    matte = np.zeros((SIDE, SIDE), np.float32)
    matte[:, person] = 1
    matte[:, person.start : person.start + soft] = 0.6
    return matte


def figures_of(*mattes: Floats, scenes: tuple[int, ...] = (0, 0, 0, 0)) -> Figures:
    judge = Judge()
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    for i, matte in enumerate(mattes):
        judge.add(Cutout(picture, matte, (0, scenes[i]), i), FACE)
    return judge.figures()


def test_the_figures_are_shares() -> None:
    figures = figures_of(matte_of(soft=4))
    assert figures.covered == pytest.approx(1)
    assert figures.free == pytest.approx(48 / SIDE)
    assert figures.undecided == pytest.approx(4 / SIDE)
    assert figures.along == pytest.approx(2 / 8)
    assert along_outline(matte_of())[0].sum() == 8  # two px on both sides of both edges
    assert np.isnan(figures.flicker).all()


def test_flicker_is_the_change_along_the_outline_where_the_picture_stands_still() -> None:
    figures = figures_of(matte_of(), matte_of(), matte_of(soft=1), matte_of(slice(50, 60)), scenes=(0, 0, 0, 1))
    assert np.isnan(figures.flicker[[0, 3]]).all()  # a cut lies before the last
    assert figures.flicker[1] == 0
    assert figures.flicker[2] == pytest.approx(0.4 / 8)


def test_what_moves_in_the_picture_is_no_flicker() -> None:
    judge = Judge()
    for i, matte in enumerate((matte_of(), matte_of(slice(30, 110)))):
        judge.add(Cutout(np.round(matte * 200).astype(np.uint8)[..., None].repeat(3, 2), matte, (0, 0), i), FACE)
    assert not judge.figures().flicker[1] > 0.01


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (matte_of(slice(60, 128)), False),  # half of the face is background
        (matte_of(slice(0, SIDE)), False),  # no background
        (matte_of(slice(10, 127), soft=25), False),  # undecided
        (matte_of(), True),
    ],
)
def test_an_outline_is_found_where_it_holds_the_face_and_is_decided(bad: Floats, found: bool) -> None:
    assert figures_of(bad).found[0] == found
    outline = figures_of(bad, bad, bad, matte_of()).outline("a.mp4", ALL, "network")
    assert outline.origin == ("network" if found else "none")
    assert figures_of(bad).outline("a.mp4", ALL[:1], "film").origin == "film"


def test_four_frames_of_five_are_enough() -> None:
    bad = matte_of(slice(60, 128))
    figures = figures_of(*[matte_of()] * 4, bad, scenes=(0,) * 5)
    outline = figures.outline("a.mp4", np.arange(5), "network")
    assert (outline.origin, outline.found) == ("network", pytest.approx(0.8))


def test_the_words() -> None:
    assert Outline("a.mp4", "network", 0.97, 0.07, 0.004).words() == (
        "a.mp4: found in 97% of the frames; 7% of the pixels along it are undecided, and it flickers by 0.4%: clean"
    )
    assert Outline("a.mp4", "film", 1.0, 0.3, 0.0).words().startswith("a.mp4: from its alpha film; 30%")
    assert Outline("a.mp4", "film", 1.0, 0.3, 0.0).quality == "fair"
    assert Outline("a.mp4", "network", 1.0, 0.1, 0.05).quality == "rough"
    told = Outline("a.mp4", "none", 0.1).words()
    assert "no outline of a person was found (in 10% of the frames, needed in 80%)" in told
    assert "stay opaque" in told
