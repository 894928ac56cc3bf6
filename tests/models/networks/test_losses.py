"""Losses against closed forms and planted pictures."""

from __future__ import annotations

import math

import pytest
import torch

from models.networks import losses


def test_kl_of_the_standard_normal_is_zero():
    zeros = torch.zeros(3, 5)
    assert losses.kl_to_standard_normal(zeros, zeros).tolist() == [0.0, 0.0, 0.0]


def test_kl_closed_forms():
    shifted = losses.kl_to_standard_normal(torch.full((1, 4), 2.0), torch.zeros(1, 4))
    assert shifted.item() == pytest.approx(4 * 2.0**2 / 2)
    sigma = 0.5
    narrowed = losses.kl_to_standard_normal(torch.zeros(1, 3), torch.full((1, 3), 2 * math.log(sigma)))
    assert narrowed.item() == pytest.approx(3 * (sigma**2 / 2 - 0.5 - math.log(sigma)))


def test_kl_agrees_with_torch_distributions():
    mean, logvar = torch.randn(2, 6, generator=torch.Generator().manual_seed(1)), torch.linspace(-3, 1, 12).view(2, 6)
    posterior = torch.distributions.Normal(mean, (logvar / 2).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1)
    assert torch.allclose(losses.kl_to_standard_normal(mean, logvar), expected, atol=1e-5)
    assert torch.allclose(losses.kl_per_dimension(mean, logvar).sum(1), expected, atol=1e-5)


def test_bce_of_an_undecided_prediction_is_log_two_a_value():
    target = torch.rand(2, 3, 4, 4)
    assert losses.bce_sum(torch.zeros(2, 3, 4, 4), target).tolist() == pytest.approx([48 * math.log(2)] * 2)


def test_bce_is_least_at_the_target():
    target = torch.full((1, 1, 2, 2), 0.25)
    logits = torch.logit(target).requires_grad_()
    losses.bce_sum(logits, target).sum().backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-6


def test_l1_and_squared_are_means_over_a_picture():
    a, b = torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)
    a[0, :, :2] = 0.5  # half the pixels
    assert losses.l1(a, b).tolist() == pytest.approx([0.25, 0.0])
    assert losses.squared(a, b).tolist() == pytest.approx([0.125, 0.0])


def test_a_weight_leaves_out_what_it_hides():
    a, b = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    a[:, :, 0, 0] = 1.0
    hidden = torch.ones(1, 1, 4, 4)
    hidden[:, :, 0, 0] = 0.0
    assert losses.l1(a, b, hidden).item() == 0.0
    assert losses.gradient_difference(a, b, hidden).item() == 0.0
    assert losses.l1(a, b, 1 - hidden).item() == pytest.approx(1.0)


def test_gradient_difference_sees_edges_and_not_brightness():
    ramp = torch.linspace(0, 1, 5).expand(1, 1, 5, 5)  # steps of 1/4 across, none down
    assert losses.gradient_difference(ramp, ramp + 0.3).item() == pytest.approx(0.0, abs=1e-6)
    assert losses.gradient_difference(ramp, torch.zeros(1, 1, 5, 5)).item() == pytest.approx(0.25)


def test_psnr_of_a_known_error():
    a = torch.full((1, 3, 8, 8), 0.5)
    assert losses.psnr(a, a + 0.1).item() == pytest.approx(20.0, abs=1e-3)
    assert losses.psnr(a, a).item() == pytest.approx(100.0)


def picture(side: int) -> torch.Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(3))


def test_ssim_of_identical_pictures_is_one():
    x = picture(32)
    assert losses.ssim(x, x).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)


def test_ssim_of_constant_pictures_is_the_luminance_term():
    """Without structure only luminance differs: (2ab + c1) / (a^2 + b^2 + c1)."""
    a, b = torch.full((1, 1, 16, 16), 0.2, dtype=torch.float64), torch.full((1, 1, 16, 16), 0.6, dtype=torch.float64)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert losses.ssim(a, b).item() == pytest.approx(expected, abs=1e-9)


def test_ssim_falls_with_noise_and_is_symmetric():
    x = picture(64)
    little, much = (x + s * torch.randn(x.shape, generator=torch.Generator().manual_seed(4)) for s in (0.05, 0.3))
    assert (losses.ssim(x, much) < losses.ssim(x, little)).all()
    assert torch.allclose(losses.ssim(x, much), losses.ssim(much, x), atol=1e-6)


def test_following_the_gradient_of_ssim_restores_the_picture():
    target = picture(24)
    x = (target + 0.2 * torch.randn(target.shape, generator=torch.Generator().manual_seed(5))).requires_grad_()
    before = losses.ssim(x, target).mean()
    (gradient,) = torch.autograd.grad(before, x)
    assert torch.isfinite(gradient).all()
    assert losses.ssim(x + 10 * gradient, target).mean() > before


def test_ssim_refuses_pictures_smaller_than_its_window():
    with pytest.raises(ValueError, match="11 px"):
        losses.ssim(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
