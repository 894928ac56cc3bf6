"""The section about attribute directions: how well they separate, and what else they change."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.data.labels import dataset_labels
from models.latent.analysis import page, plots
from models.latent.analysis.page import Section
from models.latent.analysis.study import Study
from models.latent.attributes import PLAIN, PURE, VARIANTS, Attributes, find_attributes
from puppet.core.errors import DataError

AMOUNTS = np.arange(-4, 5)  # of a unit direction, as in the seed
MOST = 12  # attributes in the strips and matrices, those that separate best


def attributes(study: Study, labels: Path | None) -> Section:
    """Directions for the labels from landmarks and lists beside the data set, and for those of the file `labels`.

    DataError when `labels` does not fit the data set.
    """
    title = "Attributes"
    try:
        known = dataset_labels(study.dataset, labels)
    except DataError as error:
        if labels is not None:
            raise
        return Section("attributes", title, page.paragraph(f"None: {error}."), {"why_none": str(error)})
    told = known.known[study.rows]
    if not told.any():
        why = "no frame that was looked at has all its labels"
        return Section("attributes", title, page.paragraph(f"None: {why}."), {"why_none": why})
    yes = known.values[study.rows[told]] == 1
    found = find_attributes(study.mean[told], yes, known.names, study.held_out[told])
    body = page.paragraph(
        "A direction for each attribute: the mean code of frames with it, minus the mean code of frames without it, "
        "made one long. Added to any code it should bring that attribute and nothing else. Left and right are the "
        "picture's."
    )
    if found.names:
        body += _quality(found) + _strips(study, found) + _matrices(found)
    left_out = [(name, why) for name, why in found.left_out.items()]
    if left_out:
        body += page.heading("Left out") + page.table(("attribute", "why"), left_out)
    figures = {
        "names": list(found.names), "left_out": dict(found.left_out), "frames": found.frames, "counts": found.counts,
        "auc": dict(found.auc), "drag": dict(found.drag), "labels_together": found.label_correlation,
        "separation": found.separation, "directions": dict(found.directions),
    }  # fmt: skip
    return Section("attributes", title, body, figures)


def _quality(found: Attributes) -> str:
    body = page.paragraph(
        "How well a direction tells held-out frames with the attribute from those without: 1 always, 0.5 not at all "
        "(area under the ROC curve). Most frames with a smile may also have other things; the pure variant is what "
        "the attribute does while all others stay, made orthogonal to what the others do."
    )
    rows = []
    for i, name in enumerate(found.names):
        worst = _dragged(found, i)
        rows.append((name, str(found.counts[i]), *(f"{found.auc[v][i]:.3f}" for v in VARIANTS), worst))
    return body + page.table(("attribute", "frames with it", "AUC", "AUC, pure", "drags along most (pure)"), rows)


def _dragged(found: Attributes, i: int) -> str:
    others = [j for j in range(len(found.names)) if j != i]
    if not others:
        return ""
    worst = max(others, key=lambda j: abs(found.drag[PLAIN][i, j]))
    return f"{found.names[worst]} {found.drag[PLAIN][i, worst]:+.2f} ({found.drag[PURE][i, worst]:+.2f})"


def _strips(study: Study, found: Attributes) -> str:
    body = page.heading("Applied to the mean face")
    body += page.paragraph("So much of each direction is added, from -4 to 4: the plain difference, and the pure one.")
    rows = []
    for i in _best(found):
        for variant in VARIANTS:
            direction = found.directions[variant][i]
            if not direction.any():
                continue
            points = study.latents.mean + AMOUNTS[:, None] * direction
            rows.append((f"{found.names[i]}, {variant}", study.space.decode(points.astype(np.float32))))
    return body + page.strips(rows, [f"{amount:+d}" if amount else "0" for amount in AMOUNTS])


def _matrices(found: Attributes) -> str:
    best = sorted(_best(found))
    chosen = np.ix_(best, best)
    names = [found.names[i] for i in best]
    drag = {f"along {variant} directions (rows)": found.drag[variant][chosen] for variant in VARIANTS}
    body = page.heading("What comes along")
    body += page.paragraph(
        "Correlation, over held-out frames, of the way along each direction (rows) with each label (columns). On the "
        "diagonal it should be large, elsewhere no larger than the labels themselves go together in this data."
    )
    return body + page.figure(plots.matrices({**drag, "the labels themselves": found.label_correlation[chosen]}, names))


def _best(found: Attributes) -> list[int]:
    """Numbers of at most MOST attributes, those that separate best first."""
    return np.argsort(-found.auc[PLAIN], kind="stable")[:MOST].tolist()
