"""Actors with layers: a person, premultiplied, over its own plate or anything else."""

from __future__ import annotations

import layered_actor as made
import numpy as np
import pytest
import tiny_actor as tiny

from puppet.actor.contents import checked_contents
from puppet.actor.layers import FullTexture
from puppet.actor.runtime import Actor, load_actor, make_actor
from puppet.core.pixels import over
from puppet.core.types import Image, Latent

REST = Latent(np.zeros(8, np.float32))
PLATES = {
    name: np.full((made.SIZE, made.SIZE, 3), colour, np.uint8)
    for name, colour in {"white": (255, 255, 255), "black": (0, 0, 0), "green": (0, 255, 0)}.items()
}


@pytest.fixture(scope="module")
def actor() -> Actor:
    return make_actor(checked_contents(*made.layered_parts()), threads=1)


def turned(yaw: float) -> Latent:
    return Latent(np.array([yaw, *[0] * 7], np.float32))


def composed(person: Image, behind: Image) -> np.ndarray:
    """The picture by the definition, without rounding."""
    alpha = person[..., 3:].astype(float) / 255
    return person[..., :3] + (1 - alpha) * behind


@pytest.mark.parametrize("name", PLATES)
def test_a_person_is_laid_over_whatever_is_behind_to_one_level(actor, name):
    portrait = actor.decode(turned(0.4), PLATES[name])
    assert portrait.person is not None
    assert portrait.person.shape == (made.SIZE, made.SIZE, 4)
    alphas = np.unique(portrait.person[..., 3])
    assert {0, 255} <= set(alphas.tolist())
    assert len(alphas) > 20  # a soft edge
    assert np.abs(portrait.image - composed(portrait.person, PLATES[name])).max() <= 1


def test_without_another_background_it_is_the_actors_own(actor):
    own = actor.decode(REST)
    assert np.array_equal(actor.plate, made.plate())
    assert np.array_equal(own.image, actor.decode(REST, made.plate()).image)
    assert np.array_equal(own.image[:4], made.plate()[:4])  # where nobody is
    again = actor.draw(*actor.parts(REST))
    assert np.array_equal(own.image, again.image)
    assert np.array_equal(own.person, again.person)


def test_the_person_is_what_painted_and_detail_make(actor):
    person = actor.decode(REST).person
    texture = made.full_texture()
    assert np.ptp(texture[..., 2]) > 150
    assert np.abs(person.astype(int) - texture).max() <= 1  # the mesh lies as in the texture
    outside = np.ones((made.SIZE, made.SIZE), bool)
    outside[2:-2, 2:-2] = False
    assert not person[outside].any()


def test_detail_saturates(actor):
    detail = np.array([[[0, 255, 128, 100], [128, 128, 129, 127]]] * 2, np.uint8)
    painted = np.full((1, 1, 4), 100, np.uint8)
    assert FullTexture(detail).of(painted)[0].tolist() == [[0, 227, 100, 72], [100, 100, 101, 99]]
    painted[:] = 200
    assert FullTexture(detail).of(painted)[0, 0].tolist() == [72, 255, 200, 172]


def test_the_full_texture_is_made_anew_when_and_only_when_something_else_is_painted(actor):
    full, painted = FullTexture(np.full((2, 2, 4), 128, np.uint8)), np.full((1, 1, 4), 100, np.uint8)
    first = full.of(painted)
    first[:] = 7  # a mark
    assert (full.of(painted.copy()) == 7).all()
    painted[:] = 50  # in place, as a session's buffer is
    assert (full.of(painted) == 50).all()


def test_what_is_drawn_later_does_not_change_an_earlier_picture(actor):
    first = actor.decode(turned(0.5))
    image, person = first.image.copy(), first.person.copy()
    actor.decode(turned(-0.5), PLATES["white"])
    assert np.array_equal(first.image, image)
    assert np.array_equal(first.person, person)


def test_nothing_over_a_picture_leaves_it_and_everything_hides_it():
    behind = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    person = np.zeros((5, 7, 4), np.uint8)
    assert np.array_equal(over(person, behind), behind)
    person[:] = (1, 2, 3, 255)
    assert (over(person, behind) == (1, 2, 3)).all()


def test_an_actor_with_detail_and_without_layers_is_opaque():
    actor = make_actor(checked_contents(*made.layered_parts(layers=False)), threads=1)
    portrait = actor.decode(REST, PLATES["green"])
    assert portrait.person is None
    assert actor.plate is None
    assert np.abs(portrait.image.astype(int) - made.full_texture(layers=False)[..., :3]).max() <= 1


@pytest.mark.parametrize("layers", [True, False])
def test_a_file_is_loaded_tried_and_drawn(tmp_path, monkeypatch, layers):
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "config"))
    actor = load_actor(made.layered_actor(tmp_path / "Lea.actor", layers), "cpu", 1)
    assert actor.golden_difference() == 0
    assert (actor.decode(REST).person is not None) == layers


def test_a_mesh_actor_ignores_what_is_behind(tmp_path):
    actor = load_actor(tiny.tiny_actor(tmp_path / "Mia.actor"), "cpu", 1)
    assert np.array_equal(actor.decode(REST, PLATES["green"]).image, actor.decode(REST).image)
    assert actor.decode(REST, PLATES["green"]).person is None
