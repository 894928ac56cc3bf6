"""Morphs of two actors: planted squares meet half way."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_actor import MOVE, tiny_actor

from puppet.actor.morph import ActorMorph, eased
from puppet.actor.runtime import load_actor
from puppet.core.types import Latent


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


def test_easing_is_slow_at_both_ends_and_reaches_them():
    shares = list(eased(11))
    assert (shares[0], shares[5], shares[-1]) == pytest.approx((0, 0.5, 1))
    assert shares[1] < 0.05
    assert (np.diff(shares) > 0).all()
