"""The whole step with a planted tracker and a tiny actor, whose picture moves 8 px per 30 degrees of yaw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny_actor
from planted_face import tracked
from planted_tracker import UPRIGHT, Planted

from puppet.actor.runtime import Actor, load_actor
from puppet.core.layout import Layout
from puppet.core.types import Face, Floats, Frame, Image, Latent, Result
from puppet.engine.options import MorphInto, StepOptions
from puppet.engine.presence import HOLD, RELAX, RETURN
from puppet.engine.puppeteer import Puppeteer
from puppet.face.neutral import Neutral
from puppet.face.retarget import Gains, Retargeter
from puppet.output.compose import compose

FPS = 30
WIDTH, HEIGHT = 160, 90
DRIVER = (7, 250, 77)  # a colour that no tiny actor shows
SIDE = tiny_actor.IMAGE_SIZE


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Actor:
    return load_actor(tiny_actor.tiny_actor(tmp_path_factory.mktemp("mesh") / "mesh.actor"), "cpu")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Actor:
    return load_actor(tiny_actor.tiny_actor(tmp_path_factory.mktemp("image") / "image.actor", "image"), "cpu")


class Stage:
    """A puppeteer and its clock. The user's neutral is known, so that every planted angle is the actor's."""

    def __init__(self, actor: Actor | None, neutral: Neutral | None = UPRIGHT, **options) -> None:
        self.tracker = Planted()
        self.puppeteer = Puppeteer(self.tracker, actor, StepOptions(**{"smoothing": 0.0, **options}))
        if neutral is not None:
            self.puppeteer.set_neutral(neutral)
        self.at, self.index = 50.0, 0

    def step(self, face: Face | None, picture: Image | None = None) -> Result:
        self.tracker.face = face
        picture = np.full((HEIGHT, WIDTH, 3), DRIVER, np.uint8) if picture is None else picture
        self.at, self.index = self.at + 1 / FPS, self.index + 1
        return self.puppeteer.step(Frame(picture, self.index, self.at))

    def steps(self, face: Face | None, seconds: float) -> list[Result]:
        return [self.step(face) for _ in range(round(seconds * FPS))]


def looking(yaw: float, opening: float = 0.0) -> Face:
    face = tiny_actor.neutral()
    face[tiny_actor.LOWER_LIP, 1] += opening
    return tracked(face, (yaw, 0, 0), scale=30, middle=(80, 40))


def pixels_of(result: Result) -> Image:
    assert result.portrait is not None
    return result.portrait.image


def yaw_of(result: Result) -> float:
    assert result.latent is not None
    return 30 * float(result.latent.values[0])


def rest_of(actor: Actor) -> Image:
    return actor.neutral_portrait().image


# --- driving ---


def test_the_planted_yaw_and_mouth_reach_the_latent(mesh: Actor) -> None:
    stage = Stage(mesh)
    rest = stage.step(None).latent
    result = stage.step(looking(15, opening=0.1))
    assert rest is not None
    assert result.latent is not None
    np.testing.assert_allclose(result.latent.values - rest.values, [0.5, 0, 0, 1, 0, 0, 0, 0], atol=1e-4)
    assert pixels_of(result).shape == (SIDE, SIDE, 3)
    assert result.face is stage.tracker.face
    assert result.crop is None


def test_a_head_that_moves_and_comes_nearer_reaches_the_latent(mesh: Actor) -> None:
    face = tracked(tiny_actor.neutral(), (0, 0, 0), scale=33, middle=(80 + 0.3 * 30, 40 - 0.1 * 30))
    for pose_gain in (1.0, 0.5):
        stage = Stage(mesh, pose_gain=pose_gain)
        rest, latent = stage.step(None).latent, stage.step(face).latent
        assert rest is not None
        assert latent is not None
        moved = np.array([0, 0, 0, 0, 0.3, -0.1, np.log(1.1), 0]) * pose_gain
        np.testing.assert_allclose(latent.values - rest.values, moved, atol=1e-3)


def test_smoothing_calms_the_heads_place_and_lets_it_move(mesh: Actor) -> None:
    """A tracker that trembles by 2 % of an eye distance; then a head that moves by half of one in 0.1 s."""
    rng = np.random.default_rng(0)
    at = np.concatenate([rng.normal(0, 0.02, 60), np.linspace(0, 0.5, 4), np.full(5, 0.5)])
    places = {}
    for strength in (0.0, 0.5):
        stage = Stage(mesh, smoothing=strength)
        results = [stage.step(tracked(tiny_actor.neutral(), (0, 0, 0), 30, (80 + 30 * x, 40))) for x in at]
        places[strength] = np.array([result.latent.values[4] for result in results if result.latent is not None])
    np.testing.assert_allclose(places[0.0], at, atol=1e-3)
    trembling = {strength: np.abs(np.diff(place[20:60])).mean() for strength, place in places.items()}
    assert trembling[0.5] < 0.75 * trembling[0.0]
    assert places[0.5][-1] == pytest.approx(0.5, abs=0.02)
    assert places[0.5][-6] > 0.4  # where the movement ends: within a frame of it


def test_gains(mesh: Actor) -> None:
    stage = Stage(mesh, pose_gain=0.5, expression_gain=2.0)
    rest = stage.step(None).latent
    latent = stage.step(looking(20, opening=0.05)).latent
    assert rest is not None
    assert latent is not None
    np.testing.assert_allclose((latent.values - rest.values)[[0, 3]], [10 / 30, 1], atol=1e-4)


def test_regions_gains_reach_the_retargeter(mesh: Actor) -> None:
    """The tiny actor's points lie in no order: every region has a say in its mouth; how much, the retargeter knows."""
    face = looking(0, opening=0.05)
    for gains in ({"mouth_gain": 2.0, "expression_gain": 0.75}, {"eyes_gain": 0.0}, {"brows_gain": 0.0}):
        stage = Stage(mesh)
        stage.puppeteer.options = replace(stage.puppeteer.options, **gains)
        chosen = Gains(*(gains.get(f"{name}_gain", 1.0) for name in ("expression", "eyes", "mouth", "brows")))
        expected, _ = Retargeter(mesh.neutral).drive(face, UPRIGHT, chosen)
        opening = 10 * (expected[tiny_actor.LOWER_LIP, 1] - expected[tiny_actor.UPPER_LIP, 1])
        latent = stage.step(face).latent
        assert latent is not None
        assert latent.values[3] == pytest.approx(opening, abs=1e-4)
        assert abs(opening - 0.7) > 0.02  # 0.2 at rest and 0.5 opened: the gain does something


