"""Appearance encoder and texture painter: regions of the face that do not see each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn_person import PAINTED
from planted_face import expression

from models.data.dataset import Dataset
from models.networks.puppet.geometry import MOVEMENT
from models.networks.puppet.model import PuppetVAE
from models.networks.puppet.painter import APPEARANCE, CELLS, GROUPS, TexturePainter
from puppet.core.types import POSE_SIZE
from puppet.face.measurements import MEASUREMENT_NAMES
from puppet.head.eyes import LOOK

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def latents_of(group: str) -> slice:
    start = 0
    for name, (_, size, _) in GROUPS.items():
        if name == group:
            return slice(start, start + size)
        start += size
    raise KeyError(group)


@pytest.mark.parametrize("measurement", MEASUREMENT_NAMES)
def test_a_measurement_reaches_only_the_groups_that_may_see_it(fitted: PuppetVAE, measurement: str) -> None:
    measured = torch.zeros(2, len(MEASUREMENT_NAMES))
    measured[1, MEASUREMENT_NAMES.index(measurement)] = 2.0
    mean, logvar = fitted.appearance(measured)
    for group, (names, _, _) in GROUPS.items():
        part = latents_of(group)
        changed = bool((mean[0, part] != mean[1, part]).any())
        assert changed == (measurement in names)
        assert measurement in names or torch.equal(logvar[0, part], logvar[1, part])


def test_every_measurement_is_seen_by_somebody() -> None:
    assert {name for names, _, _ in GROUPS.values() for name in names} == set(MEASUREMENT_NAMES)


@pytest.mark.parametrize("group", GROUPS)
def test_a_latent_paints_only_its_own_part_of_the_stem(fitted: PuppetVAE, group: str) -> None:
    painter, part = fitted.painter, latents_of(group)
    maps = (painter.stem.weight.T * painter.reach).unflatten(1, (-1, CELLS, CELLS))[MOVEMENT + LOOK :][part]
    own = torch.zeros(CELLS, CELLS, dtype=torch.bool)
    for top, bottom, left, right in GROUPS[group][2]:
        own[top:bottom, left:right] = True
    assert (maps[..., ~own] == 0).all()
    assert (maps[..., own] != 0).any(0).all()


def test_a_mouth_leaves_the_eyes_in_the_texture_alone(fitted: PuppetVAE, dataset: Dataset) -> None:
    """Their latents, and the texels that the mouth's part of the stem is too far below to reach."""
    rest = torch.from_numpy(dataset.neutral)[None]
    opened = torch.from_numpy(expression(dataset.neutral, open=0.3))[None]
    pose = torch.zeros(1, POSE_SIZE)
    first = fitted.geometry.size
    eyes = [first + i for group in ("eye_right", "eye_left", "brows") for i in _range(latents_of(group))]
    closed_mean, open_mean = fitted.posterior(rest, pose)[0], fitted.posterior(opened, pose)[0]
    np.testing.assert_array_equal(closed_mean[:, eyes].detach(), open_mean[:, eyes].detach())
    mouth = [first + i for i in _range(latents_of("mouth"))]
    assert (closed_mean[:, mouth] != open_mean[:, mouth]).any()
    change = (fitted.texture(open_mean) - fitted.texture(closed_mean)).abs().detach().amax((0, 1))
    assert change[: PAINTED // 4].max() == 0  # brows and above: two convolutions and the tail do not reach so far
    assert change[PAINTED // 2 :].max() > 0


def _range(part: slice) -> range:
    return range(part.start, part.stop)


# --- pieces ---


def test_an_untrained_painter_paints_its_mean() -> None:
    painter = TexturePainter((8, 8), 32)
    painter.mean.data.fill_(0.5)
    latent = torch.zeros(1, MOVEMENT + LOOK + APPEARANCE)
    np.testing.assert_allclose(painter(latent).detach(), 0.5, atol=1e-6)
    assert painter(latent).shape == (1, 4, 32, 32)


def test_a_texture_that_the_last_map_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="painted size 100 is no multiple of 32"):
        TexturePainter((8, 8, 8), 100)
