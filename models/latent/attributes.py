"""Attribute directions of a latent space (smile, brows up ...), and how well each separates labelled frames.

    found = find_attributes(mu, labels, names, held_out)    # mu f32 (N, D), labels bool (N, K), held_out bool (N,)
    found.direction("smile")                                # f32 (D,), unit length: add -4 .. 4 of it to a latent
    found.stored()                                          # name -> f32 (D,), for the actor's latents.npz
    found.left_out                                          # name -> why there is no direction for it

Every attribute has two variants:

plain  the unit difference of the class means of mu, as in the seeds' documents;
pure   the attribute's effect with all other labels held constant (least squares on all labels at once), of that the
       part orthogonal to the effects of the others. Zeros when nothing is left.

Labels come from models/data/labels.py. Numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats

Variant = Literal["plain", "pure"]
PLAIN: Variant = "plain"
PURE: Variant = "pure"
VARIANTS: tuple[Variant, ...] = (PLAIN, PURE)
LEAST = 8  # frames with, and as many without, an attribute that a direction needs
OPPOSITE = -0.5  # cosine below which two attributes are ends of one axis, and neither is made orthogonal to the other
LEAST_LEFT = 0.1  # of a direction's length that must be left when the others are projected out

Labels = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Attributes:
    """Directions of K attributes in a latent space of D dimensions, and how they do on held-out frames.

    directions[variant] f32 (K, D): unit rows in the order of `names`.
    auc[variant] f32 (K,): how well the direction separates frames with and without the attribute; 1: perfectly, 0.5:
    not at all.
    drag[variant] f32 (K, K): correlation of the coordinate along direction i with label j; off the diagonal it is what
    changes along with the attribute.
    label_correlation f32 (K, K): correlation of the labels with each other on the same frames, for comparison.
    separation f32 (K,): distance of the class means. counts (K,): frames with the attribute, of `frames`.
    left_out: attributes without a direction -> why.
    """

    names: tuple[str, ...]
    directions: Mapping[Variant, Floats]
    auc: Mapping[Variant, Floats]
    drag: Mapping[Variant, Floats]
    label_correlation: Floats
    separation: Floats
    counts: NDArray[np.intp]
    frames: int
    left_out: Mapping[str, str]

    def direction(self, name: str, variant: Variant = PLAIN) -> Floats:
        """The attribute's direction f32 (D,), of unit length. KeyError for a name that has none."""
        if name not in self.names:
            raise KeyError(name)
        return self.directions[variant][self.names.index(name)]

    def stored(self, variant: Variant = PURE) -> dict[str, Floats]:
        """Directions f32 (D,) by name; the plain one where the pure one is zero."""
        chosen = {name: self.direction(name, variant) for name in self.names}
        return {name: vector if vector.any() else self.direction(name) for name, vector in chosen.items()}

    def text(self) -> str:
        """A table for the terminal: how well each direction separates, and what it drags along most."""
        lines = [f"{'attribute':16s} {'frames':>7s} {'AUC':>6s} {'pure':>6s}  drags along (pure: so much)"]
        for i, name in enumerate(self.names):
            others = [j for j in range(len(self.names)) if j != i]
            worst = max(others, key=lambda j: abs(self.drag[PLAIN][i, j]), default=None)
            dragged = "nothing to drag"
            if worst is not None:
                plain, pure = (self.drag[variant][i, worst] for variant in VARIANTS)
                dragged = f"{self.names[worst]} {plain:+.2f} ({pure:+.2f})"
            aucs = [f"{self.auc[variant][i]:6.3f}" for variant in VARIANTS]
            lines.append(f"{name:16s} {self.counts[i]:7d} {' '.join(aucs)}  {dragged}")
        lines += [f"{name:16s} left out: {why}" for name, why in self.left_out.items()]
        return "\n".join(lines)


