"""Matplotlib plots as inline SVG in the page's own text colour, so that they can be read in light and dark.

Matplotlib is imported when a plot is drawn, and opens no window.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.latent.analysis.figures import ACTIVE_VARIANCE, Units, aggregate_density
from models.latent.space import Posterior
from puppet.core.types import Floats, Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#010203"  # replaced by the page's own text colour
FIRST, SECOND = "#3b82c4", "#e07b39"  # legible on white and on black
COLUMNS = 10  # histograms in a row
BINS = 32
COARSE = 140  # dots per inch of what is drawn as pixels: clouds of points
STYLE: dict[str, Any] = {
    "font.size": 8, "svg.fonttype": "none", "font.family": "sans-serif", "text.color": INK, "axes.edgecolor": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlesize": 8, "axes.spines.top": False,
    "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 100,
}  # fmt: skip


def histograms(posterior: Posterior, units: Units, dimensions: Sequence[int]) -> str:
    """For each dimension the posterior means (bars), the aggregate posterior (line) and N(0, 1) (dashes).

    Each plot's title is the dimension's number and its KL in nats.
    """
    rows = -(-len(dimensions) // COLUMNS)
    figure, axes = _figure(11, 1.05 * rows, rows, COLUMNS)
    flat = list(np.atleast_1d(axes).ravel())
    for axis, dimension in zip(flat, dimensions, strict=False):
        mean, logvar = posterior.mean[:, dimension], posterior.logvar[:, dimension]
        reach = max(4.0, float(np.abs(mean).max()) * 1.05)
        at = np.linspace(-reach, reach, 121)
        heights, edges = np.histogram(mean, BINS, (-reach, reach), density=True)
        total = aggregate_density(mean, logvar, edges)
        normal = np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi)
        axis.stairs(heights, edges, fill=True, color=FIRST, alpha=0.55)
        axis.plot((edges[1:] + edges[:-1]) / 2, total, color=SECOND, lw=1.2)
        axis.plot(at, normal, color=INK, lw=0.9, ls="--")
        tall = max(float(total.max()), 0.4)
        axis.set_ylim(0, 1.25 * min(max(tall, float(heights.max())), 1.6))  # a dead dimension is one very tall bar
        axis.set_title(f"{dimension}: {units.kl[dimension]:.2f}", pad=2)
        axis.set_yticks([])
        axis.set_xticks([-round(reach), 0, round(reach)])
        axis.tick_params(labelsize=6, length=2, pad=1)
    for axis in flat[len(dimensions) :]:
        axis.axis("off")
    return _svg(figure, "Histograms of the posterior, one small plot for each dimension")


def units_plot(units: Units) -> str:
    """KL and variance of all dimensions, each ranked, with the thresholds of both rules."""
    figure, (left, right) = _figure(11, 2.6, 1, 2)
    places = np.arange(len(units.kl))
    useful = units.kl[units.ranked] > units.threshold
    left.bar(places[useful], units.kl[units.ranked][useful], color=FIRST, width=0.9, label="useful")
    left.bar(places[~useful], units.kl[units.ranked][~useful], color=FIRST, alpha=0.35, width=0.9, label="not")
    left.axhline(units.threshold, color=SECOND, lw=1, label=f"mean + 1 standard deviation = {units.threshold:.2g}")
    left.set(title="mean KL of each dimension, ranked", xlabel="rank", ylabel="nats")
    left.legend()
    order = np.argsort(-units.variance)
    variance = np.maximum(units.variance[order], 1e-8)
    active = units.active[order]
    right.bar(places[active], variance[active], color=FIRST, width=0.9, label="active")
    right.bar(places[~active], variance[~active], color=FIRST, alpha=0.35, width=0.9, label="not")
    right.axhline(ACTIVE_VARIANCE, color=SECOND, lw=1, label=f"{ACTIVE_VARIANCE} (Burda et al. 2016)")
    right.set(title="variance of the posterior mean, ranked", xlabel="rank", yscale="log")
    right.legend(loc="lower left", frameon=True, facecolor="#ffffff", framealpha=0.6, labelcolor="#000000")
    return _svg(figure, "Bars: KL and variance of each dimension")


def cloud(places: Floats, values: Mapping[str, Floats], thumbnails: Sequence[tuple[int, Image]]) -> str:
    """Points (N, 2) with thumbnails, their density, and the points coloured by each of `values` (N,).

    thumbnails: (row, picture uint8 (S, S, 3) RGB).
    """
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    columns = 4
    rows = -(-(len(values) + 4) // columns)
    figure = _new_figure(11, 2.75 * rows)
    grid = figure.add_gridspec(rows, columns)
    faces = figure.add_subplot(grid[:2, :2]) if rows > 1 else figure.add_subplot(grid[0, 0])
    faces.scatter(*places.T, s=2, color=FIRST, alpha=0.25, rasterized=True, lw=0)
    for row, picture in thumbnails:
        box = OffsetImage(picture, zoom=34 / len(picture))
        faces.add_artist(AnnotationBbox(box, tuple(places[row]), frameon=False, pad=0))
    faces.set_title("some of the frames, where they lie")
    taken = {(r, c) for r in range(min(2, rows)) for c in range(2)} if rows > 1 else {(0, 0)}
    free = [(r, c) for r in range(rows) for c in range(columns) if (r, c) not in taken]
    dense = figure.add_subplot(grid[free[0]])
    hexes = dense.hexbin(*places.T, gridsize=32, cmap="viridis", mincnt=1, lw=0, rasterized=True)
    figure.colorbar(hexes, ax=dense, label="frames", shrink=0.8)
    dense.set_title("density")
    for place, (name, value) in zip(free[1:], values.items(), strict=False):
        axis = figure.add_subplot(grid[place])
        low, high = np.quantile(value, [0.02, 0.98])
        dots = axis.scatter(*places.T, c=value, s=3, cmap="viridis", vmin=low, vmax=high, lw=0, rasterized=True)
        figure.colorbar(dots, ax=axis, shrink=0.8)
        axis.set_title(name)
    for axis in figure.axes:
        if axis.get_label() != "<colorbar>":
            axis.set(xticks=[], yticks=[])
    return _svg(figure, "Points of a plane, one for each frame")


def lines(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], x: str, y: str) -> str:
    """Named curves, each (x values, y values); x, y: labels of the axes."""
    figure, axis = _figure(6.5, 2.6, 1, 1)
    for colour, (name, (across, up)) in zip((FIRST, SECOND), curves.items(), strict=False):
        axis.plot(across, up, "o-", color=colour, label=name, ms=4)
    axis.set(xlabel=x, ylabel=y)
    if len(curves) > 1:
        axis.legend()
    return _svg(figure, f"{y} against {x}")


def matrices(named: Mapping[str, Floats], names: Sequence[str]) -> str:
    """Named matrices (K, K) of correlations -1 .. 1, with their numbers; rows: directions, columns: labels."""
    side = 1.6 + 0.48 * len(names)
    figure, axes = _figure(min(11.0, side * len(named)), side, 1, len(named))
    for axis, (title, values) in zip(np.atleast_1d(axes), named.items(), strict=True):
        axis.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
        axis.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axis.set_yticks(range(len(names)), names)
        axis.set_title(title)
        for (i, j), value in np.ndenumerate(values):
            ink = "white" if abs(value) > 0.6 else "black"  # on the cell, not on the page
            axis.text(j, i, f"{value:.2f}".replace("0.", "."), ha="center", va="center", color=ink, fontsize=6)
    return _svg(figure, "Correlations")


def _new_figure(width: float, height: float) -> Figure:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update(STYLE)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return Figure((width, height), layout="constrained")


def _figure(width: float, height: float, rows: int, columns: int) -> tuple[Figure, Any]:
    """A figure without a window, and its axes."""
    figure = _new_figure(width, height)
    axes: Axes | np.ndarray = figure.subplots(rows, columns)
    return figure, axes


def _svg(figure: Figure, label: str) -> str:
    """Inline SVG; label: for screen readers."""
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, dpi=COARSE, metadata={"Date": None, "Creator": None})
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(INK, "currentColor")
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.S)
    return drawn.replace("<svg", f'<svg class="plot" role="img" aria-label="{label}"', 1)
