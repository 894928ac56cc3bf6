"""The whole step with a planted tracker and a tiny actor, whose picture moves 8 px per 30 degrees of yaw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny_actor
from planted_tracker import UPRIGHT, Planted
from puppeteer_stage import (
    DRIVER,
    FPS,
    HEIGHT,
    SIDE,
    WIDTH,
    Stage,
    latent_of,
    looking,
    pixels_of,
    place_of_square,
    rest_of,
    yaw_of,
)

from puppet.actor.runtime import Actor, load_actor
from puppet.core.layout import Layout
from puppet.core.types import Frame, Latent
from puppet.engine.options import MorphInto, StepOptions
from puppet.engine.puppeteer import Puppeteer
from puppet.output.compose import compose

# --- the user's own pixels ---


def test_the_portrait_does_not_depend_on_the_users_pixels(mesh: Actor) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    one, other = Stage(mesh), Stage(mesh)
    for face in (None, looking(10), looking(20, 0.2), None):
        plain, noisy = one.step(face), other.step(face, noise)
        np.testing.assert_array_equal(pixels_of(plain), pixels_of(noisy))
        pane = np.s_[:, -2 * SIDE :]
        composed, with_noise = (compose(result, Layout.SIDE_BY_SIDE) for result in (plain, noisy))
        np.testing.assert_array_equal(composed[pane], with_noise[pane])
        assert not (composed[pane] == DRIVER).all(-1).any()
        assert (composed[:, : -2 * SIDE] == DRIVER).all()


def test_an_actor_that_sees_pixels_shows_none_of_them_either(image: Actor) -> None:
    """The tiny image actor draws a ramp to the mean colour of what it sees: stripes must not come through."""
    stripes = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    stripes[:, ::2] = 255
    stage = Stage(image)
    for face in (None, looking(0), looking(20)):
        portrait = pixels_of(stage.step(face, stripes)).astype(int)
        assert np.ptp(portrait, axis=1).max() == 0
    result = stage.step(looking(0))
    assert result.crop is not None
    assert result.crop.image.shape == (tiny_actor.CROP_SIZE, tiny_actor.CROP_SIZE, 3)
    np.testing.assert_allclose(pixels_of(result)[-1, 0], DRIVER, atol=1)


def test_a_wall_of_puppets_plays_one_face(mesh: Actor, image: Actor) -> None:
    alone, beside = Stage(mesh), Stage(mesh)
    other = Stage(image)
    beside.puppeteer.others = (image, mesh)
    for face in (looking(5), looking(15, opening=0.1), None):
        result = beside.step(face)
        np.testing.assert_array_equal(pixels_of(result), pixels_of(alone.step(face)))
        assert len(result.wall) == 2
        np.testing.assert_array_equal(result.wall[0].image, pixels_of(other.step(face)))
        np.testing.assert_array_equal(result.wall[1].image, pixels_of(result))
    beside.puppeteer.others = ()
    assert beside.step(looking(5)).wall == ()


def test_an_edit_belongs_to_the_first_actor_alone(mesh: Actor) -> None:
    plain = Stage(mesh).step(looking(10))
    stage = Stage(mesh, offset=np.ones(len(latent_of(plain)), np.float32))
    stage.puppeteer.others = (mesh,)
    result = stage.step(looking(10))
    assert not np.array_equal(pixels_of(result), pixels_of(plain))
    np.testing.assert_array_equal(result.wall[0].image, pixels_of(plain))


def test_the_actor_turns_into_another_one_that_plays_the_same_face(mesh: Actor, tmp_path) -> None:
    other = load_actor(tiny_actor.tiny_actor(tmp_path / "other.actor"), "cpu", threads=1)
    alone, stage = Stage(mesh), Stage(mesh, morph=MorphInto(other, 0.5))
    np.testing.assert_array_equal(pixels_of(stage.step(looking(10))), pixels_of(alone.step(looking(10))))  # twins
    held = alone.step(looking(10)).latent
    assert held is not None
    seen = {}
    for share in (0.0, 0.25, 1.0):  # the first one is frozen far to the left, the other one looks to the right
        moved = np.zeros(len(held.values), np.float32)
        moved[0] = -2 - held.values[0]
        stage.puppeteer.options = StepOptions(offset=moved, morph=MorphInto(other, share))
        result = stage.step(looking(10))
        assert result.wall == ()
        seen[share] = place_of_square(pixels_of(result))
    assert seen[1.0] == pytest.approx(place_of_square(pixels_of(alone.step(looking(10)))), abs=0.5)
    assert seen[0.25] - seen[0.0] == pytest.approx((seen[1.0] - seen[0.0]) / 4, abs=0.6)
    assert seen[1.0] - seen[0.0] > 10


def test_while_a_face_is_frozen_the_partner_of_its_morph_waits_too(mesh: Actor, tmp_path) -> None:
    other = load_actor(tiny_actor.tiny_actor(tmp_path / "other.actor"), "cpu", threads=1)
    stage = Stage(mesh, morph=MorphInto(other, 0.5))
    before = stage.step(looking(10))
    stage.puppeteer.options = StepOptions(freeze=before.latent, morph=MorphInto(other, 0.5))
    np.testing.assert_array_equal(pixels_of(stage.step(looking(-20, opening=0.1))), pixels_of(before))


def test_a_morph_has_the_size_of_the_actor_on_stage(mesh: Actor, image: Actor, tmp_path) -> None:
    stage = Stage(mesh, morph=MorphInto(image, 0.5))
    stage.puppeteer.others = (mesh,)
    result = stage.step(looking(10))
    assert pixels_of(result).shape == (mesh.card.image_size, mesh.card.image_size, 3)
    np.testing.assert_array_equal(result.wall[0].image, pixels_of(Stage(mesh).step(looking(10))))


# --- playing in latent space ---


def test_an_offset_is_added_to_what_the_face_asks_for(mesh: Actor) -> None:
    plain = latent_of(Stage(mesh).step(looking(10)))
    offset = np.linspace(-1, 1, len(plain)).astype(np.float32)
    moved = latent_of(Stage(mesh, offset=offset).step(looking(10)))
    np.testing.assert_allclose(moved, plain + offset, atol=1e-6)
    assert latent_of(Stage(mesh, offset=offset[:-1]).step(looking(10))).shape == plain.shape


def test_a_frozen_latent_is_shown_whatever_the_face_does(mesh: Actor) -> None:
    frozen = Latent(latent_of(Stage(mesh).step(looking(20))))
    stage = Stage(mesh, freeze=frozen)
    for face in (looking(-10), None, looking(5)):
        result = stage.step(face)
        np.testing.assert_array_equal(latent_of(result), frozen.values)
        np.testing.assert_array_equal(pixels_of(result), mesh.decode(frozen).image)
    other = replace(stage.puppeteer.options, freeze=Latent(frozen.values[:-1]))  # of another actor
    stage.puppeteer.options = other
    assert yaw_of(stage.step(looking(5))) < 20


# --- composition ---


def test_mirrored_output_mirrors_the_actor_and_nothing_else(mesh: Actor) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    plain, mirrored = Stage(mesh).step(looking(20), picture), Stage(mesh, mirror_output=True).step(looking(20), picture)
    np.testing.assert_array_equal(pixels_of(mirrored), pixels_of(plain)[:, ::-1])
    assert not np.array_equal(pixels_of(mirrored), pixels_of(plain))
    composed, original = (compose(result, Layout.SIDE_BY_SIDE) for result in (mirrored, plain))
    np.testing.assert_array_equal(composed[:, : -2 * SIDE], original[:, : -2 * SIDE])
    np.testing.assert_array_equal(composed[:, -2 * SIDE :], original[:, : -2 * SIDE - 1 : -1])


@pytest.mark.parametrize(("width", "height"), [(160, 90), (90, 160), (321, 240), (64, 64), (1280, 720)])
def test_side_by_side_keeps_both_aspects_and_even_sides(mesh: Actor, width: int, height: int) -> None:
    result = Stage(mesh).step(looking(0), np.zeros((height, width, 3), np.uint8))
    made = compose(result, Layout.SIDE_BY_SIDE)
    driver = made.shape[1] - 2 * SIDE
    assert made.shape[0] == 2 * SIDE
    assert driver == pytest.approx(width * 2 * SIDE / height, abs=1)
    assert driver % 2 == 0


def test_the_other_layouts(mesh: Actor) -> None:
    result = Stage(mesh).step(looking(10))
    np.testing.assert_array_equal(compose(result, Layout.ACTOR), pixels_of(result))
    np.testing.assert_array_equal(compose(result, Layout.DRIVER), result.frame.image)


def test_without_an_actor_the_driver_is_shown() -> None:
    result = Stage(None).step(looking(10))
    assert result.portrait is None
    assert result.latent is None
    assert result.face is not None
    for layout in Layout:
        np.testing.assert_array_equal(compose(result, layout), result.frame.image)


# --- actors ---


def test_actors_are_swapped_between_steps(mesh: Actor, image: Actor) -> None:
    stage = Stage(None)
    stage.steps(looking(10), 0.2)
    stage.puppeteer.actor = mesh
    assert yaw_of(stage.step(looking(12))) == pytest.approx(12, abs=1e-3)
    stage.puppeteer.actor = image
    np.testing.assert_allclose(pixels_of(stage.step(looking(12)))[-1, 0], DRIVER, atol=1)
    stage.puppeteer.actor = mesh
    assert yaw_of(stage.step(looking(14))) == pytest.approx(14, abs=1e-3)
    stage.puppeteer.actor = None
    assert stage.step(looking(12)).portrait is None


def test_an_actor_that_comes_while_nobody_is_seen_rests(mesh: Actor, image: Actor) -> None:
    """Nothing of the last actor's latent, which means something else in this one's space."""
    stage = Stage(image)
    stage.steps(looking(20), 0.3)
    stage.puppeteer.actor = mesh
    np.testing.assert_array_equal(pixels_of(stage.step(None)), rest_of(mesh))


# --- the user's neutral ---


def test_the_automatic_neutral_comes_first_and_the_captured_one_when_asked(mesh: Actor) -> None:
    stage = Stage(mesh, neutral=None)
    assert not stage.puppeteer.neutral_is_captured
    assert yaw_of(stage.step(looking(10))) == pytest.approx(0, abs=1e-3)  # who is always turned, is at rest

    stage.puppeteer.capture_neutral()
    stage.step(None)
    assert not stage.puppeteer.neutral_is_captured  # there was nobody to capture
    assert yaw_of(stage.step(looking(20))) == pytest.approx(0, abs=1e-3)
    assert stage.puppeteer.neutral_is_captured
    assert yaw_of(stage.step(looking(30))) == pytest.approx(10, abs=0.05)

    stage.puppeteer.reset_neutral()
    assert not stage.puppeteer.neutral_is_captured
    assert yaw_of(stage.step(looking(10))) < 1


def test_the_users_own_neutral_is_trusted_at_once(mesh: Actor) -> None:
    stage = Stage(mesh, neutral=None)
    stage.step(looking(0))
    assert stage.puppeteer.neutral_confidence < 0.1  # of a single face
    stage.puppeteer.capture_neutral()
    stage.step(looking(0))
    assert stage.puppeteer.neutral_confidence == 1
    stage.puppeteer.reset_neutral()
    assert stage.puppeteer.neutral_confidence < 0.1


def test_another_user_starts_afresh(mesh: Actor) -> None:
    """What the first one looked like, and where they sat, is forgotten; a reset by the user keeps what was learned."""
    stage = Stage(mesh, neutral=None)
    stage.steps(looking(0), 3)
    stage.puppeteer.reset_neutral()
    assert yaw_of(stage.step(looking(20))) > 15
    stage.puppeteer.capture_neutral()
    stage.puppeteer.forget_user()
    assert yaw_of(stage.step(looking(20))) == pytest.approx(0, abs=1e-3)
    assert not stage.puppeteer.neutral_is_captured


def test_a_wish_to_capture_can_be_taken_back(mesh: Actor) -> None:
    stage = Stage(mesh, neutral=None)
    stage.puppeteer.capture_neutral()
    stage.puppeteer.reset_neutral()
    stage.step(looking(10))
    assert not stage.puppeteer.neutral_is_captured


# --- the rest ---


def test_stages_are_named_and_timed(mesh: Actor) -> None:
    stage = Stage(mesh)
    face = ["track", "retarget", "align", "encode", "decode"]
    assert list(stage.step(looking(0)).stage_ms) == face
    assert list(stage.step(None).stage_ms) == ["track", "decode"]
    assert all(ms >= 0 for ms in stage.step(looking(0)).stage_ms.values())
    stage.puppeteer.actor = None
    assert list(stage.step(looking(0)).stage_ms) == ["track"]


def test_a_clock_that_goes_back_does_no_harm(mesh: Actor) -> None:
    """A looping film starts over."""
    stage = Stage(mesh, smoothing=0.5)
    stage.steps(looking(10), 0.5)
    stage.at -= 20
    for face in (looking(10), None, looking(10)):
        result = stage.step(face)
        assert np.isfinite(yaw_of(result))
    stage.at += 20
    assert yaw_of(stage.steps(looking(10), 1)[-1]) == pytest.approx(10, abs=0.1)


def test_closing_frees_the_tracker(mesh: Actor) -> None:
    stage = Stage(mesh)
    stage.puppeteer.close()
    assert stage.tracker.closed


def test_nothing_is_smoothed_over_a_cut(mesh: Actor) -> None:
    """The head jumps by 30 degrees: after a cut it is there at once."""
    for cut in (False, True):
        stage = Stage(mesh, smoothing=0.8)
        stage.steps(looking(-15), 1)
        if cut:
            stage.puppeteer.begin_shot(UPRIGHT)
        yaw = yaw_of(stage.step(looking(15)))
        assert (yaw == pytest.approx(15, abs=0.05)) if cut else yaw < 14.5


def test_another_picture_begins_anew_live(mesh: Actor) -> None:
    """In the next picture the head is held otherwise: that is its usual pose there."""
    stage = Stage(mesh, neutral=None)
    scenes = [np.full((HEIGHT, WIDTH, 3), DRIVER, np.uint8) for _ in range(2)]
    scenes[1][:, WIDTH // 2 :] = 255
    scenes[0][HEIGHT // 2 :] = 255
    for _ in range(30):
        stage.step(looking(0), scenes[0])
    for _ in range(3):
        stage.step(looking(20), scenes[1])
    assert yaw_of(stage.step(looking(20), scenes[1])) == pytest.approx(0, abs=0.5)


def test_who_is_told_about_shots_watches_for_none(mesh: Actor) -> None:
    puppeteer = Puppeteer(Planted(), mesh, detects_changes=False)
    for k in range(8):
        picture = np.random.default_rng(k // 4).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        assert puppeteer.track(Frame(picture, k, k / FPS)).scene == 0
    puppeteer.close()
