"""Rings around the face are registered on the footage."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted_geometry import RINGS, SIZE, Planted

from models.networks.puppet import registration
from puppet.actor.warp import MeshWarp

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def soft_texture() -> np.ndarray:
    """Blobs of every colour, uint8 (SIZE, SIZE, 3)."""
    coarse = torch.rand(1, 3, 14, 14, generator=torch.Generator().manual_seed(1))
    fine = torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic").clamp(0, 1)
    return (fine[0].permute(1, 2, 0) * 255).round().byte().numpy()


def test_rings_move_towards_the_planted_depth(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of a textured head whose rings lie at a planted depth; the first guess is 0.3 eye distances behind."""
    monkeypatch.setattr(registration, "STEPS", 60)
    monkeypatch.setattr(registration, "TEXELS", 48)
    geometry = planted.geometry()
    true_rest, true_follow = geometry.rest.clone(), geometry.follow.clone()
    warp = MeshWarp(planted.mesh.triangles, planted.mesh.texture_points, SIZE)
    vertices = geometry.place(*planted.placements()).numpy()
    pictures = torch.from_numpy(np.stack([warp.draw(soft_texture(), v) for v in vertices]))
    geometry.rest[RINGS, 2] += 0.3

    texture_points = torch.from_numpy(planted.mesh.texture_points)
    generator = torch.Generator().manual_seed(0)
    registration.register_rings(geometry, texture_points, pictures, planted.placements(), generator)

    moving = (true_follow > 0.5)[RINGS]  # the depth of what stays put cannot be seen
    depth_error = (geometry.rest - true_rest)[RINGS, 2][moving]
    assert depth_error.abs().mean() < 0.05
    assert (geometry.rest - true_rest)[RINGS, :2][moving].abs().mean() < 0.05
    assert ((geometry.follow[RINGS] >= 0) & (geometry.follow[RINGS] <= 1)).all()
    elsewhere = np.r_[: RINGS.start, RINGS.stop : len(true_rest)]
    np.testing.assert_array_equal(geometry.rest[elsewhere], true_rest[elsewhere])
    np.testing.assert_array_equal(geometry.follow[elsewhere], true_follow[elsewhere])
