"""The critic against values worked out by hand, and who learns from what."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.networks.critic import PACE, EqualConv, PatchCritic, feature_distance, frozen, hinge

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def pictures(count: int = 2, height: int = 32, width: int = 48) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def critic() -> PatchCritic:
    torch.manual_seed(0)
    return PatchCritic()


def test_hinge_asks_for_one_on_either_side_and_no_more() -> None:
    real, made = torch.tensor([2.0, 1.0, 0.0, -1.0]), torch.tensor([-3.0, -1.0, 0.5, 1.0])
    assert float(hinge(real, made)) == pytest.approx((0 + 0 + 1 + 2) / 4 + (0 + 0 + 1.5 + 2) / 4)
    assert float(hinge(torch.full((5,), 1.0), torch.full((5,), -7.0))) == 0


def test_feature_distance_is_the_mean_over_maps_of_their_mean_difference() -> None:
    """Maps count alike however large they are; the verdict, which comes last, does not count."""
    real = [torch.zeros(1, 2, 4, 4), torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 1, 1)]
    made = [torch.full((1, 2, 4, 4), 0.5), torch.tensor([[[[1.0, 2.0], [3.0, -1.0]]]]), torch.full((1, 1, 1, 1), 99.0)]
    assert float(feature_distance(real, made)) == pytest.approx((0.5 + (0 + 1 + 2 + 2) / 4) / 2)


def test_feature_distance_has_no_gradient_for_the_footages_maps() -> None:
    real, made = [torch.ones(2, requires_grad=True) for _ in range(2)], [torch.zeros(2, requires_grad=True)] * 2
    feature_distance(real, made).backward()
    assert real[0].grad is None
    assert made[0].grad is not None
    assert made[0].grad.tolist() == [-0.5, -0.5]


def test_a_scaled_convolution_keeps_the_signals_size_as_he_does() -> None:
    torch.manual_seed(0)
    layer = EqualConv(64, 128, 3, 1)
    assert layer.weight.std().item() * PACE == pytest.approx(1, abs=0.02)  # a step of the same length is larger here
    x = torch.randn(2, 64, 24, 24)
    made = layer(x)[..., 1:-1, 1:-1]
    assert float(made.detach().square().mean()) == pytest.approx(2, rel=0.1)  # a rectifier halves it
    expected = torch.nn.functional.conv2d(x, layer.weight * PACE * (2 / (64 * 9)) ** 0.5, layer.bias, padding=1)
    torch.testing.assert_close(layer(x), expected)


def test_a_verdict_belongs_to_a_patch(critic: PatchCritic) -> None:
    """Changing one corner changes the verdicts there and leaves those in the other corner alone."""
    before = pictures(1, 64, 64)
    after = before.clone()
    after[:, :, :8, :8] = 1 - after[:, :, :8, :8]
    maps = critic(before)
    assert [tuple(m.shape[1:]) for m in maps] == [(24, 32, 32), (48, 16, 16), (96, 8, 8), (1, 8, 8)]
    change = (critic(after)[-1] - maps[-1]).detach().abs()[0, 0]
    assert change[0, 0] > 0
    assert change[4:].max() == 0
    assert change[:, 4:].max() == 0


def test_frozen_gives_the_same_maps_and_teaches_the_pictures_alone(critic: PatchCritic) -> None:
    made = pictures().requires_grad_()
    maps = frozen(critic, made)
    for mine, expected in zip(maps, critic(made), strict=True):
        torch.testing.assert_close(mine, expected)
    maps[-1].sum().backward()
    assert made.grad is not None
    assert made.grad.abs().min() > 0
    assert all(weight.grad is None for weight in critic.parameters())
    assert all(weight.requires_grad for weight in critic.parameters())  # it can still learn


def test_a_critic_learns_to_tell_sharp_from_soft(critic: PatchCritic) -> None:
    """Stripes of one pixel against the grey that they average to: what a blurred picture shows in their place."""
    sharp = torch.zeros(4, 3, 32, 32)
    sharp[..., ::2] = 1
    soft = torch.full_like(sharp, 0.5)
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-3)
    losses = []
    for _ in range(60):
        loss = hinge(critic(sharp)[-1], critic(soft)[-1])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]
    assert critic(sharp)[-1].mean() > 0.5 > -0.5 > critic(soft)[-1].mean()
