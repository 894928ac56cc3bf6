"""Losses and metrics: pure, named, one value per picture unless stated. Pictures are float (B, C, H, W) in [0, 1]."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def kl_to_standard_normal(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mean, e^logvar) || N(0, 1)) in nats: (B, D) -> (B,), summed over D. Kingma & Welling 2014, app. B."""
    return kl_per_dimension(mean, logvar).sum(dim=1)


def kl_per_dimension(mean: Tensor, logvar: Tensor) -> Tensor:
    """The same before the sum: (B, D) -> (B, D); tells which dimensions are used."""
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


def psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB, (B, C, H, W) in [0, 1] -> (B,); 100 dB at most (identical pictures)."""
    return -10 * squared(prediction, target).clamp_min(1e-10).log10()


SSIM_WINDOW = 11  # px; Wang et al. 2004, sec. III-C, as are the next three
SSIM_SIGMA = 1.5  # px
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2
MS_SSIM_WEIGHTS = (
    0.0448,
    0.2856,
    0.3001,
    0.2363,
    0.1333,
)  # finest to coarsest; Wang, Simoncelli & Bovik 2003, sec. 3.2


def ssim(prediction: Tensor, target: Tensor) -> Tensor:
    """Structural similarity, 1 for identical pictures: (B, C, H, W), sides >= 11 px -> (B,). Wang et al. 2004."""
    luminance, structure = _ssim_maps(prediction, target)
    return (luminance * structure).flatten(1).mean(dim=1)


def ms_ssim(prediction: Tensor, target: Tensor) -> Tensor:
    """SSIM over up to five scales (as many as the pictures' size admits), (B, C, H, W) -> (B,).

    Wang, Simoncelli & Bovik 2003, eq. 7; with fewer scales the weights are renormalised to sum to 1.
    """
    side = min(prediction.shape[-2:])
    scales = sum(side // 2**k >= SSIM_WINDOW for k in range(len(MS_SSIM_WEIGHTS)))
    total = sum(MS_SSIM_WEIGHTS[:scales])
    result = prediction.new_ones(len(prediction))
    for k, weight in enumerate(MS_SSIM_WEIGHTS[:scales]):
        luminance, structure = _ssim_maps(prediction, target)
        last = k == scales - 1
        value = (luminance * structure if last else structure).flatten(1).mean(dim=1)
        result = result * value.clamp_min(1e-6) ** (weight / total)  # a negative base has no real power, nor gradient
        if not last:
            prediction, target = F.avg_pool2d(prediction, 2), F.avg_pool2d(target, 2)
    return result


def _ssim_maps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Luminance and contrast-structure maps, each (B, C, H - 10, W - 10)."""
    if min(a.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(f"SSIM needs at least {SSIM_WINDOW} px a side, got {tuple(a.shape)}")
    mean_a, mean_b = _blur(a), _blur(b)
    var_a, var_b = _blur(a * a) - mean_a.square(), _blur(b * b) - mean_b.square()
    covariance = _blur(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + SSIM_C1) / (mean_a.square() + mean_b.square() + SSIM_C1)
    return luminance, (2 * covariance + SSIM_C2) / (var_a + var_b + SSIM_C2)


def _blur(x: Tensor) -> Tensor:
    """Gaussian window mean, borders left out."""
    channels = x.shape[1]
    offsets = torch.arange(SSIM_WINDOW, dtype=x.dtype, device=x.device) - SSIM_WINDOW // 2
    window = torch.softmax(-offsets.square() / (2 * SSIM_SIGMA**2), dim=0)
    x = F.conv2d(x, window.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(x, window.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