def find_attributes(mu: Floats, labels: Labels, names: Sequence[str], held_out: Labels | None = None) -> Attributes:
    """Directions found on the frames that are not held out, judged on those that are.

    mu f32 (N, D): posterior means; labels bool (N, K); held_out bool (N,): whole stretches of a video, since
    neighbouring frames are nearly the same; None: directions are judged on the frames they were found on. ValueError
    when the shapes disagree.
    """
    if labels.shape != (len(mu), len(names)) or (held_out is not None and held_out.shape != (len(mu),)):
        raise ValueError(f"labels {labels.shape} of {len(names)} attributes for {len(mu)} latents")
    seen = np.ones(len(mu), bool) if held_out is None else ~held_out
    judged = seen if held_out is None else held_out
    left_out = {name: why for i, name in enumerate(names) if (why := _unusable(labels[:, i], seen, judged))}
    kept = [i for i, name in enumerate(names) if name not in left_out]
    labels, z = labels[:, kept], mu.astype(np.float64)
    raw = _class_differences(z[seen], labels[seen])
    directions: dict[Variant, NDArray] = {
        PLAIN: _unit(raw),
        PURE: _orthogonalised(_joint_effects(z[seen], labels[seen])),
    }
    along: dict[Variant, NDArray[np.float64]] = {
        variant: z[judged] @ vectors.T for variant, vectors in directions.items()
    }
    return Attributes(
        names=tuple(names[i] for i in kept),
        directions={variant: vectors.astype(np.float32) for variant, vectors in directions.items()},
        auc={variant: _aucs(values, labels[judged]) for variant, values in along.items()},
        drag={variant: _correlations(values, labels[judged]) for variant, values in along.items()},
        label_correlation=_correlations(labels[judged].astype(np.float64), labels[judged]),
        separation=np.linalg.norm(raw, axis=1).astype(np.float32),
        counts=labels.sum(0),
        frames=len(mu),
        left_out=left_out,
    )


def auc(values: NDArray, label: Labels) -> float:
    """Area under the ROC curve of values (N,) for a label (N,); 0.5 when all frames are of one class.

    It is the probability that a frame with the label has a larger value than one without, ties counting half (Hanley
    & McNeil 1982).
    """
    positives = int(label.sum())
    negatives = len(label) - positives
    if not positives or not negatives:
        return 0.5
    from scipy.stats import rankdata  # here, since `puppet export --help` imports this module for VARIANTS

    above = rankdata(values)[label].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def _unusable(label: Labels, seen: Labels, judged: Labels) -> str:
    """Why no direction can be found for a label (N,), or ""."""
    count = int(label[seen].sum())
    if count < LEAST:
        return f"only {count} frames with it"
    if seen.sum() - count < LEAST:
        return f"only {int(seen.sum()) - count} frames without it"
    if label[judged].all() or not label[judged].any():
        return "all held-out frames are alike in it"
    return ""


def _class_differences(z: NDArray[np.float64], labels: Labels) -> NDArray[np.float64]:
    """mean(with) - mean(without): (K, D)."""
    rows = [z[label].mean(0) - z[~label].mean(0) for label in labels.T]
    return np.array(rows).reshape(len(rows), z.shape[1])


def _joint_effects(z: NDArray[np.float64], labels: Labels) -> NDArray[np.float64]:
    """Effect of each label on z with all others held constant: (K, D), by least squares with a constant."""
    design = np.column_stack([labels.astype(np.float64), np.ones(len(z))])
    return np.linalg.lstsq(design, z, rcond=None)[0][:-1]


def _orthogonalised(effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (K, D), each orthogonal to all other effects but its opposites; zeros where that leaves nothing."""
    unit = _unit(effects)
    made = np.zeros_like(unit)
    for i, vector in enumerate(unit):
        others = unit[(unit @ vector > OPPOSITE) & (np.arange(len(unit)) != i)]
        basis = (
            np.linalg.svd(others, full_matrices=False)[2][: np.linalg.matrix_rank(others)] if len(others) else others
        )
        left = vector - vector @ basis.T @ basis
        if np.linalg.norm(left) > LEAST_LEFT:
            made[i] = left
    return _unit(made)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows scaled to length 1; zeros stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _aucs(along: NDArray[np.float64], labels: Labels) -> Floats:
    return np.array([auc(values, label) for values, label in zip(along.T, labels.T, strict=True)], np.float32)


def _correlations(along: NDArray[np.float64], labels: Labels) -> Floats:
    """Correlation of every column of `along` (N, K) with every label (N, K): (K, K)."""
    a, b = along - along.mean(0), labels - labels.mean(0)
    lengths = np.linalg.norm(a, axis=0)[:, None] * np.linalg.norm(b, axis=0)[None]
    return (a.T @ b / np.maximum(lengths, 1e-12)).astype(np.float32)
