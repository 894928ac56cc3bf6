"""Batches of the default architecture: the planted frames, their fields, and their mirror images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn_person import CONFIG, EYES, ROWS, SIZE, angles_of_frames, angles_to_the_left, generator, places

from models.data.dataset import Dataset
from models.networks.mirror import flip_offsets
from models.networks.puppet.batches import FIELD_STEPS, ScaledFootage
from models.networks.puppet.geometry import ANGLES
from models.networks.puppet.model import PuppetVAE

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_batches_are_the_planted_frames(fitted: PuppetVAE, dataset: Dataset) -> None:
    rows = np.array([5, 0, 5, 40])
    batch = fitted.make_batches(dataset, ROWS, augment=True).batch(rows, generator())
    np.testing.assert_array_equal(batch["target"], dataset.images(rows))
    np.testing.assert_allclose(batch["landmarks"], dataset.canonical[rows], atol=1e-4)
    usual = np.median(angles_of_frames(), 0)
    np.testing.assert_allclose(batch["pose"][:, :ANGLES], angles_of_frames()[rows] - usual, atol=0.02)
    place = places(angles_of_frames())[:, :2]
    moved = (place[rows] - np.median(place, 0)) / EYES
    np.testing.assert_allclose(batch["pose"][:, ANGLES:], np.column_stack([moved, np.zeros(4)]), atol=1e-3)
    assert batch["field"].dtype == torch.int16
    assert batch["field"].shape == (4, SIZE, SIZE, 2)


def test_the_field_points_from_the_picture_to_the_texture(fitted: PuppetVAE, dataset: Dataset) -> None:
    """Under the bridge of the nose of a frame lies its place in the texture."""
    batch = fitted.make_batches(dataset, ROWS, augment=False).batch(ROWS, generator())
    field = (batch["field"].float().numpy() / FIELD_STEPS + 1) * (SIZE - 1) / 2
    bridge = 168
    spots = np.round(dataset.points[:, bridge, :2]).astype(int)
    found = field[ROWS, spots[:, 1], spots[:, 0]]
    distance = np.linalg.norm(found - fitted.texture_points[bridge].numpy(), axis=1)
    assert np.median(distance) < 1.5  # the bridge lies up to 0.7 px beside the centre of its pixel


def test_pictures_of_another_size_are_scaled_with_their_points(dataset: Dataset) -> None:
    footage = ScaledFootage(dataset, 32)
    assert footage.images(np.array([3])).shape == (1, 32, 32, 3)
    # the middle of pixels 0 and 1 is the middle of pixel 0 of the halved picture
    np.testing.assert_allclose(footage.points[..., :2], (dataset.points[..., :2] - 0.5) / 2, atol=1e-4)
    np.testing.assert_allclose(footage.points[..., 2], dataset.points[..., 2] / 2, atol=1e-4)


# --- footage that looks to one side only ---


def test_mirrored_frames_are_the_frames_in_a_mirror(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    batch = mirroring.make_batches(one_sided, ROWS, augment=True).batch(ROWS, generator())
    true = torch.from_numpy(one_sided.images(ROWS))
    flipped = (batch["target"] != true).flatten(1).any(1).numpy()
    turned = angles_to_the_left()[:, 0] < -6
    assert not flipped[~turned & (angles_to_the_left()[:, 0] > -3)].any()
    assert 0.25 < flipped[turned].mean() < 0.75
    np.testing.assert_array_equal(batch["target"][flipped], true.flip(2)[flipped])
    neutral, offsets = one_sided.neutral, one_sided.canonical - one_sided.neutral
    expected = neutral + np.where(flipped[:, None, None], flip_offsets(offsets), offsets)
    np.testing.assert_allclose(batch["landmarks"], expected, atol=1e-4)
    absolute = batch["pose"][:, :ANGLES].numpy() + np.median(angles_to_the_left(), 0)  # the usual pose is the true one
    sign = np.where(flipped[:, None], (-1, 1, -1), 1)
    np.testing.assert_allclose(absolute, sign * angles_to_the_left(), atol=0.05)
    x = places(angles_to_the_left())[:, 0]
    moved = (np.where(flipped, SIZE - 1 - x, x) - np.median(x)) / EYES
    np.testing.assert_allclose(batch["pose"][:, ANGLES], moved, atol=1e-3)


def test_the_field_of_a_mirrored_frame_points_to_the_other_side_of_the_texture(
    mirroring: PuppetVAE, one_sided: Dataset
) -> None:
    """Where the mirror shows the left corner of the mouth, there are the right one's texels."""
    batch = mirroring.make_batches(one_sided, ROWS, augment=True).batch(ROWS, generator())
    flipped = np.flatnonzero((batch["target"] != torch.from_numpy(one_sided.images(ROWS))).flatten(1).any(1))
    field = (batch["field"].float().numpy() / FIELD_STEPS + 1) * (SIZE - 1) / 2
    right, left = 61, 291
    x, y = np.round(one_sided.points[flipped, left, :2]).astype(int).T
    found = field[flipped, y, SIZE - 1 - x]
    assert np.median(np.linalg.norm(found - mirroring.texture_points[right].numpy(), axis=1)) < 1.5


def test_nothing_is_mirrored_where_it_is_not_asked_for(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    true = one_sided.images(ROWS)
    evaluation = mirroring.make_batches(one_sided, ROWS, augment=False).batch(ROWS, generator())
    np.testing.assert_array_equal(evaluation["target"], true)
    off = PuppetVAE(CONFIG)
    off.load_state_dict(mirroring.state_dict())
    used, fresh = generator(), generator()
    np.testing.assert_array_equal(off.make_batches(one_sided, ROWS, augment=True).batch(ROWS, used)["target"], true)
    assert torch.equal(used.get_state(), fresh.get_state())  # no random number is spent: runs go on as they did
