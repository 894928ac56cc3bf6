"""Where one is in a latent space, and every way to go on: planted latents, exact answers."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_actor import tiny_latents

from puppet.actor.expression_range import ExpressionRange
from puppet.actor.latents import Latents, latents_from_bytes, latents_to_bytes, ranked_dimensions, useful_dimensions
from puppet.core.errors import PuppetError
from puppet.core.types import Latent
from puppet.explore.exploration import (
    COMMANDS,
    HISTORY,
    Basis,
    Command,
    RandomFaces,
    bases,
    directions,
    explore,
    from_text,
    offset,
    parse_command,
    path,
    to_text,
    walk_target,
)

MEAN = np.array([0.5, 0, -1, 2, 0, 0], np.float32)
STD = np.array([1, 0.5, 2, 1, 0.001, 0.001], np.float32)
KL = np.array([0.2, 3.0, 0.3, 4.0, 0.0, 0.0], np.float32)  # dimensions 4 and 5 are dead


def planted(**changes) -> Latents:
    """Six dimensions: 3 and 1 say most; two axes, the first along dimensions 0 and 2, longest first."""
    axes = np.zeros((2, 6), np.float32)
    axes[0, [0, 2]], axes[1, 1] = (1.2, 1.6), 0.5
    random = np.random.default_rng(0)
    samples = (MEAN + random.standard_normal((200, 6)) * STD).astype(np.float32)
    values = {"mean": MEAN, "std": STD, "axes": axes, "kl": KL, "samples": samples}
    return Latents(**{**values, "directions": {"smile": np.eye(6, dtype=np.float32)[0]}, **changes})


# --- which dimensions are useful ---


def test_the_seeds_rule_finds_the_planted_dimensions_and_dead_ones_rank_last():
    kl = np.full(400, 0.01, np.float32)
    alive = [31, 37, 380, 101]
    kl[alive] = [2, 5, 1.5, 4]
    assert useful_dimensions(kl).tolist() == [37, 101, 31, 380]
    assert ranked_dimensions(kl)[:4].tolist() == [37, 101, 31, 380]
    dead = [7, 200, 399]
    kl[dead] = 0
    assert ranked_dimensions(kl)[-3:].tolist() == dead
    assert not len(useful_dimensions(np.full(8, 0.5, np.float32)))


def test_a_file_that_lists_useful_dimensions_keeps_its_own_numbering():
    ways = directions(planted(useful=np.array([1, 3], np.int32)), Basis.USEFUL)
    assert [(way.number, way.name) for way in ways] == [(1, "dimension 3"), (0, "dimension 1")]
    assert [way.title for way in ways] == ["1 · dimension 3", "0 · dimension 1"]
    assert [way.title for way in directions(planted(), Basis.ALL)][:2] == ["dimension 3", "dimension 1"]
    assert [way.usefulness for way in ways] == [4.0, 3.0]


def test_directions_are_one_standard_deviation_long():
    latents = planted()
    for basis in bases(latents):
        for way in directions(latents, basis):
            wanted = latents.axes[way.number] if basis is Basis.AXES else np.diag(STD)[int(way.name.split()[1])]
            assert np.allclose(way.vector, wanted)
    assert [way.number for way in directions(latents, Basis.ALL)] == [3, 1, 2, 0, 4, 5]
    assert [way.name for way in directions(latents, Basis.AXES)] == ["axis 0", "axis 1"]
    assert bases(planted(axes=np.zeros((0, 6), np.float32))) == (Basis.USEFUL, Basis.ALL)


def test_where_no_dimension_stands_out_all_are_listed():
    assert [way.number for way in directions(tiny_latents(4), Basis.USEFUL)] == [0, 1, 2, 3]


def test_useful_dimensions_come_back_from_the_file_and_nonsense_does_not():
    latents = planted(useful=np.array([3, 1], np.int32))
    assert latents_from_bytes(latents_to_bytes(latents), 6).useful.tolist() == [3, 1]
    assert latents_from_bytes(latents_to_bytes(planted()), 6).useful.tolist() == []
    for wrong in ([6], [-1], [1, 1], [[1, 3]]):
        with pytest.raises(ValueError, match="useful does not name dimensions"):
            latents_from_bytes(latents_to_bytes(planted(useful=np.array(wrong))), 6)


def test_a_file_may_name_the_pair_that_exploring_begins_with():
    latents = planted(useful=np.array([3, 1, 5], np.int32), start=np.array([2, 1], np.int32))
    latents = latents_from_bytes(latents_to_bytes(latents), 6)
    at = explore(latents)
    assert at.pair == (2, 1)  # dimensions 5 and 1, in the file's numbering
    assert at.with_basis(Basis.ALL).pair == (5, 1)
    assert at.with_basis(Basis.AXES).pair == (0, 1)
    for wrong in ([3, 0], [1], [1, 1]):
        with pytest.raises(ValueError, match="start"):
            latents_from_bytes(latents_to_bytes(planted(useful=latents.useful, start=np.array(wrong))), 6)


# --- the mouse ---


@pytest.mark.parametrize("basis", Basis)
def test_corners_of_the_picture_are_planted_coordinates(basis):
    at = explore(planted(), basis).hover(-1, -1)
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
    at = explore(planted()).hover(0.5, -0.5)
    first = at.pair
    frozen = at.toggle_freeze()
    assert frozen.hover(1, 1).shown is at.shown
    other = frozen.with_basis(Basis.ALL).pick(0, 2).toggle_freeze().hover(1, 1)
    assert (other.coordinate(3), other.coordinate(1)) == pytest.approx((0.5, -0.5))
    assert (other.coordinate(0), other.coordinate(2)) == pytest.approx((1, 1))
    assert first == (0, 1)


def test_a_pair_must_be_two_directions_that_there_are():
    at = explore(planted(useful=np.array([1, 3])))
    with pytest.raises(PuppetError, match="There is no 2 among the useful dimensions, 0 to 1"):
        at.pick(0, 2)
    with pytest.raises(PuppetError, match="two different"):
        at.pick(1, 1)


# --- back and forth ---


def test_one_gesture_is_one_step_back():
    start = explore(planted())
    hovered = start.hover(0.1, 0.1).hover(0.2, 0.3).hover(0.4, 0.4)
    dragged = hovered.set_coordinate(0, 1).set_coordinate(0, 2).set_coordinate(0, 3)
    jumped = dragged.go(np.ones(6, np.float32))
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
    at = explore(planted())
    for i in range(HISTORY + 50):
        at = at.go(np.full(6, i, np.float32))
    assert len(at.past) == HISTORY
    assert np.array_equal(at.reset().shown, MEAN)
    assert np.array_equal(at.reset().undo().shown, at.shown)


# --- attributes ---


def test_attributes_are_added_to_the_point_and_leave_it_alone():
    at = explore(planted()).set_amount("smile", 2).set_amount("smile", 3)
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


# --- random faces and walks ---


def test_random_faces_spread_as_the_footage_does_and_stay_within_it():
    random = np.random.default_rng(3)
    latents = planted()
    correlated = latents.samples.copy()
    correlated[:, 1] = 0.5 * (correlated[:, 0] - MEAN[0])  # what belongs together must stay together
    latents = planted(samples=correlated, axes=np.zeros((0, 6), np.float32))
    faces, expression_range = RandomFaces(latents), ExpressionRange(latents, np.ones(6, bool))
    drawn = np.array([faces.draw(random) for _ in range(2000)])
    assert np.allclose(drawn.mean(0), MEAN, atol=0.15)
    assert np.allclose(drawn.std(0), STD * [1, 1, 1, 1, 1, 1], rtol=0.25, atol=0.02)
    assert np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1] > 0.99
    assert max(expression_range.distance(Latent(face)) for face in drawn) < 1.01
    assert not np.array_equal(drawn[0], drawn[1])


def test_random_faces_of_a_file_without_samples_are_the_prior():
    latents = planted(mean=np.zeros(6, np.float32), std=np.ones(6, np.float32), samples=np.zeros((0, 6), np.float32))
    random = np.random.default_rng(3)
    drawn = np.array([RandomFaces(latents).draw(random) for _ in range(500)])
    assert np.allclose(drawn.mean(0), 0, atol=0.2)
    assert np.allclose(drawn.std(0), 1, atol=0.2)


def test_the_walk_takes_half_steps_along_one_direction_and_turns_round():
    at, random, seen = explore(planted()), np.random.default_rng(1), set()
    for _ in range(400):
        target = walk_target(at, random)
        steps = {d.number: at.wander(target).coordinate(d.number) - at.coordinate(d.number) for d in at.directions}
        moved = [number for number, step in steps.items() if abs(step) > 1e-3]
        assert len(moved) == 1
        assert abs(steps[moved[0]]) == pytest.approx(0.5, abs=1e-3)
        seen.add(moved[0])
        at = at.wander(target)
        assert all(abs(at.coordinate(d.number)) < 2.01 for d in at.directions)
    assert seen == {d.number for d in at.directions}
    assert np.array_equal(at.undo().shown, MEAN)  # the whole walk is one step back


# --- morphs ---


def test_a_linear_path_is_even_and_has_both_ends():
    a, b = np.zeros(3, np.float32), np.array([1, 2, 4], np.float32)
    assert np.allclose(path(a, b, 5), np.linspace(0, 1, 5)[:, None] * b)


def test_a_spherical_path_keeps_its_distance_from_the_centre():
    latents = planted()
    a, b = MEAN + 3 * STD * np.eye(6)[0], MEAN + 3 * STD * np.eye(6)[1]
    points = path(a.astype(np.float32), b.astype(np.float32), 9, True, latents)
    whitened = (points - MEAN) / STD
    assert np.allclose(np.linalg.norm(whitened, axis=1), 3, atol=1e-4)
    assert np.allclose(points[[0, -1]], [a, b], atol=1e-5)
    assert np.allclose(whitened[4, :2], 3 / np.sqrt(2), atol=1e-4)
    straight = path(a.astype(np.float32), b.astype(np.float32), 9)
    assert np.linalg.norm((straight[4] - MEAN) / STD) < 2.2  # the straight way passes nearer to the mean
    for away in (MEAN, 2 * MEAN - a):  # the centre itself, and the opposite side: no arc is defined
        away = away.astype(np.float32)
        assert np.allclose(path(a.astype(np.float32), away, 5, True, latents), path(a.astype(np.float32), away, 5))


# --- text ---


def test_a_latent_as_text_comes_back_exactly():
    point = np.random.default_rng(0).standard_normal(96).astype(np.float32) * np.float32(1e-3)
    assert np.array_equal(from_text(to_text(point), 96), point)
    assert np.array_equal(from_text("[1, 2.5,-3e-1]", 3), np.array([1, 2.5, -0.3], np.float32))


@pytest.mark.parametrize(
    ("text", "why"),
    [("1 2", "2 numbers, 3 are needed"), ("1 2 3 4", "3 are needed"), ("", "0 numbers"), ("1 2 x", "'x'"),
     ("1 2 nan", "not finite"), ("1 2 1e9", "far too large"), ("latent of 2: 1 2", "2 numbers")],
)  # fmt: skip
def test_text_that_is_no_latent_is_refused(text, why):
    with pytest.raises(PuppetError, match=why):
        from_text(text, 3)


# --- commands ---


def test_commands_as_they_are_typed():
    assert parse_command(" D 3, 12 ") == Command("d", (3, 12))
    assert parse_command("b big smile") == Command("b", name="big smile")
    assert parse_command("r") == Command("r")
    assert {parse_command(key).key for key in COMMANDS if key not in "dbg"} == set(COMMANDS) - set("dbg")


@pytest.mark.parametrize(
    ("text", "why"),
    [("d 1", "two numbers"), ("d a b", "two numbers"), ("d 1 2 3", "two numbers"), ("g", "a name after it"),
     ("x", "no command 'x'"), ("", "no command"), ("q now", "stands alone")],
)  # fmt: skip
def test_other_text_is_told_how_to_be_typed(text, why):
    with pytest.raises(PuppetError, match=why):
        parse_command(text)
