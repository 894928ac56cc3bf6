"""Edges are smooth: every pixel beside one takes its share of both sides, and of nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from planted_head import (
    COLOUR_SUM,
    FINER,
    around,
    averaged_picture,
    decibels,
    fine_picture,
    plain_picture,
    planted_head,
    planted_person,
)

from puppet.actor import edges
from puppet.actor.warp import MeshWarp

LEAST = 36.0  # dB against the mesh drawn at four times the size
BAND = 3  # px around an edge
SIZE = 64
SQUARE = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
TRIANGLES = np.array([[0, 1, 2], [1, 3, 2]])
HALF_RED = (0, 0, 128, 128)
RED, BLUE = (0, 0, 255), (255, 0, 0)
YAWS = (-40, -25, -15, 0, 15, 25, 40)


def red_before_blue(corners: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A blue square fills the picture; a red one with the given corners (4, 2) px lies before it."""
    texture = np.full((SIZE, 2 * SIZE, 3), 255, np.uint8)  # white belongs to neither
    texture[:, : SIZE - 2], texture[:, SIZE + 2 :] = BLUE, RED
    texture_points = np.concatenate([SQUARE * (SIZE - 4), SQUARE * (SIZE - 8) + (SIZE + 5, 2)])
    behind = np.column_stack([SQUARE * (SIZE + 3) - 2, np.full(4, 9)])
    points = np.concatenate([behind, np.column_stack([corners, np.zeros(4)])]).astype(np.float32)
    return MeshWarp(np.concatenate([TRIANGLES, TRIANGLES + 4]), texture_points, SIZE).draw(texture, points)


@pytest.mark.parametrize("yaw", YAWS)
@pytest.mark.parametrize("size", [256, 384])
def test_a_turning_head_looks_as_if_drawn_larger_and_averaged(yaw: int, size: int) -> None:
    mesh = planted_head(yaw, size)
    truth, edge = averaged_picture(mesh, size)
    picture = MeshWarp(mesh.triangles, mesh.texture_points, size).draw(mesh.texture, mesh.points)
    band = around(edge, BAND)
    assert edge.sum() > 2.5 * size  # its outline at least
    assert decibels(plain_picture(mesh, size)[0], truth, band) < 30  # sampled once a pixel
    assert decibels(picture, truth, band) > LEAST


@pytest.mark.parametrize("yaw", YAWS)
def test_no_pixel_takes_a_colour_that_neither_side_has(yaw: int) -> None:
    """The three channels of all that the mesh shows have one sum; of what lies beside it in the texture another."""
    mesh, size = planted_head(yaw, 256), 256
    picture = MeshWarp(mesh.triangles, mesh.texture_points, size).draw(mesh.texture, mesh.points)
    assert np.abs(picture.sum(2, dtype=int) - COLOUR_SUM).max() <= 2  # rounding
    fine, _ = fine_picture(mesh, size)
    reach = np.ones((3 * FINER, 3 * FINER), np.uint8)  # a pixel and its neighbours
    darkest, brightest = (see(fine, reach)[FINER // 2 :: FINER, FINER // 2 :: FINER] for see in (cv2.erode, cv2.dilate))
    assert (picture >= darkest.astype(int) - 2).all()
    assert (picture <= brightest.astype(int) + 2).all()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.45, 0.7, 0.95])
def test_a_pixel_shows_as_much_of_a_side_as_it_holds(share: float) -> None:
    """Column 20 and row 30 belong to the red square by a share."""
    left, right, top, bottom = 20.5 - share, 50.25, 30.5 - share, 60.25
    picture = red_before_blue(np.array([[left, top], [right, top], [left, bottom], [right, bottom]])).astype(int)
    expected = np.array([255 * (1 - share), 0, 255 * share])
    assert np.abs(picture[32:58, 20] - expected).max() < 2  # levels; rounding, and the triangles' overlap
    assert np.abs(picture[30, 22:48] - expected).max() < 2
    assert (picture[32:58, 22:48] == RED).all()
    assert (picture[:29] == BLUE).all()
    assert (picture[:, :19] == BLUE).all()


