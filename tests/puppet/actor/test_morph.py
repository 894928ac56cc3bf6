"""Morphs of two actors: planted squares meet half way."""

from __future__ import annotations

import dataclasses

import layered_actor as layered
import numpy as np
import pytest
from tiny_actor import MOVE, tiny_actor

from puppet.actor.contents import checked_contents
from puppet.actor.file import PLATE
from puppet.actor.morph import ActorMorph, eased
from puppet.actor.runtime import load_actor, make_actor
from puppet.core.types import Image, Latent, Portrait


@pytest.fixture(scope="module")
def actors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("actors")
    return [load_actor(tiny_actor(folder / f"{name}.actor"), "cpu", threads=1) for name in ("one", "two")]


def latent(*values: float) -> Latent:
    return Latent(np.array([*values, *[0] * (8 - len(values))], np.float32))


def centre(image: np.ndarray) -> float:
    """x of the middle of the chequered square, px: where the picture is not grey-blue."""
    return float(np.flatnonzero((np.abs(image[..., 2].astype(int) - 100) > 20).any(0)).mean())


def test_the_ends_are_the_actors_themselves(actors):
    one, two = actors
    a, b = latent(-1), latent(1, 0, 0, 2)
    morph = ActorMorph(one, two)
    assert morph.bends
    for share, wanted in ((0.0, one.decode(a)), (1.0, two.decode(b)), (-3, one.decode(a)), (9, two.decode(b))):
        assert np.array_equal(morph.draw(a, b, share).image, wanted.image)


