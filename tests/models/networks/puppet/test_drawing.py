"""Drawing in torch: what the app draws, with a gradient."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from drawn_person import PAINTED, ROWS, SIZE, TEXTURE, generator

from models.data.dataset import Dataset
from models.networks.base import to_picture
from models.networks.puppet.batches import as_grid
from models.networks.puppet.drawing import (
    LARGEST_WINDOW,
    composed,
    drawn,
    every_second_pixel,
    random_window,
    sampled_by_all,
)
from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.model import PuppetVAE
from models.networks.puppet.tracked_frames import tracked_vertices
from puppet.actor.layers import NOTHING_ADDED, FullTexture
from puppet.core.pixels import over

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def waves(side: int, channels: int = 4) -> torch.Tensor:
    """Smooth, (1, channels, side, side) in 0.3 .. 0.7; the last channel, the alpha, is the largest."""
    at = (torch.arange(side) + 0.5) / side * 7
    y, x = torch.meshgrid(at, at, indexing="ij")
    return torch.stack([0.5 + 0.15 * torch.sin(x + i) * torch.cos(y - i) + 0.05 * i for i in range(channels)])[None]


def test_torch_draws_what_the_app_draws(layered: PuppetVAE, layered_dataset: Dataset) -> None:
    """To 2 levels, away from edges, whose pixels the app makes of several samples."""
    rows = ROWS[:6]
    vertices = tracked_vertices(layered.geometry, ScaledFootage(layered_dataset, SIZE).points[rows])
    field = as_grid(layered.make_batches(layered_dataset, ROWS, augment=False).batch(rows, generator())["field"])
    detail = (0.3 * waves(TEXTURE).roll(17, -1) - 0.15).mul(255).round() / 255
    painted = (waves(PAINTED) * 255).round() / 255
    made = to_picture(composed(drawn(painted.expand(6, -1, -1, -1), detail, field), torch.zeros(1, 3, 1, 1)))
    levels = (detail[0].permute(1, 2, 0) * 255 + NOTHING_ADDED).round().to(torch.uint8).contiguous().numpy()
    full, warp, black = FullTexture(levels), layered.mesh_warp(), np.zeros((SIZE, SIZE, 3), np.uint8)
    for picture, place, map_xy in zip(made.numpy(), vertices, field.numpy(), strict=True):
        app = over(warp.draw(full.of(to_picture(painted)[0].contiguous().numpy()), place), black)
        steps = [np.abs(np.diff(map_xy, axis=axis, prepend=np.nan)).max(-1) for axis in (0, 1)]
        edges = ~(np.maximum(*steps) < 4 / TEXTURE)
        away = cv2.dilate(edges.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
        assert away.mean() > 0.15
        assert np.abs(picture.astype(int) - app)[away].max() <= 2


def test_one_picture_is_sampled_by_every_field() -> None:
    picture = waves(12, 3)
    field = torch.rand(5, 7, 9, 2, generator=generator()) * 2 - 1
    expected = torch.nn.functional.grid_sample(
        picture.expand(5, -1, -1, -1), field, padding_mode="border", align_corners=False
    )
    torch.testing.assert_close(sampled_by_all(picture, field), expected)


def test_detail_and_what_is_painted_both_learn() -> None:
    painted, detail = (waves(side).requires_grad_() for side in (8, 24))
    field = torch.zeros(1, 1, 1, 2)  # the middle
    drawn(painted, detail, field).sum().backward()
    for texture in (painted, detail):
        assert texture.grad is not None
        assert float(texture.grad.sum()) == pytest.approx(4)
        middle = texture.shape[-1] // 2
        assert float(texture.grad[..., middle - 1 : middle + 1, middle - 1 : middle + 1].sum()) == pytest.approx(4)


def test_a_person_over_a_colour_is_as_in_the_app() -> None:
    rng = np.random.default_rng(0)
    alpha = rng.integers(0, 256, (16, 16, 1))
    person = np.concatenate([rng.integers(0, 256, (16, 16, 3)) * alpha // 255, alpha], -1).astype(np.uint8)
    behind = rng.integers(0, 256, (16, 16, 3), np.uint8)
    as_network = [torch.from_numpy(p).permute(2, 0, 1)[None] / 255 for p in (person, behind)]
    made = to_picture(composed(*as_network))[0].numpy()
    assert np.abs(made.astype(int) - over(person, behind)).max() <= 1


def test_steps_see_every_second_pixel_or_a_window() -> None:
    draws = generator()
    picture = torch.arange(10 * 10).reshape(10, 10)
    seen = {tuple(picture[every_second_pixel(draws)].flatten().tolist()) for _ in range(40)}
    assert len(seen) == 4
    assert all(len(pixels) == 25 for pixels in seen)
    assert set().union(*seen) == set(range(100))
    for side, size in ((64, 32), (100, 48), (512, LARGEST_WINDOW)):
        corners = []
        for _ in range(200):
            rows, columns = random_window(side, draws)
            assert rows.stop - rows.start == columns.stop - columns.start == size
            assert 0 <= rows.start <= rows.stop <= side
            corners.append((rows.start, columns.start))
        assert np.ptp(corners, axis=0).min() > 0.8 * (side - size)
