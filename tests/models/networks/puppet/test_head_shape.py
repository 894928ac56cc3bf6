"""Rings around a head and down a neck, from a few numbers."""

from __future__ import annotations

import numpy as np
import pytest
from planted_face import rest_face

from models.networks.puppet.head_shape import (
    ALL,
    AVERAGE,
    BESIDE,
    BUMP,
    MOST_SWOLLEN,
    NUMBERS,
    RADII,
    SHORTEST_NECK,
    SYMMETRIC,
    HeadShape,
    Rings,
    lowness,
    rings,
)
from puppet.core.types import Floats, HeadPose
from puppet.face import align
from puppet.face.landmarks import OVAL
from puppet.head.vertices import HALO, HEAD_RINGS, RINGS

PICTURE = 128
POSE = HeadPose(np.eye(3), align.STEADY_EYES * PICTURE, np.array([63.5, 58.0, 0.0]))
CHIN, FOREHEAD, EAR = OVAL.index(152), OVAL.index(10), OVAL.index(234)
OUTLINE = rest_face()[list(OVAL)]
NAMES = list(NUMBERS)


def with_number(name: str, value: float, shape: HeadShape = AVERAGE) -> HeadShape:
    return shape.changed(NAMES.index(name), value - shape[name])


def placed(shape: HeadShape = AVERAGE, pose: HeadPose = POSE) -> Rings:
    """Rings by number and point of the outline: (RINGS, O, 3), (RINGS, O, 2), (RINGS, O)."""
    return Rings(
        *(part.reshape(RINGS, len(OVAL), *part.shape[1:]) for part in rings(rest_face(), shape, pose, PICTURE))
    )


def outwards(points: Floats, shape: HeadShape) -> Floats:
    """How far out points lie, in radii of the ellipsoid."""
    return np.linalg.norm((points - (0, shape["height"], shape["depth"])) / RADII, axis=-1)


def test_above_the_neck_the_last_rings_lie_on_the_ellipsoid_ever_further_behind_the_face() -> None:
    shape = with_number("thickened", 3)
    upper = placed(shape).rest[:HEAD_RINGS, lowness(OUTLINE, shape) == 0]
    assert upper.shape[1] > 15
    np.testing.assert_allclose(outwards(upper[2:], shape), 1, atol=1e-3)
    assert (np.diff(upper[..., 2], axis=0) > 0).all()
    directions = (upper[-1] - (0, shape["height"], shape["depth"])) / RADII
    np.testing.assert_allclose(np.degrees(np.arccos(-directions[:, 2])), shape["end"], atol=0.1)


def test_a_swollen_head_reaches_further_to_where_it_swells() -> None:
    up = HeadShape(AVERAGE.numbers.copy())
    up.numbers[len(NUMBERS)] = -0.2  # along y, which points down
    directions = np.eye(3)[[1, 1, 0]] * [[1], [-1], [1]]
    np.testing.assert_allclose(up.reach(directions.astype(np.float32)), np.exp([-0.2, 0.2, 0]), rtol=1e-6)
    up.numbers[len(NUMBERS)] = -9.0
    np.testing.assert_allclose(up.reach(directions[1:2].astype(np.float32)), np.exp(MOST_SWOLLEN), rtol=1e-6)
    up.numbers[len(NUMBERS)] = -0.2
    top = placed(up).rest[:HEAD_RINGS, FOREHEAD, 1]
    assert (top < placed().rest[:HEAD_RINGS, FOREHEAD, 1] - 0.005).all()


def test_a_bump_lies_behind_a_point_of_the_outline_and_half_of_it_beside() -> None:
    bumpy = AVERAGE.changed(SYMMETRIC + EAR, 0.1)
    before, after = (outwards(placed(shape).rest[:HEAD_RINGS], shape) for shape in (AVERAGE, bumpy))
    near = [EAR - 1, EAR, EAR + 1]
    others = np.setdiff1d(np.arange(len(OVAL)), near)
    np.testing.assert_allclose(after[:, others], before[:, others], rtol=1e-6)
    expected = 1 + 0.1 * np.outer(BUMP, (BESIDE, 1, BESIDE))
    high = lowness(OUTLINE, AVERAGE)[near] == 0
    assert high.any()
    np.testing.assert_allclose((after / before)[:, near][:, high], expected[:, high], rtol=1e-3)


