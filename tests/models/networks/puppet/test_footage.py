"""Footage at the model's size, and persons cut out of it."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_person import HAIR, ROWS, SIZE, drawn, wall

from models.data.dataset import Dataset
from models.networks.puppet.footage import ScaledFootage


def test_pictures_of_another_size_are_scaled_with_their_points_and_mattes(layered_dataset: Dataset) -> None:
    footage = ScaledFootage(layered_dataset, 32)
    rows = np.array([3])
    assert footage.images(rows).shape == (1, 32, 32, 3)
    # the middle of pixels 0 and 1 is the middle of pixel 0 of the halved picture
    points = layered_dataset.points
    np.testing.assert_allclose(footage.points[..., :2], (points[..., :2] - 0.5) / 2, atol=1e-4)
    np.testing.assert_allclose(footage.points[..., 2], points[..., 2] / 2, atol=1e-4)
    mattes = layered_dataset.mattes(rows).reshape(1, 32, 2, 32, 2).mean((2, 4))
    np.testing.assert_allclose(footage.mattes(rows), mattes, atol=0.51)
    assert footage.persons(rows, wall(32)).shape == (1, 32, 32, 4)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_persons_have_nothing_of_the_wall_at_their_edges(
    layered_dataset: Dataset, colour: tuple[int, int, int]
) -> None:
    """Laid over another colour they are the person drawn before that colour, to 2 levels."""
    footage = ScaledFootage(layered_dataset, SIZE)
    persons = footage.persons(ROWS, wall(SIZE))
    mattes = layered_dataset.mattes()
    np.testing.assert_array_equal(persons[..., 3], mattes)
    assert ((mattes > 30) & (mattes < 220)).sum() > 50 * len(ROWS)  # there are soft edges
    assert (persons[..., :3] <= persons[..., 3:]).all()  # premultiplied
    share = mattes[..., None] / 255
    found = persons[..., :3] + (1 - share) * np.array(colour)
    people = np.stack([drawn(points, SIZE, HAIR) for points in layered_dataset.points])
    truth = share * people + (1 - share) * np.array(colour)
    assert np.abs(found - truth).max() <= 2


def test_footage_without_mattes_is_opaque(dataset: Dataset) -> None:
    footage = ScaledFootage(dataset, SIZE)
    assert not footage.has_matte
    persons = footage.persons(ROWS[:3], wall(SIZE))
    np.testing.assert_array_equal(persons[..., :3], dataset.images(ROWS[:3]))
    assert (persons[..., 3] == 255).all()
