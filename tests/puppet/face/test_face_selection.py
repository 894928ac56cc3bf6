"""Whom the tracker follows, with planted faces: photos that never move, and people whose faces change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from planted_face import rest_face, tracked

from puppet.core.types import Face, Floats, Frame, Image
from puppet.face.face_selection import DETECT_EVERY, SelectingTracker, tiles
from puppet.face.protocols import FaceBox, box_of

WIDTH, HEIGHT, FPS = 640, 360, 15.0
REST = rest_face()
EXTENT = box_of(tracked(REST, scale=1.0, middle=(0.0, 0.0)).points).size  # of a face, in eye distances


@dataclass(frozen=True)
class Someone:
    """A face in the picture; what `lives` changes from frame to frame."""

    x: float
    y: float
    size: float
    lives: bool = True

    @property
    def face(self) -> Face:
        return tracked(REST, scale=self.size / EXTENT, middle=(self.x, self.y))

    @property
    def box(self) -> FaceBox:
        return box_of(self.face.points)


def skin(seed: int) -> Floats:
    rough = np.random.default_rng(seed).uniform(-1, 1, (8, 8)).astype(np.float32)
    return np.asarray(cv2.resize(rough, (96, 96), interpolation=cv2.INTER_CUBIC), np.float32)


SKIN, EXPRESSION = skin(1), skin(2)


def picture(people: Sequence[Someone], index: int) -> Image:
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for one in people:
        shown = SKIN + (0.8 * np.sin(index * 0.9) * EXPRESSION if one.lives else 0)
        box, side = one.box, int(1.4 * one.size)
        face = np.clip(128 + 60 * cv2.resize(shown, (side, side)), 0, 255).astype(np.uint8)
        left, top = int(box.x - side / 2), int(box.y - side / 2)
        image[top : top + side, left : left + side] = face[..., None]
    return image


class Scene:
    """Who is there in each frame. A mesh that stays with its face and takes the first other one it finds when that is
    gone, and a finder that sees all."""

    def __init__(self, who: Callable[[float], Sequence[Someone]], ghosts: Sequence[FaceBox] = ()) -> None:
        self.who, self.ghosts = who, ghosts
        self.at = 0.0
        self.followed: FaceBox | None = None
        self.pointed: list[float] = []
        self.restarts = 0
        self.faces_seen = 1

    def track(self, frame: Frame) -> Face | None:
        there = self.who(frame.captured_at)
        near = [one for one in there if self.followed is not None and self.followed.distance(one.box) < 0.5]
        found = (near or list(there) or [None])[0]
        self.followed = None if found is None else found.box
        return None if found is None else found.face

    def follow(self, frame: Frame, box: FaceBox, others: Sequence[FaceBox]) -> Face | None:
        self.pointed.append(frame.captured_at)
        near = [one for one in self.who(frame.captured_at) if box.distance(one.box) < 0.5]
        self.followed = near[0].box if near else None
        return near[0].face if near else None

    def reset(self) -> None:
        self.restarts += 1
        self.followed = None

    def detect(self, image: Image) -> list[FaceBox]:
        return [one.box for one in self.who(self.at)] + list(self.ghosts)

    def close(self) -> None:
        pass

    def play(self, seconds: float) -> list[FaceBox | None]:
        """Whom the tracker follows in each frame."""
        tracker, followed = SelectingTracker(self, lambda: self), []
        for index in range(int(seconds * FPS)):
            self.at = index / FPS
            face = tracker.track(Frame(picture(self.who(self.at), index), index, self.at))
            followed.append(None if face is None else box_of(face.points))
        return followed


DRIVER, PHOTO = Someone(460, 170, 120), Someone(120, 170, 90, lives=False)


def share(followed: Sequence[FaceBox | None], who: Someone, begin: float, end: float = 99.0) -> float:
    """Of the frames from `begin` to `end` s, in which that one is followed."""
    part = followed[int(begin * FPS) : int(end * FPS)]
    return float(np.mean([box is not None and box.distance(who.box) < 0.3 for box in part]))


def test_a_photo_that_was_found_while_the_driver_was_away_is_left_when_they_return() -> None:
    followed = Scene(lambda at: [PHOTO] if 3 <= at < 5 else [DRIVER, PHOTO]).play(8)
    assert share(followed, DRIVER, 0, 3) == 1
    assert share(followed, PHOTO, 3.2, 5) == 0  # it never moved: the actor rests rather than wears it
    assert share(followed, DRIVER, 5.4) == 1


@pytest.mark.parametrize("size", [60, 180])
def test_what_moves_is_taken_before_a_photo_that_was_there_first(size: float) -> None:
    photo = Someone(150, 170, size, lives=False)
    followed = Scene(lambda at: [photo] if at < 3 else [photo, DRIVER]).play(10)
    assert share(followed, photo, 0, 3) == 1  # somebody may sit still
    assert share(followed, DRIVER, 7) == 1


def test_parts_cover_the_picture_and_overlap() -> None:
    assert tiles(720, 960) == [(0, 0, 960, 720)]
    for height, width in ((1080, 1920), (2160, 3840), (1920, 1080), (720, 1280)):
        seen = np.zeros((height, width), int)
        for left, top, right, bottom in tiles(height, width):
            assert max(right - left, bottom - top) <= 960
            seen[top:bottom, left:right] += 1
        assert seen.min() == 1
        assert seen.max() > 1


def test_a_noisy_picture_does_not_bring_a_photo_to_life() -> None:
    """Now and then noise makes it move; the driver comes back all the same."""
    flickering = replace(PHOTO, lives=False)

    def who(at: float) -> list[Someone]:
        photo = replace(flickering, lives=abs(at % 2.8 - 1.4) < 0.04)
        return [photo] if 4 <= at < 6 else [DRIVER, photo]

    assert share(Scene(who).play(9), DRIVER, 6.6) == 1


def test_of_two_that_begin_the_one_that_moves_is_followed_however_large_the_photo() -> None:
    photo = Someone(150, 170, 200, lives=False)
    for first in ([photo, DRIVER], [DRIVER, photo]):
        assert share(Scene(lambda _, first=first: first).play(6), DRIVER, 4) == 1


def test_somebody_who_sits_still_keeps_being_followed() -> None:
    alone = Someone(320, 170, 120, lives=False)
    assert share(Scene(lambda at: [] if 3 < at < 4 else [alone]).play(7), alone, 4.5) == 1


def test_between_two_people_the_one_that_is_followed_stays() -> None:
    other = Someone(160, 170, 150)
    followed = Scene(lambda at: [DRIVER] if at < 12 else [other, DRIVER]).play(16)
    assert share(followed, DRIVER, 0) == 1


def test_who_was_followed_before_is_taken_again_from_a_bystander() -> None:
    bystander = Someone(120, 170, 80)
    followed = Scene(lambda at: [bystander] if 3 <= at < 5 else [DRIVER, bystander]).play(8)
    assert share(followed, bystander, 3.2, 5) > 0.9
    assert share(followed, DRIVER, 6.5) == 1


def test_what_is_no_face_after_all_is_not_tried_again_at_once() -> None:
    scene = Scene(lambda at: [DRIVER] if at < 1 else [], ghosts=[FaceBox(100, 100, 80)])
    assert share(scene.play(5), DRIVER, 0, 1) == 1
    assert 1 <= len(scene.pointed) <= 1 + 4 / DETECT_EVERY


def test_the_tracker_begins_anew_where_the_picture_changes() -> None:
    elsewhere = Someone(200, 150, 200)
    scene = Scene(lambda at: [DRIVER] if at < 2 else [elsewhere])
    followed = scene.play(4)
    assert scene.restarts
    assert share(followed, elsewhere, 2) == 1
