"""Losses and metrics: pure, named, one value per picture unless stated. Pictures are float (B, C, H, W) in [0, 1]."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def kl_to_standard_normal(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mean, e^logvar) || N(0, 1)) in nats: (B, D) -> (B,), summed over D. Kingma & Welling 2014, app. B."""
    return kl_per_dimension(mean, logvar).sum(dim=1)


def kl_per_dimension(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL of each dimension in nats, (B, D) -> (B, D): near 0 for dimensions that are not used. ibid."""
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar)


def bce_sum(logits: Tensor, target: Tensor) -> Tensor:
    """Bernoulli negative log-likelihood in nats of `target` in [0, 1]: (B, ...) -> (B,), summed. ibid. app. C.1."""
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none").flatten(1).sum(dim=1)


def l1(prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference, (B, C, H, W) -> (B,); `weight` broadcasts against it and is normalised."""
    return _weighted_mean((prediction - target).abs(), weight)


def squared(prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean squared difference, (B, C, H, W) -> (B,); `weight` as in `l1`."""
    return _weighted_mean((prediction - target).square(), weight)


def gradient_difference(prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference of the horizontal and vertical steps, (B, C, H, W) -> (B,).

    Punishes blur where l1 does not. Mathieu et al. 2016, eq. 6, with signed steps and alpha 1.
    weight: (B or 1, 1 or C, H, W), taken at the left and upper pixel of each step.
    """
    difference = prediction - target
    across, down = difference.diff(dim=3).abs(), difference.diff(dim=2).abs()
    if weight is None:
        return _weighted_mean(across, None) + _weighted_mean(down, None)
    return _weighted_mean(across, weight[:, :, :, :-1]) + _weighted_mean(down, weight[:, :, :-1])


def _weighted_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """(B, C, H, W) -> (B,)."""
    if weight is None:
        return values.flatten(1).mean(dim=1)
    weight = weight.expand_as(values)
    return (values * weight).flatten(1).sum(dim=1) / weight.flatten(1).sum(dim=1).clamp_min(1e-8)


def edge_strength(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean size of the horizontal and vertical steps in comparison to the target's: (B, C, H, W) -> (B,).

    Below 1 a picture is softer than the target; 1 for a target without any edge.
    """

    def strength(x: Tensor) -> Tensor:
        return x.diff(dim=3).abs().flatten(1).mean(1) + x.diff(dim=2).abs().flatten(1).mean(1)

    true = strength(target)
    return torch.where(true > 0, strength(prediction) / true.clamp_min(1e-8), torch.ones_like(true))


def psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB, (B, C, H, W) in [0, 1] -> (B,); 100 dB at most (identical pictures)."""
    return -10 * squared(prediction, target).clamp_min(1e-10).log10()


SSIM_WINDOW = 11  # px; Wang et al. 2004, sec. III-C, as are the next three
SSIM_SIGMA = 1.5  # px
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2


def ssim(prediction: Tensor, target: Tensor) -> Tensor:
    """Structural similarity, 1 for identical pictures: (B, C, H, W), sides >= 11 px -> (B,). Wang et al. 2004, (13)."""
    if min(prediction.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(f"SSIM needs at least {SSIM_WINDOW} px a side, got {tuple(prediction.shape)}")
    mean_p, mean_t = _blur(prediction), _blur(target)
    var_p, var_t = _blur(prediction * prediction) - mean_p.square(), _blur(target * target) - mean_t.square()
    covariance = _blur(prediction * target) - mean_p * mean_t
    luminance = (2 * mean_p * mean_t + SSIM_C1) / (mean_p.square() + mean_t.square() + SSIM_C1)
    structure = (2 * covariance + SSIM_C2) / (var_p + var_t + SSIM_C2)
    return (luminance * structure).flatten(1).mean(dim=1)


def _blur(x: Tensor) -> Tensor:
    """Gaussian window mean, borders left out."""
    channels = x.shape[1]
    offsets = torch.arange(SSIM_WINDOW, dtype=x.dtype, device=x.device) - SSIM_WINDOW // 2
    window = torch.softmax(-offsets.square() / (2 * SSIM_SIGMA**2), dim=0)
    x = F.conv2d(x, window.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(x, window.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
