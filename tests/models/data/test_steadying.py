"""Steadied mattes: still outlines flicker less, moving ones stay where they are, shots are kept apart."""

from __future__ import annotations

import numpy as np

from models.data.steadying import REACH, Cutout, steadied
from puppet.core.types import Floats, Image

SIDE = 48


def edge(x: float) -> Floats:
    """A matte whose right part, from x on, is the person's."""
    return np.tile(np.clip(np.arange(SIDE) - x + 0.5, 0, 1), (SIDE, 1)).astype(np.float32)


def picture_of(matte: Floats, seed: int = 0) -> Image:
    noise = np.random.default_rng(seed).normal(0, 1.5, (SIDE, SIDE, 3))
    return np.clip(np.round(40 + 160 * matte[..., None] + noise), 0, 255).astype(np.uint8)


def clip(places: list[float], errors: list[float], shots: list[int] | None = None) -> list[Cutout]:
    """Edges at known places, with mattes that are off by the errors."""
    scenes = shots or [0] * len(places)
    return [
        Cutout(picture_of(edge(x), i), edge(x + error), (0, scene), i, f"{i}")
        for i, (x, error, scene) in enumerate(zip(places, errors, scenes, strict=True))
    ]


def off(cutouts: list[Cutout], places: list[float]) -> Floats:
    return np.array([np.abs(c.matte - edge(x)).sum() / SIDE for c, x in zip(cutouts, places, strict=True)], np.float32)


def changes(cutouts: list[Cutout]) -> Floats:
    """By which sum the mattes of neighbours differ."""
    return np.abs(np.diff([cutout.matte for cutout in cutouts], axis=0)).sum((1, 2))


def test_every_frame_comes_once_and_in_order() -> None:
    for count in (0, 1, 2, 3, 9):
        given = list(steadied(clip([20.0] * count, [0.0] * count)))
        assert [cutout.name for cutout in given] == [f"{i}" for i in range(count)]


def test_it_waits_for_no_more_than_it_needs() -> None:
    taken: list[int] = []

    def source():
        for cutout in clip([20.0] * 9, [0.0] * 9):
            taken.append(cutout.number)
            yield cutout

    first = next(steadied(source()))
    assert (first.number, taken) == (0, list(range(REACH + 1)))


def test_a_still_outline_that_jitters_is_steadied() -> None:
    places = [24.0] * 20
    raw = clip(places, [0.8 * (-1) ** i for i in range(20)])
    given = list(steadied(raw))
    assert changes(given)[2:-2].max() < 0.35 * changes(raw).min()
    assert off(given, places).max() < 0.6 * off(raw, places).min()


def test_a_moving_outline_neither_lags_nor_smears() -> None:
    places = [5.0 + 3 * i for i in range(12)]
    raw = clip(places, [0.0] * 12)
    assert off(list(steadied(raw)), places).max() < 0.02


def test_cuts_are_respected_even_between_pictures_that_look_alike() -> None:
    raw = clip([24.0] * 6, [0.0] * 3 + [4.0] * 3, [0, 0, 0, 1, 1, 1])
    for before, after in zip(raw, steadied(raw), strict=True):
        np.testing.assert_allclose(after.matte, before.matte, atol=1e-6)


def test_frames_that_are_far_apart_are_no_neighbours() -> None:
    first, second = clip([24.0] * 2, [0.0, 4.0])
    late = Cutout(second.picture, second.matte, second.shot, REACH + 1)
    for given, raw in zip(steadied([first, late]), (first, late), strict=True):
        np.testing.assert_array_equal(given.matte, raw.matte)
