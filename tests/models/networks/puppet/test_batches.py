"""Batches of the default architecture: the planted frames, their fields, and their mirror images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn_person import (
    CONFIG,
    EYES,
    ROWS,
    SIZE,
    TEXTURE,
    angles_of_frames,
    angles_to_the_left,
    generator,
    places,
    wall,
)

from models.common.types import Batch
from models.data.dataset import Dataset
from models.networks.mirror import flip_offsets
from models.networks.puppet import batches as made
from models.networks.puppet.batches import as_grid
from models.networks.puppet.geometry import ANGLES
from models.networks.puppet.model import PuppetVAE
from puppet.core.types import Floats

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_batches_are_the_planted_frames(fitted: PuppetVAE, dataset: Dataset) -> None:
    rows = np.array([5, 0, 5, 40])
    batch = fitted.make_batches(dataset, ROWS, augment=True).batch(rows, generator())
    np.testing.assert_array_equal(batch["target"][..., :3], dataset.images(rows))
    assert (batch["target"][..., 3] == 255).all()
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
    field = texels(batch)
    bridge = 168
    spots = np.round(dataset.points[:, bridge, :2]).astype(int)
    found = field[ROWS, spots[:, 1], spots[:, 0]]
    distance = np.linalg.norm(found - fitted.texture_points[bridge].numpy(), axis=1)
    assert np.median(distance) < 1.5  # the bridge lies up to 0.7 px beside the centre of its pixel


def test_targets_are_the_person_alone_and_pictures_are_still_there(
    layered: PuppetVAE, layered_dataset: Dataset
) -> None:
    rows = ROWS[:3]
    frames = layered.make_batches(layered_dataset, ROWS, augment=False)
    target = frames.batch(rows, generator())["target"].numpy()
    mattes = layered_dataset.mattes(rows)
    np.testing.assert_array_equal(target[..., 3], mattes)
    assert not target[mattes == 0].any()
    np.testing.assert_array_equal(frames.originals(rows), layered_dataset.images(rows))
    share = mattes[..., None] / 255
    assert np.abs(target[..., :3] + (1 - share) * wall(SIZE) - layered_dataset.images(rows)).max() < 12  # the plate


def test_training_sees_the_fields_where_detail_lies_and_evaluation_where_the_app_draws(
    layered: PuppetVAE, layered_dataset: Dataset
) -> None:
    rows = ROWS[5:9]
    aligned, tracked = (
        texels(layered.make_batches(layered_dataset, ROWS, augment=augment).batch(rows, generator()))
        for augment in (True, False)
    )
    moved = np.abs(aligned - tracked)
    assert moved.max() > 0.1
    assert moved.max() < 4.5 * TEXTURE / 384  # texels of this texture: FURTHEST of those at which frames are compared


def test_frames_that_fill_the_memory_are_computed_again(
    layered: PuppetVAE, layered_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "CACHED_BYTES", 3 * 8 * SIZE * SIZE)  # of four frames three
    frames = layered.make_batches(layered_dataset, ROWS, augment=False)
    once, again = (frames.batch(ROWS[:4], generator()) for _ in range(2))
    for name, values in once.items():
        np.testing.assert_array_equal(again[name], values)
    assert not frames._kept
    frames.batch(ROWS[:2], generator())
    assert len(frames._kept) == 2


def texels(batch: Batch) -> Floats:
    """The field of a batch in px of the texture."""
    return (as_grid(batch["field"]).numpy() + 1) * (TEXTURE / 2) - 0.5


# --- footage that looks to one side only ---


def test_mirrored_frames_are_the_frames_in_a_mirror(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    batch = mirroring.make_batches(one_sided, ROWS, augment=True).batch(ROWS, generator())
    true = torch.from_numpy(one_sided.images(ROWS))
    flipped = (batch["target"][..., :3] != true).flatten(1).any(1).numpy()
    turned = angles_to_the_left()[:, 0] < -6
    assert not flipped[~turned & (angles_to_the_left()[:, 0] > -3)].any()
    assert 0.25 < flipped[turned].mean() < 0.75
    np.testing.assert_array_equal(batch["target"][flipped][..., :3], true.flip(2)[flipped])
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
    flipped = np.flatnonzero((batch["target"][..., :3] != torch.from_numpy(one_sided.images(ROWS))).flatten(1).any(1))
    field = texels(batch)
    right, left = 61, 291
    x, y = np.round(one_sided.points[flipped, left, :2]).astype(int).T
    found = field[flipped, y, SIZE - 1 - x]
    assert np.median(np.linalg.norm(found - mirroring.texture_points[right].numpy(), axis=1)) < 1.5


def test_nothing_is_mirrored_where_it_is_not_asked_for(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    true = one_sided.images(ROWS)
    evaluation = mirroring.make_batches(one_sided, ROWS, augment=False).batch(ROWS, generator())
    np.testing.assert_array_equal(evaluation["target"][..., :3], true)
    off = PuppetVAE(CONFIG)
    off.load_state_dict(mirroring.state_dict())
    used, fresh = generator(), generator()
    seen = off.make_batches(one_sided, ROWS, augment=True).batch(ROWS, used)
    np.testing.assert_array_equal(seen["target"][..., :3], true)
    assert torch.equal(used.get_state(), fresh.get_state())  # no random number is spent: runs go on as they did
