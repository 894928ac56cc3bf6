"""Numbers about a latent space, from arrays: dimensions in use, projections, similarity of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from models.latent.space import Posterior
from puppet.actor.latents import kl_to_standard_normal, ranked_dimensions, useful_dimensions
from puppet.core.errors import PuppetError
from puppet.core.types import Floats, Image

ACTIVE_VARIANCE = 0.01  # of the posterior means, above which a unit is active; Burda et al. 2016, sec. 5.2
PERPLEXITY = 30.0  # of t-SNE; van der Maaten & Hinton 2008 advise 5 to 50
LIKENESS_SIDE = 32  # px, at which pictures are compared, so that sharpness counts little


@dataclass(frozen=True, eq=False)
class Units:
    """How a latent space uses its D dimensions over N frames.

    kl f32 (D,): mean over frames, nats; variance f32 (D,): of the posterior means; active bool (D,): variance above
    ACTIVE_VARIANCE; useful (K,): dimensions by the rule of Morphing Faces, most useful first; threshold: of that rule,
    nats; ranked (D,): all dimensions by kl.
    """

    kl: Floats
    variance: Floats
    active: NDArray[np.bool_]
    useful: NDArray[np.int32]
    threshold: float
    ranked: NDArray[np.int32]

    @property
    def shown(self) -> NDArray[np.int32]:
        """The useful dimensions; where the rule finds fewer than two, the ranked ones."""
        return self.useful if len(self.useful) >= 2 else self.ranked


def units(posterior: Posterior) -> Units:
    """How the posteriors of a data set use the dimensions."""
    kl = kl_to_standard_normal(posterior.mean, posterior.logvar).mean(0)
    variance = posterior.mean.var(0)
    threshold = float(kl.mean() + kl.std())
    return Units(kl, variance, variance > ACTIVE_VARIANCE, useful_dimensions(kl), threshold, ranked_dimensions(kl))


def aggregate_density(mean: Floats, logvar: Floats, edges: NDArray) -> NDArray[np.float64]:
    """Density of the aggregate posterior of one dimension in bins between edges (B + 1,): f64 (B,).

    mean, logvar (N,). It is the average over frames of N(mean, e^logvar), exact and not sampled, so that narrow
    posteriors make no spikes.
    """
    below = ndtr((edges[None] - mean[:, None]) / np.exp(0.5 * logvar.astype(np.float64))[:, None]).mean(0)
    return np.diff(below) / np.diff(edges)


def pca(points: Floats) -> tuple[Floats, Floats]:
    """First two principal components (N, 2) of points (N, D), and each axis's share of the variance, descending."""
    centred = points - points.mean(0)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    share = lengths**2 / max(float((lengths**2).sum()), 1e-12)
    return left[:, :2] * lengths[:2], share


def tsne(points: Floats, seed: int) -> Floats:
    """t-SNE of points (N, D), N >= 4: (N, 2). van der Maaten & Hinton 2008.

    PuppetError when scikit-learn is not installed.
    """
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        told = 't-SNE needs scikit-learn: pip install "puppet-live[train]", or leave it out with --no-tsne'
        raise PuppetError(f"{told} ({error})") from error
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    return TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(points)


def one_per_cell(places: Floats, cells: int) -> NDArray[np.intp]:
    """Rows of points (N, 2): for each occupied cell of a `cells` x `cells` grid the one nearest to its middle."""
    low, high = places.min(0), places.max(0)
    scaled = (places - low) / np.maximum(high - low, 1e-9) * cells
    cell = np.minimum(scaled.astype(int), cells - 1)
    away = ((scaled - cell - 0.5) ** 2).sum(1)
    best: dict[tuple[int, int], int] = {}
    for row in np.argsort(away, kind="stable"):
        best.setdefault((int(cell[row, 0]), int(cell[row, 1])), int(row))
    return np.array(sorted(best.values()), np.intp)


def psnr(made: Image, true: Image) -> Floats:
    """PSNR of each pair of pictures uint8 (N, S, S, 3) in dB, at most 100: (N,)."""
    squared = ((made.astype(np.float32) - true) ** 2).reshape(len(made), -1).mean(1) / 255**2
    return -10 * np.log10(np.maximum(squared, 1e-10))


def likeness(made: Image, real: Image) -> NDArray[np.float64]:
    """PSNR at 32 px of each picture uint8 (N, S, S, 3) to the nearest of `real` (M, S, S, 3), dB: (N,)."""
    a, b = _small(made), _small(real)
    squared = np.array([((b - picture) ** 2).mean((1, 2, 3)).min() for picture in a])
    return np.asarray(-10 * np.log10(np.maximum(squared, 1e-10)), np.float64)


def _small(pictures: Image) -> Floats:
    side = (LIKENESS_SIDE, LIKENESS_SIDE)
    return np.stack([cv2.resize(p, side, interpolation=cv2.INTER_AREA) for p in pictures]).astype(np.float32) / 255
