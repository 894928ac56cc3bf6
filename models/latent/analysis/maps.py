"""Sections about the distribution of codes: histograms, dimensions in use, PCA and t-SNE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.latent.analysis import page, plots
from models.latent.analysis.figures import ACTIVE_VARIANCE, one_per_cell, pca, tsne
from models.latent.analysis.page import Section
from models.latent.analysis.study import Study, expressions
from puppet.core.types import Floats

FIRST = 50  # dimensions; the first three rows are 30. The seeds show both
MOST_USEFUL = 60  # dimensions shown at most
THUMBNAIL_CELLS = 9  # of a map's side
THUMBNAIL = 48  # px


def histograms(study: Study) -> Section:
    """The distribution of codes in each dimension, for the useful dimensions and for the first FIRST."""
    size, units = study.space.latent_size, study.units
    useful = units.shown[:MOST_USEFUL]
    first = range(min(FIRST, size))
    body = page.paragraph(
        "For every dimension, how the codes of the data set are spread. Bars: the posterior means. Line: everything "
        "the decoder is trained on, posterior widths included, worked out exactly and not by drawing at random. "
        "Dashes: N(0, 1), what it should be. Above each its number and its KL, the nats by which it tells frames "
        "apart: 0 is a dimension that says nothing, with all means at 0 (a bar) and the line upon the dashes."
    )
    body += page.heading(f"Useful dimensions, most useful first ({len(useful)} of {len(units.shown)})")
    body += page.figure(plots.histograms(study.posterior, units, useful.tolist()))
    body += page.heading(f"The first {len(first)} dimensions (the first three rows are the first 30)")
    body += page.figure(plots.histograms(study.posterior, units, first))
    figures = {"kl": units.kl, "mean": study.mean.mean(0), "standard_deviation": study.mean.std(0)}
    return Section("histograms", "Histograms", body, {**figures, "useful": units.useful})


def dimensions(study: Study) -> Section:
    """How many dimensions are active, and how many useful."""
    units = study.units
    active, useful = int(units.active.sum()), len(units.useful)
    body = page.paragraph(
        f"Two rules say which of the {len(units.kl)} dimensions are in use. Active (Burda et al. 2016): the posterior "
        f"mean varies over the data by more than {ACTIVE_VARIANCE}. Useful (Morphing Faces): the mean KL exceeds that "
        "of all dimensions by one standard deviation, which names the few that carry most."
    )
    body += page.figure(plots.units_plot(units))
    body += page.box(f"{active} of {len(units.kl)} dimensions are active, {useful} are useful. All together tell "
                     f"{units.kl.sum():.1f} nats of a frame.")  # fmt: skip
    figures = {"active": active, "useful": useful, "dimensions": len(units.kl), "kl_total": float(units.kl.sum())}
    figures |= {"active_variance": ACTIVE_VARIANCE, "useful_above_nats": units.threshold}
    return Section("dimensions", "Dimensions in use", body, figures)


def maps(study: Study, with_tsne: bool) -> Section:
    """All codes in the plane, by PCA and, if asked for, by t-SNE, coloured by what the face does."""
    values = expressions(study.dataset, study.rows)
    flat, shares = pca(study.mean)
    body = page.paragraph(
        "All codes, flattened to a plane: first along the two directions in which they vary most (PCA), then so that "
        "neighbours stay neighbours (t-SNE; its distances between groups and its axes mean nothing). Colours tell "
        "what the face does, in eye distances or degrees: where a colour changes smoothly, the space is in order."
        if values else
        "All codes, flattened to a plane: first along the two directions in which they vary most (PCA), then so that "
        "neighbours stay neighbours (t-SNE; its distances between groups and its axes mean nothing)."
    )  # fmt: skip
    enough = int(np.searchsorted(np.cumsum(shares), 0.9) + 1)
    body += page.heading("PCA")
    body += page.figure(
        _cloud(study, flat, values),
        f"The two axes hold {shares[:2].sum():.0%} of the variance; {enough} axes hold 90 %.",
    )
    figures = {"pca_shares": shares[:32], "pca_axes_for_90_percent": enough, "frames": len(study.rows)}
    if with_tsne and len(study.rows) >= 4:
        body += page.heading("t-SNE") + page.figure(_cloud(study, tsne(study.mean, study.seed), values))
    return Section("maps", "Maps", body, figures)


def _cloud(study: Study, places: Floats, values: Mapping[str, Floats]) -> str:
    chosen = one_per_cell(places, THUMBNAIL_CELLS)
    pictures = [page.shrunk(picture, THUMBNAIL) for picture in study.originals(chosen)]
    return plots.cloud(places, values, list(zip(chosen.tolist(), pictures, strict=True)))
