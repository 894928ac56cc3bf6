"""Which directions an actor offers, in which order and under which numbers."""

from __future__ import annotations

import numpy as np
from planted_latents import STD, planted_latents
from tiny_actor import tiny_latents

from puppet.actor.latents import ranked_dimensions, useful_dimensions
from puppet.explore.directions import Basis, bases, directions


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
    ways = directions(planted_latents(useful=np.array([1, 3], np.int32)), Basis.USEFUL)
    assert [(way.number, way.name) for way in ways] == [(1, "dimension 3"), (0, "dimension 1")]
    assert [way.title for way in ways] == ["1 · dimension 3", "0 · dimension 1"]
    assert [way.title for way in directions(planted_latents(), Basis.ALL)][:2] == ["dimension 3", "dimension 1"]
    assert [way.usefulness for way in ways] == [4.0, 3.0]


def test_directions_are_one_standard_deviation_long():
    latents = planted_latents()
    for basis in bases(latents):
        for way in directions(latents, basis):
            wanted = latents.axes[way.number] if basis is Basis.AXES else np.diag(STD)[int(way.name.split()[1])]
            assert np.allclose(way.vector, wanted)
    assert [way.number for way in directions(latents, Basis.ALL)] == [3, 1, 2, 0, 4, 5]
    assert [way.name for way in directions(latents, Basis.AXES)] == ["axis 0", "axis 1"]
    assert bases(planted_latents(axes=np.zeros((0, 6), np.float32))) == (Basis.USEFUL, Basis.ALL)


def test_where_no_dimension_stands_out_all_are_listed():
    assert [way.number for way in directions(tiny_latents(4), Basis.USEFUL)] == [0, 1, 2, 3]