def red_alone(corners: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A red person, half transparent, with the given corners (4, 2) px, before nothing."""
    texture = np.full((SIZE, SIZE, 4), HALF_RED, np.uint8)
    points = np.column_stack([corners, np.zeros(4)]).astype(np.float32)
    return MeshWarp(TRIANGLES, SQUARE * (SIZE - 1), SIZE).draw(texture, points)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("turned", [False, True])
def test_an_edge_before_nothing_takes_its_share_of_nothing(share: float, turned: bool) -> None:
    """Premultiplied: colour and alpha by the same share; on all four sides."""
    low, high = 20.5 - share, 39.5 + share
    corners = np.array([[low, low], [high, low], [low, high], [high, high]])
    picture = red_alone(corners[[1, 3, 0, 2]] if turned else corners).astype(int)
    expected = np.array(HALF_RED) * share
    for line in (picture[22:38, 20], picture[22:38, 40], picture[20, 22:38], picture[40, 22:38]):
        assert np.abs(line - expected).max() < 2
    assert (picture[22:38, 22:38] == HALF_RED).all()
    around_it = np.ones((SIZE, SIZE), bool)
    around_it[20:41, 20:41] = False
    assert not picture[around_it].any()


def test_a_person_who_reaches_beyond_the_picture_is_whole_up_to_its_border() -> None:
    picture = red_alone(np.array([[-9, 30.2], [90, 30.2], [-9, 90], [90, 90]])).astype(int)
    assert (picture[31:] == HALF_RED).all()
    assert np.abs(picture[30] - np.array(HALF_RED) * 0.3).max() < 2
    assert not picture[:30].any()


def test_a_person_outside_of_the_picture_is_not_there() -> None:
    for there in (-200, 200):
        assert not red_alone(there + SQUARE * 50).any()
    assert not red_alone(np.full((4, 2), np.nan)).any()


def test_what_is_not_covered_takes_no_search_for_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "distanceTransformWithLabels", None)
    assert red_alone(np.array([[9, 9], [50, 9], [9, 50], [50, 50]])).any()


@pytest.mark.parametrize("yaw", YAWS)
def test_a_person_before_nothing_looks_as_if_drawn_larger_and_averaged(yaw: int) -> None:
    mesh, size = planted_person(yaw, 256), 256
    truth, edge = averaged_picture(mesh, size)
    picture = MeshWarp(mesh.triangles, mesh.texture_points, size).draw(mesh.texture, mesh.points)
    assert edge.sum() > 1.2 * size  # its outline at least
    assert decibels(picture, truth, around(edge, BAND)) > LEAST
    inside = picture[..., 3] > 0
    sums = picture[..., :3].sum(2, dtype=int)
    assert np.abs(sums[inside] - COLOUR_SUM * (picture[..., 3][inside] / 255.0)).max() <= 3  # rounding
    assert not picture[~inside].any()


def test_an_edge_of_what_cannot_be_seen_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The triangles reach further than the person does, as exported ones may."""
    mesh = planted_person(25, 256)
    texture = mesh.texture.copy()
    texture[:] = 0
    monkeypatch.setattr(edges, "_edge_between", None)
    assert not MeshWarp(mesh.triangles, mesh.texture_points, 256).draw(texture, mesh.points).any()


def test_a_strip_thinner_than_a_pixel_fills_no_pixel() -> None:
    """Its middle runs through the pixels' centres: 0.3 of each is its own."""
    picture = red_before_blue(np.array([[19.8, 10], [20.1, 10], [19.8, 50], [20.1, 50]])).astype(int)
    assert np.abs(picture[12:48, 20] - [255 * 0.7, 0, 255 * 0.3]).max() < 3
    assert (picture[:, 21:] == BLUE).all()
    assert (picture[:, :19] == BLUE).all()


def test_an_edge_is_smooth_up_to_the_border_of_the_picture() -> None:
    """The red side reaches beyond three borders; what it leaves of row 0 has nothing to do with the row after it."""
    picture = red_before_blue(np.array([[-9, -9], [20.25, -9], [-9, 90], [20.25, 90]])).astype(int)
    assert np.abs(picture[:, 20] - [255 / 4, 0, 255 * 3 / 4]).max() < 1
    assert (picture[:, :20] == RED).all()
    assert (picture[:, 21:] == BLUE).all()


def test_away_from_edges_every_pixel_is_sampled_once() -> None:
    mesh = planted_head(25, 256)
    picture = MeshWarp(mesh.triangles, mesh.texture_points, 256).draw(mesh.texture, mesh.points)
    plain, _ = plain_picture(mesh, 256)
    _, edge = averaged_picture(mesh, 256)
    changed = (picture != plain).any(2)
    assert changed.any()
    assert not changed[~around(edge, BAND)].any()


def test_a_mesh_of_nothing_but_edges_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "MOST_PAIRS", 100)
    mesh = planted_head(25, 256)
    picture = MeshWarp(mesh.triangles, mesh.texture_points, 256).draw(mesh.texture, mesh.points)
    assert np.array_equal(picture, plain_picture(mesh, 256)[0])
