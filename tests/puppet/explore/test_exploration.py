"""Every change of an exploration, with planted latents and exact values."""

from __future__ import annotations

import numpy as np
import pytest
from planted_latents import MEAN, planted_latents

from puppet.actor.latents import Latents, latents_from_bytes, latents_to_bytes
from puppet.core.errors import PuppetError
from puppet.explore.directions import Basis, offset
from puppet.explore.exploration import HISTORY, explore


def test_a_file_may_name_the_pair_that_exploring_begins_with():
    latents = planted_latents(useful=np.array([3, 1, 5], np.int32), start=np.array([2, 1], np.int32))
    latents = latents_from_bytes(latents_to_bytes(latents), 6)
    at = explore(latents)
    assert at.pair == (2, 1)  # dimensions 5 and 1, in the file's numbering
    assert at.with_basis(Basis.ALL).pair == (5, 1)
    assert at.with_basis(Basis.AXES).pair == (0, 1)
    for wrong in ([3, 0], [1], [1, 1]):
        with pytest.raises(ValueError, match="start"):
            latents_from_bytes(latents_to_bytes(planted_latents(useful=latents.useful, start=np.array(wrong))), 6)


# --- the mouse ---


@pytest.mark.parametrize("basis", Basis)
def test_corners_of_the_picture_are_planted_coordinates(basis):
    at = explore(planted_latents(), basis).hover(-1, -1)
    right, up = at.pair
    assert (at.coordinate(right), at.coordinate(up)) == pytest.approx((-1, -1))
    at = at.with_reach(2.5).hover(1, 0.5)
    assert (at.coordinate(right), at.coordinate(up)) == pytest.approx((2.5, 1.25))
    wanted = MEAN + 2.5 * at.direction(right).vector + 1.25 * at.direction(up).vector
    assert np.allclose(at.shown, wanted, atol=1e-6)
    outside = at.hover(7, -7)
    assert (outside.coordinate(right), outside.coordinate(up)) == pytest.approx((2.5, -2.5))


def test_a_prior_of_mean_0_and_deviation_1_gives_the_seeds_own_coordinates():
    zeros, nothing = np.zeros(400, np.float32), np.zeros((0, 400), np.float32)
    latents = Latents(zeros, zeros + 1, nothing, zeros, nothing, useful=np.array([31, 37, 42], np.int32))
    at = explore(latents).pick(2, 0).hover(-1, 1)
    assert {int(i): float(at.shown[i]) for i in np.flatnonzero(at.shown)} == {42: -1.0, 31: 1.0}


def test_a_frozen_pair_stays_while_another_one_moves():
    at = explore(planted_latents()).hover(0.5, -0.5)
    first = at.pair
    frozen = at.toggle_freeze()
    assert frozen.hover(1, 1).shown is at.shown
    other = frozen.with_basis(Basis.ALL).pick(0, 2).toggle_freeze().hover(1, 1)
    assert (other.coordinate(3), other.coordinate(1)) == pytest.approx((0.5, -0.5))
    assert (other.coordinate(0), other.coordinate(2)) == pytest.approx((1, 1))
    assert first == (0, 1)


def test_a_pair_must_be_two_directions_that_there_are():
    at = explore(planted_latents(useful=np.array([1, 3])))
    with pytest.raises(PuppetError, match="There is no 2 among the useful dimensions, 0 to 1"):
        at.pick(0, 2)
    with pytest.raises(PuppetError, match="two different"):
        at.pick(1, 1)


# --- back and forth ---


def test_one_gesture_is_one_step_back():
    start = explore(planted_latents())
    hovered = start.hover(0.1, 0.1).hover(0.2, 0.3).hover(0.4, 0.4)
    dragged = hovered.set_coordinate(0, 1).set_coordinate(0, 2).set_coordinate(0, 3)
    jumped = dragged.jump_to(np.ones(6, np.float32))
    assert jumped.frozen
    for wanted in (dragged, hovered, start):
        jumped = jumped.undo()
        assert np.array_equal(jumped.shown, wanted.shown)
    assert jumped.undo() is jumped
    for wanted in (hovered, dragged):
        jumped = jumped.redo()
        assert np.array_equal(jumped.shown, wanted.shown)
    assert jumped.hover(1, 1) is jumped  # frozen: the mouse must not overwrite what was fetched back
    assert not jumped.set_coordinate(0, -1).future


def test_history_is_bounded_and_reset_can_be_undone():
    at = explore(planted_latents())
    for i in range(HISTORY + 50):
        at = at.jump_to(np.full(6, i, np.float32))
    assert len(at.past) == HISTORY
    assert np.array_equal(at.reset().shown, MEAN)
    assert np.array_equal(at.reset().undo().shown, at.shown)


# --- attributes ---


def test_attributes_are_added_to_the_point_and_leave_it_alone():
    at = explore(planted_latents()).set_amount("smile", 2).set_amount("smile", 3)
    assert at.shown[0] == MEAN[0] + 3
    assert np.array_equal(at.place.point, MEAN)
    assert at.set_amount("smile", 9).shown[0] == MEAN[0] + 4
    assert at.set_amount("smile", 0).place.amounts == {}
    assert np.array_equal(at.undo().shown, MEAN)
    with pytest.raises(PuppetError, match="'beard'"):
        at.set_amount("beard", 1)
    assert offset(at.latents, {}) is None
    assert offset(at.latents, {"beard": 1.0, "smile": 0.0}) is None
    added = offset(at.latents, {"smile": -1.5})
    assert added is not None
    assert np.array_equal(np.flatnonzero(added), [0])
