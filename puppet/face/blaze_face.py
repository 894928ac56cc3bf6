"""BlazeFace's raw outputs -> faces (Bazarevsky et al. 2019): anchors, scores and weighted suppression of doubles.

Source: mediapipe/modules/face_detection of MediaPipe 0.10, and the calculators that it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from puppet.core.types import Floats

COORDINATES = 16  # of a raw box: middle x and y, width, height, six points x and y
SAME_FACE = 0.3  # boxes that share more than this part are one face's (intersection over union)
SCORE_RANGE = 100.0  # raw scores are clipped to this, either way


@dataclass(frozen=True)
class Detection:
    """A face in a picture. box: low x, low y, high x, high y; points: f32 (6, 2), the two eyes first; score 0 to 1.

    All in shares of the square that the network saw.
    """

    box: Floats
    points: Floats
    score: float


def anchors(size: int, layers: Sequence[tuple[int, int]]) -> Floats:
    """The middles that raw boxes count from, f32 (n, 2), in shares of the square.

    size: the network's picture in px. layers: for each of its grids the stride in px, and the boxes at each place.
    """
    middles: list[Floats] = []
    for stride, boxes in layers:
        y, x = np.mgrid[: size // stride, : size // stride]
        grid = (np.stack((x.ravel(), y.ravel()), 1) + 0.5) * stride / size
        middles.append(np.repeat(grid, boxes, axis=0).astype(np.float32))
    return np.concatenate(middles)


def detections(raw: Floats, scores: Floats, middles: Floats, size: int, least: float) -> list[Detection]:
    """The faces, the surest first, from the network's outputs (n, 16) and (n,). least: of what score."""
    sure = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -SCORE_RANGE, SCORE_RANGE)))
    kept = np.flatnonzero(sure >= least)
    kept = kept[np.argsort(-sure[kept], kind="stable")]
    values = raw[kept].reshape(-1, COORDINATES // 2, 2) / size
    middle, sides = values[:, 0] + middles[kept], values[:, 1]
    points = values[:, 2:] + middles[kept, None]
    boxes = np.concatenate([middle - sides / 2, middle + sides / 2], 1)
    real = (sides >= 0).all(1)
    return _merged(boxes[real], points[real], sure[kept][real])


def _merged(boxes: Floats, points: Floats, scores: Floats) -> list[Detection]:
    """One face of boxes that overlap: their mean, weighted by score. All in descending order of score."""
    faces: list[Detection] = []
    while len(boxes):
        same = _overlaps(boxes[0], boxes) > SAME_FACE
        same[0] = True  # also a box without extent
        weights = scores[same] / scores[same].sum()
        box, marks = weights @ boxes[same], np.tensordot(weights, points[same], 1)
        faces.append(Detection(box.astype(np.float32), marks.astype(np.float32), float(scores[0])))
        boxes, points, scores = boxes[~same], points[~same], scores[~same]
    return faces


def _overlaps(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union with each of the boxes (n, 4); 0 where both are without extent."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.clip(sides, 0, None).prod(1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1) - shared
    return shared / np.where(union > 0, union, 1)
