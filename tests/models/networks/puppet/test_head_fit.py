"""Heads are fitted to the footage by drawing it anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from planted_geometry import FRAMES, SIZE, Planted

from models.networks.puppet import head_fit
from models.networks.puppet.geometry import Geometry
from models.networks.puppet.head_fit import fit_head
from models.networks.puppet.head_shape import AVERAGE, NUMBERS, SYMMETRIC, HeadShape, rings
from models.networks.puppet.mesh import BEHIND_TRIANGLES, ActorMesh
from puppet.actor.warp import MeshWarp
from puppet.core.types import Image

pytestmark = pytest.mark.usefixtures("one_torch_thread")
ROWS = np.arange(0, FRAMES, 4)
NO_PLATE = np.zeros((SIZE, SIZE, 3), np.uint8)


def soft_texture() -> Image:
    """Blobs of every colour, opaque, uint8 (SIZE, SIZE, 4)."""
    coarse = torch.rand(1, 3, 14, 14, generator=torch.Generator().manual_seed(1))
    fine = torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic").clamp(0, 1)
    colours = (fine[0].permute(1, 2, 0) * 255).round().byte().numpy()
    return np.concatenate([colours, np.full_like(colours[..., :1], 255)], -1)


def filmed(planted: Planted, mesh: ActorMesh) -> Any:
    """Footage of a head with that mesh, cut out: of what `fit_head` asks for."""
    geometry = planted.geometry()
    geometry.set_base(mesh)
    drawn = mesh.triangles[~mesh.beyond_head]
    warp = MeshWarp(drawn, mesh.texture_points, SIZE, mesh.openings, BEHIND_TRIANGLES)
    texture = soft_texture()
    pictures = np.stack([warp.draw(texture, v) for v in geometry.place(*planted.placements()).numpy()])
    points = np.stack([planted.points(row) for row in range(FRAMES)])
    return SimpleNamespace(size=SIZE, has_matte=True, points=points, persons=lambda rows, plate: pictures[rows])


def fitted(planted: Planted, footage: Any) -> tuple[Geometry, ActorMesh]:
    geometry = planted.geometry()
    mesh = fit_head(geometry, planted.mesh, footage, NO_PLATE, ROWS, planted.held(), SIZE)
    return geometry, mesh


def error(planted: Planted, footage: Any, mesh: ActorMesh) -> float:
    return head_fit._Redrawing(planted.geometry(), planted.mesh, footage, NO_PLATE, ROWS, SIZE).error(mesh)


def of_shape(planted: Planted, shape: HeadShape) -> ActorMesh:
    return planted.mesh.with_rings(rings(planted.rest, shape, planted.held(), SIZE), planted.held())


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SIDE": 64, "TEXELS": 96, "ROUNDS": 1}.items():
        monkeypatch.setattr(head_fit, name, value)


def test_a_head_that_is_deeper_with_a_thinner_neck_is_found(planted: Planted) -> None:
    numbers = AVERAGE.numbers.copy()
    names = list(NUMBERS)
    numbers[names.index("depth")] += 0.3
    numbers[names.index("neck_width")] -= 0.2
    true = of_shape(planted, HeadShape(numbers))
    footage = filmed(planted, true)
    at_first, at_best = error(planted, footage, of_shape(planted, AVERAGE)), error(planted, footage, true)
    geometry, mesh = fitted(planted, footage)
    found = error(planted, footage, mesh)
    assert at_best < 0.6 * at_first
    assert found < at_first - 0.5 * (at_first - at_best)
    for name in ("rest", "halo", "follow", "home"):
        np.testing.assert_array_equal(getattr(geometry, name).numpy(), getattr(mesh, name))


def test_a_head_that_is_right_gets_no_worse(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    average = of_shape(planted, AVERAGE)
    footage = filmed(planted, average)
    _, mesh = fitted(planted, footage)
    assert error(planted, footage, mesh) <= error(planted, footage, average)
    assert np.abs(mesh.rest - average.rest)[..., :2].max() < 0.15
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == f"fitting the head: 0/{SYMMETRIC} numbers (0 %)"  # it takes minutes for a large actor
    assert last.startswith(f"fitting the head: {SYMMETRIC}/{SYMMETRIC} numbers (100 %) in ")


def test_a_person_who_is_not_drawn_counts_more_than_one_who_is_drawn_wrongly(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_head, footage = AVERAGE.numbers.copy(), filmed(planted, of_shape(planted, AVERAGE))
    small_head[SYMMETRIC:] -= 0.2
    too_small = of_shape(planted, HeadShape(small_head))
    counted = error(planted, footage, too_small)
    monkeypatch.setattr(head_fit, "MISSING", 0.0)
    assert counted > 1.1 * error(planted, footage, too_small)