def test_smoothing_lags_and_options_can_change_while_it_runs(mesh: Actor) -> None:
    lags = {}
    for strength in (0.0, 0.5, 1.0):
        stage = Stage(mesh, smoothing=strength)
        stage.steps(looking(0), 0.5)
        lags[strength] = 20 - yaw_of(stage.step(looking(20)))
        assert 20 - yaw_of(stage.steps(looking(20), 3)[-1]) == pytest.approx(0, abs=0.5)
    assert lags[0.0] == pytest.approx(0, abs=1e-3)
    assert lags[0.0] < lags[0.5] < lags[1.0]

    stage = Stage(mesh, smoothing=1.0)
    stage.steps(looking(0), 0.5)
    assert yaw_of(stage.step(looking(20))) < 19  # it does lag, so that the next line can tell
    stage.puppeteer.options = replace(stage.puppeteer.options, smoothing=0.0)
    assert yaw_of(stage.step(looking(20))) == pytest.approx(20, abs=1e-3)


# --- what the actor never did ---


def test_what_is_outside_the_actors_domain_is_told_and_eased(mesh: Actor) -> None:
    """The tiny actor's footage opens the mouth by 0.1 at most, a latent of 1; turning the head is no matter."""
    stage = Stage(mesh)
    assert stage.step(None).out_of_domain is None
    plain, wide, absurd = (stage.step(looking(40, opening=x)) for x in (0.05, 0.2, 2.0))
    assert plain.out_of_domain is not None
    assert wide.out_of_domain is not None
    assert absurd.out_of_domain is not None
    assert plain.out_of_domain < 1 < wide.out_of_domain < 2 < absurd.out_of_domain
    mouths = [float(result.latent.values[3]) for result in (plain, wide, absurd) if result.latent is not None]
    np.testing.assert_allclose(mouths[:2], [0.7, 2.2], atol=1e-3)  # 0.2 at rest; what is a little strange stays
    assert mouths[1] < mouths[2] < 10  # 20 were asked for
    assert yaw_of(absurd) == pytest.approx(40, abs=1e-3)
    assert stage.step(None).out_of_domain is None
    assert Stage(None).step(looking(0)).out_of_domain is None