def test_the_halo_lies_around_the_middle_of_the_head_whichever_way_it_turns() -> None:
    """Its first ring behind the head, its last beyond it; nothing else is moved in the picture."""
    rest, halo, _ = placed()
    high = lowness(OUTLINE, AVERAGE) == 0
    assert not halo[:HEAD_RINGS].any()
    np.testing.assert_allclose(rest[HEAD_RINGS:, high] - (0, AVERAGE["height"], AVERAGE["depth"]), 0, atol=1e-6)
    away = np.linalg.norm(halo[:, high] / RADII[:2], axis=-1)
    np.testing.assert_allclose(away[HEAD_RINGS:], np.repeat(np.array(HALO)[:, None], high.sum(), 1), rtol=1e-5)
    neck = lowness(OUTLINE, AVERAGE) == 1
    assert neck.any()
    assert not halo[:, neck].any()


def test_numbers_stay_within_their_limits() -> None:
    for i, number in enumerate(ALL):
        assert number.least <= AVERAGE.numbers[i] <= number.most
        assert AVERAGE.changed(i, 99).numbers[i] == number.most
        assert AVERAGE.changed(i, -99).numbers[i] == number.least
    np.testing.assert_array_equal(AVERAGE.numbers, [number.average for number in ALL])


@pytest.mark.parametrize("number", range(len(ALL)))
@pytest.mark.parametrize("by", [-99, 99])
def test_every_shape_within_the_limits_gives_finite_rings(number: int, by: float) -> None:
    rest, halo, follow = placed(AVERAGE.changed(number, by))
    assert np.isfinite(rest).all()
    assert np.isfinite(halo).all()
    assert ((follow >= 0) & (follow <= 1)).all()


def test_below_the_chin_the_rings_go_down_to_the_pictures_edge() -> None:
    rest = placed().rest
    below = rest[:, CHIN]
    assert (np.diff(below[:, 1]) > 0.02).all()
    assert align.place(below, POSE)[-1, 1] == pytest.approx(0.98 * (PICTURE - 1), abs=0.1)
    behind = below[:, 2] - OUTLINE[CHIN, 2]
    np.testing.assert_allclose(behind[-1], AVERAGE["neck_far"], atol=1e-3)
    assert AVERAGE["neck_near"] < behind[0] < AVERAGE["neck_far"]  # under the chin, not in it


def test_a_chin_at_the_pictures_edge_still_has_a_neck() -> None:
    low = HeadPose(POSE.rotation, POSE.scale, POSE.translation + (0, 60, 0))
    below = placed(pose=low).rest[:, CHIN, 1]
    assert below[-1] - OUTLINE[CHIN, 1] == pytest.approx(SHORTEST_NECK, abs=1e-4)


def test_a_neck_is_as_wide_as_it_is_said_to_be_and_so_from_the_ring_on_that_is_said() -> None:
    shape = with_number("neck_narrowed", 2, with_number("neck_width", 0.6, with_number("neck_begins", -0.1)))
    rest = placed(shape).rest
    low = (lowness(OUTLINE, shape) == 1) & (np.abs(OUTLINE[:, 0]) > 0.1)
    shares = rest[:, low, 0] / OUTLINE[low, 0]
    np.testing.assert_allclose(shares[0], 0.8, atol=1e-4)
    np.testing.assert_allclose(shares[1:], 0.6, atol=1e-4)


def test_hair_follows_the_head_and_the_neck_less_and_less() -> None:
    follow = placed().follow
    np.testing.assert_allclose(follow[:, FOREHEAD], 1)
    assert (np.diff(follow, axis=0) <= 1e-6).all()
    assert follow[-1, CHIN] < 0.05
    assert follow[0, CHIN] == pytest.approx((1 - AVERAGE["neck_stays"]) * (1 - 1 / RINGS), abs=0.05)
    np.testing.assert_allclose(placed(with_number("neck_stays", 1)).follow[:, CHIN], 0, atol=1e-6)


def test_a_head_that_turns_shows_the_side_that_was_hidden() -> None:
    """The rings beside an ear: from the front the last ones lie behind the head, turned away they come into view."""
    beside = placed().rest[:HEAD_RINGS, EAR]

    def outermost(yaw: float) -> int:
        pose = HeadPose(align.rotation_of(np.array([yaw, 0, 0])), 1.0, np.zeros(3))
        return int(align.place(beside, pose)[:, 0].argmin())

    assert outermost(-35) < outermost(0) < outermost(35) < HEAD_RINGS
