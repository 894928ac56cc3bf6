"""Shots of planted faces: where a cut is, and where another face begins."""

from __future__ import annotations

import numpy as np

from puppet.core.types import Floats
from puppet.face.identity import CONTRASTS, SHAPE_LANDMARKS
from puppet.face.neutral import SAMPLE_INTERVAL
from puppet.face.shots import FaceSighting, split_into_shots


def sightings(people: list[tuple[float, float, float]]) -> list[FaceSighting]:
    """(who, seconds, where) one after the other, ten frames a second, with a look at each."""
    seen: list[FaceSighting] = []
    rng = np.random.default_rng(0)
    for who, seconds, x in people:
        for _ in range(round(seconds * 10)):
            shape = who + rng.normal(0, 0.05, 3 * len(SHAPE_LANDMARKS))
            look: Floats = np.concatenate([shape, np.zeros(3 * len(CONTRASTS) + 2)]).astype(np.float32)
            seen.append(FaceSighting(len(seen), len(seen) / 10, (x, 100.0, 80.0), look))
    return seen


def test_shots_end_at_cuts_and_where_another_face_begins() -> None:
    seen = sightings([(0.0, 6, 100), (0.7, 6, 100), (0.7, 6, 300)])
    found = split_into_shots(180, [150], seen, SAMPLE_INTERVAL)
    assert [abs(shot.start - wanted) <= 3 for shot, wanted in zip(found, (0, 60, 150), strict=True)] == [True] * 3


def test_the_same_face_in_another_place_is_no_other_one() -> None:
    assert split_into_shots(180, [], sightings([(0.0, 6, 100), (0.0, 6, 400), (0.1, 6, 100)]), SAMPLE_INTERVAL) == [
        range(180)
    ]
