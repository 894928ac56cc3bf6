"""People are told apart: the driver of the bundled clip, and the built-in actors as somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

import puppet
from puppet.actor.catalogue import find_actor
from puppet.actor.runtime import load_actor
from puppet.core.types import Face, Floats, Frame, Image
from puppet.face import align
from puppet.face.identity import (
    MeanDescriptor,
    group_by_identity,
    identity_descriptor,
    identity_distance,
    landmark_colours,
    mean_descriptor,
)
from puppet.face.measurements import measure
from puppet.face.neutral import infer_neutral, infer_with_confidence
from puppet.face.neutral_from_picture import average_rest, rest_from_picture, shows_one_picture
from puppet.face.retarget import Retargeter
from puppet.face.tracking import FaceMeshTracker

DEMO = Path(puppet.__file__).parent / "assets" / "demo.mp4"
LIGHTS = {"warm": (0.7, 0.95, 1.15), "cool": (1.2, 1.0, 0.8), "dim": (0.6, 0.6, 0.6)}


def frames() -> Iterator[tuple[int, Image]]:
    capture = cv2.VideoCapture(str(DEMO))
    for index in range(579):
        if not capture.grab():
            break
        if index % 12 == 0 or index in range(96, 104):
            yield index, np.asarray(capture.retrieve()[1], np.uint8)
    capture.release()


@pytest.fixture(scope="module")
def demo() -> dict[int, tuple[Face, Image]]:
    with closing(FaceMeshTracker(still=True)) as tracker:
        found = ((index, tracker.track(Frame(image, index, index / 30)), image) for index, image in frames())
        return {index: (face, image) for index, face, image in found if face is not None}


@pytest.fixture(scope="module")
def others() -> list[Floats]:
    """Neutrals of two people who are not the driver."""
    return [load_actor(find_actor(name), "cpu").neutral for name in ("ada", "marble")]


def looks(demo: dict[int, tuple[Face, Image]], light: tuple[float, ...] = (1, 1, 1)) -> list[Floats]:
    lit = {i: (face, np.clip(image * np.array(light), 0, 255).astype(np.uint8)) for i, (face, image) in demo.items()}
    found = [identity_descriptor(face, landmark_colours(image, face)) for face, image in lit.values()]
    return [one for one in found if one is not None]


def of(found: list[Floats], seconds: float = 12.0) -> MeanDescriptor:
    result = mean_descriptor(found, seconds)
    assert result is not None
    return result


def test_one_person_is_one_in_every_half_and_in_every_light(demo: dict[int, tuple[Face, Image]]) -> None:
    seen = looks(demo)
    assert identity_distance(of(seen[: len(seen) // 2]), of(seen[len(seen) // 2 :])) < 0.6
    for light in LIGHTS.values():
        assert identity_distance(of(seen), of(looks(dict(list(demo.items())[::4]), light))) < 1


def test_other_people_are_others(demo: dict[int, tuple[Face, Image]], others: list[Floats]) -> None:
    face, image = demo[0]
    at_landmarks = landmark_colours(image, face)
    strangers = []
    for neutral in others:
        stranger = identity_descriptor(Face(neutral, face.pose, neutral), at_landmarks)
        assert stranger is not None
        strangers.append(of([stranger]))
    me = of(looks(demo))
    assert all(identity_distance(me, one) > 1.2 for one in strangers)
    half = of(looks(demo)[::2])
    assert group_by_identity([me, strangers[0], half, None, strangers[1]])[:4] == [0, 1, 0, -1]


def test_a_short_look_decides_nothing(demo: dict[int, tuple[Face, Image]], others: list[Floats]) -> None:
    face, image = demo[0]
    stranger = identity_descriptor(Face(others[0], face.pose, others[0]), landmark_colours(image, face))
    assert stranger is not None
    assert identity_distance(of(looks(demo)), of([stranger], 0.1)) < 1


def test_who_was_seen_together_is_not_one() -> None:
    same = MeanDescriptor(np.zeros(1400, np.float32), 60.0)
    assert group_by_identity([same, same, same]) == [0, 0, 0]
    assert len(set(group_by_identity([same, same], strangers=[(0, 1)]))) == 2


def test_a_head_that_is_turned_far_away_tells_nothing(demo: dict[int, tuple[Face, Image]]) -> None:
    face, image = demo[0]
    turned = align.HeadPose(align.rotation_of(np.array([60.0, 0, 0])), face.pose.scale, face.pose.translation)
    assert identity_descriptor(Face(face.points, turned, face.canonical), landmark_colours(image, face)) is None


# --- one picture ---


def mouth_of(actor: Floats, face: Face, neutral) -> dict[str, float]:
    shown, rest = measure(Retargeter(actor).drive(face, neutral)[0]), measure(actor)
    return {name: float(shown[name] - rest[name]) for name in ("mouth_open", "mouth_width", "lids_right")}


def test_an_open_mouth_in_a_single_picture_opens_the_actors_as_far_as_in_the_film(
    demo: dict[int, tuple[Face, Image]], others: list[Floats]
) -> None:
    face = demo[102][0]
    film = infer_neutral([one for one, _ in demo.values()])
    for actor in others:
        wanted = mouth_of(actor, face, film)["mouth_open"]
        assert wanted > 0.1
        assert mouth_of(actor, face, infer_with_confidence([face])[0])["mouth_open"] < 0.7 * wanted
        assert 0.8 * wanted < mouth_of(actor, face, infer_neutral([face]))["mouth_open"] < 1.2 * wanted


def test_a_neutral_picture_leaves_the_actor_at_rest(demo: dict[int, tuple[Face, Image]], others: list[Floats]) -> None:
    face = demo[0][0]
    for actor in others:
        assert max(map(abs, mouth_of(actor, face, infer_neutral([face])).values())) < 0.01


def test_shut_eyes_in_a_single_picture_are_no_rest(others: list[Floats]) -> None:
    neutral = others[0]
    lids = {
        upper: lower
        for upper, lower in zip((159, 158, 160, 386, 385, 387), (145, 153, 144, 374, 380, 373), strict=True)
    }
    blink = neutral.copy()
    for upper, lower in lids.items():
        blink[upper] = neutral[lower]
    found, usual = measure(rest_from_picture(blink)), measure(average_rest(blink))
    assert found["lids_right"] > 0.8 * usual["lids_right"] > 0.03


def test_a_picture_that_was_made_into_a_film_is_one_picture(demo: dict[int, tuple[Face, Image]]) -> None:
    face = demo[102][0]
    rng = np.random.default_rng(0)
    trembling = [
        align.face_of(face.points + rng.normal(0, 0.05, face.points.shape).astype(np.float32)) for _ in range(40)
    ]
    assert shows_one_picture([face])
    assert shows_one_picture(trembling)
    assert not shows_one_picture([one for one, _ in demo.values()])