def test_shapes_meet_half_way_and_do_not_show_twice(actors):
    a, b = latent(-1), latent(1)
    morph = ActorMorph(*actors)
    places = [centre(morph.draw(a, b, share).image) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert np.allclose(np.diff(places), MOVE / 2, atol=1)
    assert np.array_equal(morph.draw(a, b, 0.5).image, actors[0].decode(latent(0)).image)


def test_colours_dissolve(actors):
    a, b = latent(0), latent(0, 0, 0, 2)  # 40 levels brighter
    levels = [ActorMorph(*actors).draw(a, b, share).image.astype(float).mean() for share in (0, 0.5, 1)]
    assert levels[1] == pytest.approx((levels[0] + levels[2]) / 2, abs=0.6)
    assert levels[2] - levels[0] == pytest.approx(40, abs=1)


def test_actors_without_common_points_are_dissolved(actors, tmp_path):
    image = load_actor(tiny_actor(tmp_path / "image.actor", "image"), "cpu", threads=1)
    morph, red = ActorMorph(actors[0], image), Latent(np.array([1, 0, 0, 0], np.float32))
    assert not morph.bends
    half = morph.draw(latent(0), red, 0.5).image.astype(float)
    both = actors[0].decode(latent(0)).image.astype(float) + image.decode(red).image
    assert np.abs(half - both / 2).max() <= 1


# --- layers ---

BLACK = np.zeros((layered.SIZE, layered.SIZE, 3), np.uint8)


@pytest.fixture(scope="module")
def persons():
    """Two persons of different colours, a small and a large one."""
    parts = [layered.layered_parts("Lea"), layered.layered_parts("Leo", colour=(40, 80, 200), radius=21)]
    return [make_actor(checked_contents(*one), threads=1) for one in parts]


def person_of(portrait: Portrait) -> Image:
    assert portrait.person is not None
    return portrait.person


def outline(person: np.ndarray) -> tuple[float, float]:
    """x of the left and the right outline of a person in the middle row, where its alpha crosses a half."""
    alpha = person[layered.SIZE // 2, :, 3].astype(float)
    left, right = (int(np.flatnonzero(alpha > 127)[end]) for end in (0, -1))
    return (
        left - (alpha[left] - 127.5) / (alpha[left] - alpha[left - 1]),
        right + (alpha[right] - 127.5) / (alpha[right] - alpha[right + 1]),
    )


def test_two_persons_melt_with_their_outlines(persons):
    """They stand 8 px apart: half way both are drawn in the same place, so there is one outline, not two."""
    morph, a, b = ActorMorph(*persons), latent(-0.5), latent(0.5)
    assert morph.layers
    drawn = [morph.draw(a, b, share) for share in (0, 0.5, 1)]
    edges = np.array([outline(person_of(portrait)) for portrait in drawn])
    assert np.abs(edges[1] - (edges[0] + edges[2]) / 2).max() < 0.3  # px
    assert np.ptp(edges, axis=0).min() > 4
    half = person_of(drawn[1])
    both = [person_of(one.decode(latent(0))) for one in persons]
    assert np.abs(half - (both[0].astype(float) + both[1]) / 2).max() <= 1
    inside = half[layered.SIZE // 2 - 4 : layered.SIZE // 2 + 4, 22:42]
    assert (inside[..., 3] == 255).all()  # nothing shines through
    middle = half[layered.SIZE // 2, :, 3].astype(int)
    assert (np.diff(middle[:32]) >= 0).all()  # from outside to inside it only grows: there is one outline
    assert (np.diff(middle[32:]) <= 0).all()


def test_ends_of_a_morph_of_persons_are_the_actors(persons):
    a, b = latent(-0.5), latent(0.5, 0.3)
    for share, wanted in ((0, persons[0].decode(a)), (1, persons[1].decode(b))):
        drawn = ActorMorph(*persons).draw(a, b, share)
        assert np.array_equal(person_of(drawn), person_of(wanted))
        assert np.array_equal(drawn.image, wanted.image)
        over_black = persons[share].decode((a, b)[share], BLACK).image
        assert np.array_equal(ActorMorph(*persons).draw(a, b, share, BLACK).image, over_black)


def test_persons_are_mixed_before_they_are_laid_over_something(persons):
    drawn = ActorMorph(*persons).draw(latent(-1), latent(1), 0.3, BLACK)
    assert np.array_equal(drawn.image, person_of(drawn)[..., :3])
    own = ActorMorph(*persons).draw(latent(-1), latent(1), 0.3).image
    assert np.array_equal(own[:3], layered.plate()[:3])  # both have the same plate


def test_a_person_and_an_opaque_actor_are_dissolved_as_pictures(persons, actors):
    a, b = latent(0.2), latent(-0.4)
    drawn = ActorMorph(persons[0], actors[1]).draw(a, b, 0.5, BLACK)
    assert drawn.person is None
    points = [actor.parts(one)[1] for actor, one in ((persons[0], a), (actors[1], b))]
    between = ((points[0] + points[1]) / 2).astype(np.float32)
    one = persons[0].draw(persons[0].parts(a)[0], between, BLACK).image
    other = actors[1].draw(actors[1].parts(b)[0], between).image
    assert np.abs(drawn.image - (one.astype(float) + other) / 2).max() <= 1


def test_persons_of_different_sizes_melt_in_the_larger_one(persons):
    card, members = layered.layered_parts("Max")
    double = np.kron(layered.plate(), np.ones((2, 2, 1), np.uint8))
    larger = dataclasses.replace(card, image_size=2 * layered.SIZE)
    moved = make_actor(checked_contents(larger, {**members, PLATE: layered.png(double)}), threads=1)
    drawn = ActorMorph(persons[0], moved).draw(latent(0), latent(0), 0.5)
    assert drawn.image.shape == (2 * layered.SIZE, 2 * layered.SIZE, 3)
    person = person_of(drawn)
    assert person.shape == (2 * layered.SIZE, 2 * layered.SIZE, 4)
    assert (person[..., :3].max(2) <= person[..., 3].astype(int) + 1).all()


def test_easing_is_slow_at_both_ends_and_reaches_them():
    shares = list(eased(11))
    assert (shares[0], shares[5], shares[-1]) == pytest.approx((0, 0.5, 1))
    assert shares[1] < 0.05
    assert (np.diff(shares) > 0).all()
