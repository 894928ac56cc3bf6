"""Every picture that no actor can be made of is refused in one sentence that says what would help."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from one_picture import demo_frame
from planted_face import expression, rest_face

from puppet.core.types import Face, Floats, HeadPose, Image
from puppet.face import align
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT
from puppet.photo.faces import PhotoError, face_in, require_usable

SIDE = 400
MIDDLE = (200.0, 180.0)


def posed(canonical: Floats, scale: float = 100.0, yaw: float = 0.0, middle: tuple[float, float] = MIDDLE) -> Face:
    pose = HeadPose(align.rotation_of(np.array((yaw, 0.0, 0.0))), scale, np.array((*middle, 0.0)))
    return Face(align.place(canonical, pose), pose, canonical)


def noise(low: int, high: int) -> Image:
    return np.random.default_rng(0).integers(low, high, (SIDE, SIDE, 3), np.uint8)


def shut() -> Floats:
    face = rest_face().copy()
    for eye in (EYE_RIGHT, EYE_LEFT):
        face[list(eye), 1] = face[list(eye), 1].mean()
    return face


def long_face() -> Floats:
    return rest_face() * np.array((1, 1.35, 1), np.float32)


LIT = noise(60, 200)
REFUSED = {
    "small": (LIT, posed(rest_face(), scale=39), r"too small \(39 px .*, 40 are needed\); use a larger picture"),
    "turned": (LIT, posed(rest_face(), yaw=-47), "turned 47 degrees to the side; use a picture from the front"),
    "no human": (
        LIT,
        posed(rest_face() * np.array((1, 1.35, 1), np.float32)),
        "unlike a human face; use a picture of a person",
    ),
    "cut off": (LIT, posed(rest_face(), middle=(30.0, 180.0)), "cut off by the picture's edge; use a picture that"),
    "dark": (noise(0, 20), posed(rest_face()), "too dark; use a picture in better light"),
    "pale": (noise(240, 250), posed(rest_face()), "hardly any contrast; use a picture in softer light"),
    "shut": (LIT, posed(shut()), "eyes are shut; use a picture in which they are open"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_face_that_is_no_good_is_refused_in_one_sentence(name: str) -> None:
    picture, face, words = REFUSED[name]
    with pytest.raises(PhotoError, match=words) as refusal:
        require_usable(picture, face)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("yaw", [0.0, 35.0, -35.0])
def test_a_face_up_to_a_three_quarter_view_is_taken(yaw: float) -> None:
    require_usable(LIT, posed(rest_face(), yaw=yaw))
    require_usable(LIT, posed(expression(rest_face(), open=0.2), yaw=yaw))


def test_no_face_is_refused() -> None:
    with pytest.raises(PhotoError, match=r"no face is seen .* at least 100 px wide"):
        face_in(noise(0, 255))


def test_several_faces_are_told_from_left_to_right_and_one_is_chosen() -> None:
    one = demo_frame()
    small = cv2.resize(one, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    both = np.full((len(one), one.shape[1] + small.shape[1], 3), 90, np.uint8)
    both[:, : one.shape[1]], both[: len(small), one.shape[1] :] = one, small
    with pytest.raises(PhotoError, match=r"2 faces .* left to right 1 \(\d+ px at \d+, \d+\), 2 .*choose .*--face N"):
        face_in(both)
    left, right = face_in(both, 1), face_in(both, 2)
    assert left.points[:, 0].max() < one.shape[1] < right.points[:, 0].min()
    assert right.pose.scale == pytest.approx(0.75 * left.pose.scale, rel=0.06)
    with pytest.raises(PhotoError, match="there is no face 3: 2 faces"):
        face_in(both, 3)


def test_a_passer_by_is_no_second_face() -> None:
    picture = demo_frame().copy()
    tiny = cv2.resize(picture, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA)
    picture[: len(tiny), : tiny.shape[1]] = tiny
    assert face_in(picture).pose.scale == pytest.approx(face_in(demo_frame()).pose.scale, rel=0.02)