def test_easing_is_continuous_in_time(mesh: Actor) -> None:
    """A mouth that opens steadily never goes back and never speeds up."""
    stage = Stage(mesh)
    results = [stage.step(looking(0, opening=x)) for x in np.arange(0, 2, 0.02)]
    mouths = np.array([result.latent.values[3] for result in results if result.latent is not None])
    steps = np.diff(mouths)
    assert (steps > -1e-4).all()
    assert (steps < 0.2 + 1e-3).all()
    assert np.abs(np.diff(steps)).max() < 0.03


def test_an_actor_that_sees_pixels_has_a_domain_too(image: Actor) -> None:
    grey, white = (np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (0, 255))
    stage = Stage(image)
    near, far = (stage.step(looking(0), picture).out_of_domain for picture in (grey, white))
    assert near is not None
    assert far is not None
    assert near == pytest.approx(0, abs=1e-3)  # its footage's mean is black
    assert far > 0.5


# --- no face ---


def test_before_any_face_the_actor_rests(mesh: Actor) -> None:
    stage = Stage(mesh)
    for result in stage.steps(None, 1.2):
        assert result.face is None
        np.testing.assert_array_equal(pixels_of(result), rest_of(mesh))


def test_the_first_face_takes_over_at_once(mesh: Actor) -> None:
    stage = Stage(mesh)
    stage.steps(None, 1)
    assert yaw_of(stage.step(looking(20))) == pytest.approx(20, abs=1e-3)


def test_a_lost_face_is_held_then_eased_to_the_neutral_within_a_second(mesh: Actor) -> None:
    stage = Stage(mesh)
    held = stage.steps(looking(24), 0.5)[-1]
    gone = stage.steps(None, 1.0)
    holding = int(HOLD * FPS) - 1
    for result in gone[:holding]:
        np.testing.assert_array_equal(pixels_of(result), pixels_of(held))
    np.testing.assert_array_equal(pixels_of(gone[-1]), rest_of(mesh))
    yaws = np.array([24.0] + [yaw_of(result) for result in gone])
    assert yaws[-1] == 0
    assert (np.diff(yaws) <= 1e-5).all()
    # ease in and out: 3 p^2 - 2 p^3 is nowhere steeper than 1.5 in p, and p falls by one in RELAX
    assert np.abs(np.diff(yaws)).max() <= 24 * 1.5 / (RELAX * FPS) + 1e-3


def test_a_face_that_comes_back_eases_back(mesh: Actor) -> None:
    stage = Stage(mesh)
    stage.steps(looking(24), 0.5)
    stage.steps(None, 2.0)
    yaws = np.array([0.0] + [yaw_of(result) for result in stage.steps(looking(-24), 1.0)])
    assert np.abs(np.diff(yaws)).max() <= 24 * 1.5 / (RETURN * FPS) + 1e-3
    assert (np.diff(yaws) <= 1e-3).all()
    np.testing.assert_allclose(yaws[round(RETURN * FPS) + 1 :], -24, atol=1e-3)


def test_a_dropped_frame_is_no_loss(mesh: Actor) -> None:
    stage = Stage(mesh)
    stage.steps(looking(24), 0.5)
    assert yaw_of(stage.step(None)) == pytest.approx(24, abs=1e-3)
    assert yaw_of(stage.step(looking(20))) == pytest.approx(20, abs=1e-3)


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


def latent_of(result: Result) -> Floats:
    assert result.latent is not None
    return result.latent.values


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


def place_of_square(picture) -> float:
    """x of the middle of what is neither grey nor blue, px."""
    return float(np.flatnonzero((np.abs(picture[..., 2].astype(int) - 100) > 20).mean(0) > 0.2).mean())


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


def test_hold_and_relax_fit_into_the_promised_second() -> None:
    assert HOLD + RELAX < 1


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
