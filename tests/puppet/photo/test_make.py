"""An actor from one frame of the built-in clip, which shows a synthetic person."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from one_picture import demo_frame

from puppet.actor.contents import read_contents
from puppet.actor.runtime import Actor, load_actor, make_actor
from puppet.core import pixels
from puppet.core.types import Drive, Image
from puppet.face import align
from puppet.face.retarget import Retargeter
from puppet.head.vertices import BEHIND_TRIANGLES
from puppet.photo.faces import PhotoError, face_in
from puppet.photo.framing import SIZE, Frame, framed
from puppet.photo.make import Declaration, Wishes, make_actor_file, statement
from puppet.photo.shared import shared

DECLARED = Declaration("one", "nobody: a synthetic person", "CC0")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "one.actor"
    make_actor_file(demo_frame(), path, DECLARED)
    return path


@pytest.fixture(scope="module")
def made(file: Path) -> Actor:
    return load_actor(file, "cpu")


def draw(actor: Actor, landmarks, pose=(0,) * 6) -> Image:
    return actor.decode(actor.encode(Drive(landmarks.astype(np.float32), np.array(pose, np.float32), 0.0), None)).image


def test_at_rest_it_is_the_picture_as_sharp_as_it_was(made: Actor) -> None:
    picture = demo_frame()
    part = framed(picture, face_in(picture).pose, Frame.PORTRAIT)
    crop = pixels.resize(align.cut(picture, part.to_crop, part.shown).image, SIZE, SIZE)
    rest = draw(made, made.neutral)
    head = part.matte[::2, ::2] > 0.9
    assert np.abs(rest.astype(int) - crop)[head].mean() < 8
    sharp = [cv2.Laplacian(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), cv2.CV_32F)[head].std() for p in (rest, crop)]
    assert sharp[0] > 0.75 * sharp[1]
    assert made.card.made_from == "picture"
    assert made.card.layers
    assert not made.card.keeps_background


def test_what_the_face_does_is_seen_where_it_does_it(made: Actor) -> None:
    rest = draw(made, made.neutral).astype(int)
    aside = made.neutral.copy()
    aside[468:, 0] += 0.06
    changed = np.abs(draw(made, aside) - rest).max(2) > 24
    rows, columns = np.nonzero(changed)
    assert len(rows) > 40
    eyes = made.neutral[[33, 263, 133, 362]]
    assert np.ptp(rows) < 60
    assert np.ptp(columns) < 1.2 * np.ptp(eyes[:, 0]) * 200


def test_every_expression_of_others_can_be_drawn(made: Actor) -> None:
    common = shared()
    offsets = (common.samples[::40] @ common.basis).reshape(-1, 468, 3)
    for offset in offsets:
        landmarks = made.neutral.copy()
        landmarks[:468] += offset
        picture = draw(made, landmarks, (20, 5, 0, 0, 0, 0))
        assert picture.std() > 10
    assert Retargeter(made.neutral, made.card.response)


def test_triangles_that_show_nothing_are_left_out_and_nothing_is_missing(file: Path, made: Actor) -> None:
    common, contents = shared(), read_contents(file)
    tail = common.openings + BEHIND_TRIANGLES
    assert contents.card.triangles is not None
    assert tail < len(contents.card.triangles) < 0.95 * len(common.triangles)
    np.testing.assert_array_equal(contents.card.triangles[-tail:], common.triangles[-tail:])
    card = dataclasses.replace(contents.card, triangles=common.triangles)
    whole = make_actor(dataclasses.replace(contents, card=card))
    for pose in ((0,) * 6, (20, -8, 5, 0, 0, 0)):
        pictures = [draw(actor, made.neutral, pose).astype(int) for actor in (made, whole)]
        assert np.abs(pictures[0] - pictures[1]).max() <= 8


def test_a_picture_without_a_face_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    with pytest.raises(PhotoError, match="no face"):
        make_actor_file(noise, tmp_path / "a.actor", DECLARED)
    assert not list(tmp_path.iterdir())


def test_a_face_that_is_too_small_is_refused(tmp_path: Path) -> None:
    small = pixels.resize(demo_frame(), 150, 150)
    with pytest.raises(PhotoError, match="too small"):
        make_actor_file(small, tmp_path / "a.actor", DECLARED)


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    there = tmp_path / "a.actor"
    there.write_bytes(b"mine")
    with pytest.raises(PhotoError, match="exists"):
        make_actor_file(demo_frame(), there, DECLARED)
    assert there.read_bytes() == b"mine"


def test_a_whole_picture_stays_as_it_is_but_for_the_head(tmp_path: Path) -> None:
    file, picture = tmp_path / "whole.actor", demo_frame()
    make_actor_file(picture, file, DECLARED, Wishes(frame=Frame.WHOLE))
    actor = load_actor(file, "cpu")
    assert actor.card.keeps_background
    assert actor.plate is None
    rest, turned = draw(actor, actor.neutral).astype(int), draw(actor, actor.neutral, (15, 5, 5, 0, 0, 0)).astype(int)
    part = framed(picture, face_in(picture).pose, Frame.WHOLE)
    size = actor.card.image_size
    shown = pixels.resize(align.cut(picture, part.to_crop, part.shown).image, size, size)
    within = part.within[::2, ::2]
    assert np.abs(rest - shown)[within].mean() < 5
    changed = np.abs(turned - rest).max(2) > 12
    assert 0.03 < changed.mean() < 0.7
    assert not changed[-10:].any()
    assert not changed[~within].any()
    behind = np.zeros((size, size, 3), np.uint8)
    latent = actor.encode(Drive(actor.neutral, np.zeros(6, np.float32), 0.0), None)
    np.testing.assert_array_equal(actor.decode(latent, behind).image, rest)


def test_consent_of_a_person_and_of_a_work_of_art() -> None:
    assert statement(" Ada agreed. ", None) == "Ada agreed."
    assert statement(None, "Mona Lisa, public domain") == "A work of art, not a living person: Mona Lisa, public domain"
    for nothing in ((None, None), (" ", None), (None, "")):
        with pytest.raises(PhotoError, match=r"without the consent .*--consent .*--artwork"):
            statement(*nothing)
