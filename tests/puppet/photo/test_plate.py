"""What is behind a person, filled in."""

from __future__ import annotations

import numpy as np
from one_picture import demo_frame

from puppet.core import pixels
from puppet.face import align
from puppet.photo.faces import face_in
from puppet.photo.geometry import geometry_of
from puppet.photo.make import _vertices
from puppet.photo.plate import head_alone, plate_of
from puppet.photo.seen import Seen
from puppet.photo.shared import shared

SIDE = 256


def seen(picture: np.ndarray, matte: np.ndarray, within: np.ndarray | None = None) -> Seen:
    everything = np.ones(matte.shape, bool) if within is None else within
    return Seen(
        picture, matte.astype(np.float32), everything, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
    )


def test_a_ramp_goes_on_behind_the_person_without_edges() -> None:
    y, x = np.indices((SIDE, SIDE))
    ramp = np.dstack([40 + x / 2, 60 + y / 2, 0 * x + 90]).astype(np.uint8)
    person = np.hypot(x - 128, y - 150) < 60
    shown = np.where(person[..., None], np.uint8(255), ramp)
    plate = plate_of(seen(shown, person)).astype(int)
    assert np.abs(plate - ramp)[~person].max() <= 4
    assert np.abs(plate - ramp).max() < 24
    assert np.abs(np.diff(plate, axis=0)).max() <= 6
    assert np.abs(np.diff(plate, axis=1)).max() <= 6


def test_what_is_filled_in_has_the_grain_of_what_is_around() -> None:
    random = np.random.default_rng(0)
    grainy = (128 + random.normal(0, 6, (SIDE, SIDE, 1)).repeat(3, 2)).astype(np.uint8)
    person = np.zeros((SIDE, SIDE), bool)
    person[60:200, 60:200] = True
    plate = plate_of(seen(grainy, person)).astype(float)
    assert 2 < plate[80:180, 80:180].std() < 9


def test_nothing_but_person_is_dark() -> None:
    assert (plate_of(seen(np.full((32, 32, 3), 200, np.uint8), np.ones((32, 32)))) < 64).all()


def test_of_a_whole_picture_the_head_alone_moves_and_the_rest_stays_as_it_was() -> None:
    face, picture = face_in(demo_frame()), demo_frame()
    side = min(picture.shape[:2])
    picture = np.ascontiguousarray(picture[:side, :side])
    neutral, pose = face.canonical, face.pose
    geometry = geometry_of(neutral, pose, side, shared())
    vertices = _vertices(geometry, neutral, pose, face.points)
    within = np.ones((side, side), bool)
    within[:, -20:] = False
    everything = Seen(picture, np.ones((side, side), np.float32), within, vertices, face.points)
    alone, plate = head_alone(everything, geometry.follow, shared())
    nose = face.points[4, :2].astype(int)
    assert alone.matte[nose[1], nose[0]] == 1
    assert not alone.matte[:, -20:].any()
    low = align.place(np.array([[0, 2.2, 0.5]], np.float32), pose)[0].round().astype(int)
    if low[1] < side:
        assert alone.matte[low[1], low[0]] == 0
    still = (alone.matte == 0) & within
    assert still.mean() > 0.05
    np.testing.assert_array_equal(plate[still], picture[still])
    assert plate[:, -20:].mean() < 0.7 * pixels.resize(picture, 64, 64).mean()
