"""What is behind an actor's person: own, blurred, colour, picture, nothing; for one actor, a wall and a morph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_actor
from planted_layers import disc, layer, plate_of
from puppeteer_stage import SIDE, Stage, looking, pixels_of

from puppet.actor.runtime import Actor, load_actor
from puppet.core.background import Background, BackgroundKind, parse_background
from puppet.core.types import Image, Latent, Portrait
from puppet.engine.backdrop import GREYS, Backdrop, blurred, checkerboard
from puppet.engine.options import MorphInto

OUTSIDE = disc(SIDE, SIDE / 3) == 0
TRANSPARENT = Backdrop(Background(BackgroundKind.TRANSPARENT))


@pytest.fixture
def person(tmp_path: Path) -> Actor:
    return layer(load_actor(tiny_actor.tiny_actor(tmp_path / "person.actor"), "cpu"))


def backdrop(text: str, picture: Image | None = None) -> Backdrop:
    return Backdrop(parse_background(text), picture)


def half_red(height: int = 60, width: int = 120) -> Image:
    """Red in the left half of the middle square, blue in the right one."""
    picture = np.full((height, width, 3), (255, 0, 0), np.uint8)
    picture[:, : width // 2] = (0, 0, 255)
    return picture


def shown(actor: Actor, **options) -> Portrait:
    portrait = Stage(actor, **options).step(looking(0)).portrait
    assert portrait is not None
    return portrait


def test_without_a_choice_the_actors_own_plate_is_behind_it(person: Actor) -> None:
    np.testing.assert_array_equal(shown(person).image[OUTSIDE], plate_of(SIDE)[OUTSIDE])


@pytest.mark.parametrize(("text", "colour"), [("green", (0, 255, 0)), ("#102030", (0x30, 0x20, 0x10))])
def test_a_colour_is_behind_the_person_and_takes_its_share_of_the_edge(person: Actor, text, colour) -> None:
    portrait, own = shown(person, background=backdrop(text)), shown(person, background=TRANSPARENT)
    assert (portrait.image[OUTSIDE] == colour).all()
    assert own.person is not None
    exact = own.person[..., :3] + (1 - own.person[..., 3:] / 255) * colour
    assert np.abs(portrait.image - exact).max() <= 0.5


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_picture_is_cut_to_the_square_and_is_never_mirrored(person: Actor, mirrored: bool) -> None:
    image = shown(person, background=backdrop("x.png", half_red()), mirror_output=mirrored).image
    assert (image[1, : SIDE // 2 - 1] == (0, 0, 255)).all()
    assert (image[1, SIDE // 2 + 1 :] == (255, 0, 0)).all()


def test_the_own_plate_is_mirrored_with_its_person(person: Actor) -> None:
    plain, mirrored = shown(person).image, shown(person, mirror_output=True).image
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])
    blur = backdrop("blur")
    plain, mirrored = shown(person, background=blur).image, shown(person, background=blur, mirror_output=True).image
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])


def test_the_person_alone_is_given_where_nothing_is_behind_it_only(person: Actor) -> None:
    portrait = shown(person, background=TRANSPARENT)
    assert portrait.person is not None
    np.testing.assert_array_equal(portrait.person[..., 3], disc(SIDE, SIDE / 3))
    np.testing.assert_array_equal(portrait.image[OUTSIDE], checkerboard(SIDE)[OUTSIDE])
    for text in ("own", "blur", "green"):
        assert shown(person, background=backdrop(text)).person is None


def test_the_person_alone_is_mirrored_with_the_picture(person: Actor) -> None:
    plain, mirrored = shown(person, background=TRANSPARENT), shown(person, background=TRANSPARENT, mirror_output=True)
    assert plain.person is not None
    assert mirrored.person is not None
    np.testing.assert_array_equal(mirrored.person, plain.person[:, ::-1])
    assert mirrored.person.flags.c_contiguous


def test_an_actor_without_layers_ignores_every_background(mesh: Actor) -> None:
    plain = shown(mesh)
    for chosen in (TRANSPARENT, backdrop("green"), backdrop("blur"), backdrop("x.png", half_red())):
        portrait = shown(mesh, background=chosen)
        np.testing.assert_array_equal(portrait.image, plain.image)
        assert portrait.person is None


def test_what_is_behind_is_made_once_and_anew_for_another_choice(person: Actor, monkeypatch) -> None:
    made = []
    whole = Backdrop.behind
    monkeypatch.setattr(Backdrop, "behind", lambda self, *how: made.append(self.wanted.text) or whole(self, *how))
    stage = Stage(person, background=backdrop("green"))
    stage.steps(looking(0), 0.2)
    assert made == ["green"]
    stage.puppeteer.options = Stage(person, background=backdrop("blur")).puppeteer.options
    stage.steps(looking(0), 0.2)
    assert made == ["green", "blur"]


def test_every_actor_of_a_wall_is_over_the_background_in_its_own_size(person: Actor, mesh: Actor) -> None:
    stage = Stage(mesh, background=backdrop("green"))
    stage.puppeteer.others = (person,)
    result = stage.step(looking(0))
    assert (result.wall[0].image[OUTSIDE] == (0, 255, 0)).all()
    np.testing.assert_array_equal(pixels_of(result), shown(mesh).image)


def test_a_morph_is_given_the_background_in_the_size_of_the_larger_actor(person: Actor, monkeypatch) -> None:
    given: list[Image | None] = []

    class Morph:
        def __init__(self, a: Actor, b: Actor) -> None:
            self.a, self.b = a, b

        def draw(self, a: Latent, b: Latent, share: float, behind: Image | None = None) -> Portrait:
            given.append(behind)
            size = 2 * SIDE
            return Portrait(np.zeros((size, size, 3), np.uint8), np.full((size, size, 4), 50, np.uint8))

    class Larger:
        """The same actor, with pictures twice as large."""

        def __init__(self) -> None:
            self.plate = np.full((2 * SIDE, 2 * SIDE, 3), 200, np.uint8)
            self.card = type("Card", (), {"image_size": 2 * SIDE, "response": person.card.response})()

        def __getattr__(self, name: str):
            return getattr(person, name)

    monkeypatch.setattr("puppet.engine.puppeteer.ActorMorph", Morph)
    other: Actor = Larger()  # pyright: ignore[reportAssignmentType]
    portrait = shown(person, background=TRANSPARENT, morph=MorphInto(other, 0.25))
    np.testing.assert_array_equal(given[-1], checkerboard(2 * SIDE))  # pyright: ignore[reportArgumentType]
    assert portrait.image.shape == (SIDE, SIDE, 3)
    assert portrait.person is not None
    assert portrait.person.shape == (SIDE, SIDE, 4)
    shown(person, background=backdrop("blur"), morph=MorphInto(other, 0.25))
    mixed = 0.75 * blurred(plate_of(SIDE), 2 * SIDE) + 0.25 * 200
    assert given[-1] is not None
    assert np.abs(given[-1] - mixed).max() <= 1
    shown(person, morph=MorphInto(other, 0.25))
    assert given[-1] is None


def test_a_blurred_plate_keeps_its_light_and_loses_its_edges() -> None:
    plate = plate_of(256)
    soft = blurred(plate, 256)
    assert soft.shape == plate.shape
    assert np.abs(soft.mean((0, 1)) - plate.mean((0, 1))).max() < 2
    sharpest = [np.abs(np.diff(one.astype(int), axis=0)).max() for one in (plate, soft)]
    assert sharpest[1] < 0.08 * sharpest[0]


@pytest.mark.parametrize("side", [31, 64, 512])
def test_the_checkerboard_has_two_greys_in_equal_parts(side: int) -> None:
    board = checkerboard(side)
    assert board.shape == (side, side, 3)
    assert set(np.unique(board)) == set(GREYS)
    assert abs((board[..., 0] == GREYS[0]).mean() - 0.5) < 0.02
    assert board[0, 0, 0] != board[side // 32 or 1, 0, 0]
