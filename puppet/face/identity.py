"""Whether two faces are one person's: by the shape of the bone, and by colours that light hardly changes.

What a face looks like to the tracker depends on how the head is turned and on what the face does. Both were learned
from synthetic people (`models/assets/learn_people.py`): the part that turning explains is taken off, and directions in
which one person varies count less (Mahalanobis distance). Colours are ratios, channel by channel, of brows, lips and
irises to the skin beside them, which the colour of the light leaves alone (von Kries), and a little of the skin's own
tint. Both together are a face's descriptor; people are compared by the mean of many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from puppet.core.types import LANDMARKS, Face, Floats, Image
from puppet.face import align
from puppet.face.landmarks import IRIS_RIGHT, LIPS
from puppet.parsing.arrays import read_arrays
from puppet.storage.folders import ASSETS

MODEL_FILE = ASSETS / "people.npz"
MAX_BYTES = 4 << 20
SHAPE_LANDMARKS = tuple(i for i in range(IRIS_RIGHT[0]) if i not in LIPS)  # that the shape is told by
_SHAPE = np.array(SHAPE_LANDMARKS)
TURNED = 45.0  # degrees of yaw and pitch beyond which a face tells nothing about who it is
TURN_UNIT = 20.0  # degrees: ordinary poses are of order 1
FLOOR = 0.02  # outer-eye distances: no direction is trusted further than that

COLOUR_BLUR = 0.03  # outer-eye distances; FaceMesh places a landmark no better than that
CONTRASTS = (  # landmarks, those beside them, and by how much their ratio's logarithm varies in one person's pictures
    ((105, 66, 107), (104, 69, 108, 151), 0.12),
    ((334, 296, 336), (333, 299, 337, 151), 0.12),
    ((0, 17, 37, 267, 84, 314, 61, 291, 39, 269, 181, 405), (164, 18, 92, 322, 57, 287, 200, 167, 393), 0.1),
    ((468, 473), (145, 374, 23, 253), 0.25),
)
SKIN = (50, 280, 101, 330, 36, 266, 151, 9, 108, 337, 205, 425, 118, 347, 195, 5)
DARKEST = 8  # grey levels that are added before ratios are taken
TINT = 15.0  # of a and b in CIELAB: light of another colour does as much
CONTRAST_COUNTS, TINT_COUNTS = 0.12, 0.15  # what each may add to a distance

OTHER_PERSON = 0.2  # distance beyond which two long observations are of two people
SHORT = 3.5  # s of an observation that weigh as much as all the rest: what one person does meanwhile adds distance


@dataclass(frozen=True, slots=True)
class MeanDescriptor:
    """The mean of one face's descriptors over some time."""

    mean: Floats  # f32 (K,), see `identity_descriptor`
    seconds: float

    def joined(self, other: MeanDescriptor) -> MeanDescriptor:
        """The mean over both times together."""
        seconds = self.seconds + other.seconds
        share = np.float32(other.seconds / max(seconds, 1e-9))
        return MeanDescriptor(self.mean + share * (other.mean - self.mean), seconds)


def mean_descriptor(descriptors: Iterable[Floats | None], seconds: float) -> MeanDescriptor | None:
    """The mean of several descriptors f32 (K,) over `seconds` s; None without any."""
    there = [one for one in descriptors if one is not None]
    return MeanDescriptor(np.mean(there, 0), seconds) if there else None


def identity_descriptor(face: Face, at_landmarks: Image) -> Floats | None:
    """What tells whose face it is, f32 (K,): shape of the bone, then colours. None for a head that is turned too far.

    at_landmarks: uint8 BGR (478, 3), from `landmark_colours`.
    """
    angles = align.angles_of(face.pose.rotation)
    if np.abs(angles[:2]).max() > TURNED:
        return None
    return np.concatenate([_shape(face.canonical, angles), _appearance(at_landmarks)]).astype(np.float32)


def identity_distance(one: MeanDescriptor, other: MeanDescriptor) -> float:
    """How far two faces are from being one person's: below 1 they most likely are."""
    count = len(SHAPE_LANDMARKS) * 3
    shape, contrast, tint = np.split(one.mean - other.mean, [count, count + 3 * len(CONTRASTS)])
    square = float(np.mean(shape**2))
    square += CONTRAST_COUNTS**2 * float(np.mean(contrast**2))
    square += TINT_COUNTS**2 * min(1.0, float(np.sum(tint**2)))
    unsure = 1 + SHORT / max(one.seconds, 1e-3) + SHORT / max(other.seconds, 1e-3)
    return float(np.sqrt(square / unsure)) / OTHER_PERSON


def turn_terms(angles: Floats) -> Floats:
    """Terms by which landmarks change with the head's pose: angles (..., 3) in degrees -> f32 (..., 5)."""
    yaw, pitch, _ = np.moveaxis(np.asarray(angles, np.float32) / TURN_UNIT, -1, 0)
    return np.stack([yaw, pitch, yaw * yaw, pitch * pitch, yaw * pitch], -1)


def landmark_colours(image: Image, face: Face) -> Image:
    """Colours of a slightly blurred picture at the landmarks: uint8 BGR (H, W, 3) -> (478, 3)."""
    sigma = max(0.5, COLOUR_BLUR * face.pose.scale)
    margin = int(4 * sigma) + 3
    left, top = np.maximum(np.floor(face.points[:, :2].min(0)).astype(int) - margin, 0).tolist()
    right, bottom = (np.ceil(face.points[:, :2].max(0)).astype(int) + margin + 1).tolist()
    part = image[top : max(top + 1, bottom), left : max(left + 1, right)]
    if not part.size:
        return np.zeros((LANDMARKS, 3), np.uint8)
    blurred = cv2.GaussianBlur(part, (0, 0), sigma)
    x, y = face.points[None, :, 0] - left, face.points[None, :, 1] - top
    return np.asarray(cv2.remap(blurred, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)[0]


def _shape(canonical: Floats, angles: Floats) -> Floats:
    """The bone's shape in units of what varies in one person: f32 (len(SHAPE_LANDMARKS) * 3,)."""
    turned, axes, spread = _model()
    offset = canonical[_SHAPE].ravel() - turn_terms(angles) @ turned
    along = axes @ offset
    return offset / FLOOR + (along * (1 / np.hypot(spread, FLOOR) - 1 / FLOOR)) @ axes


def _appearance(at_landmarks: Image) -> Floats:
    logs = np.log(at_landmarks.astype(np.float32) + DARKEST)
    contrasts = [
        (_median(logs[list(here)]) - _median(logs[list(beside)])) / varies for here, beside, varies in CONTRASTS
    ]
    skin = _median(at_landmarks[list(SKIN)].astype(np.float32))[None, None] / 255
    tint = np.asarray(cv2.cvtColor(skin, cv2.COLOR_BGR2LAB), np.float32)[0, 0, 1:] / TINT
    return np.concatenate([*contrasts, tint])


def _median(values: Floats) -> Floats:
    """The median of each column, f32 (N, K) -> (K,); numpy's takes ten times as long for a handful of values."""
    ordered, middle = np.sort(values, 0), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@cache
def _model() -> tuple[Floats, Floats, Floats]:
    """Turned (5, S): what turning does to the shape; axes (R, S), spread (R,): how one person varies beyond that."""
    file = read_arrays(MODEL_FILE, MAX_BYTES)
    return file["turned"].astype(np.float32), file["axes"].astype(np.float32), file["spread"].astype(np.float32)


def group_by_identity(
    faces: Sequence[MeanDescriptor | None], limit: float = 1.0, strangers: Iterable[tuple[int, int]] = ()
) -> list[int]:
    """A person's number for each face, by first appearance; -1 for None, of which nothing is known.

    The two nearest are taken together until all distances are `limit` or more. strangers: pairs of indices of two
    people, however alike they look: they were seen together.
    """
    kept_apart = [frozenset(pair) for pair in strangers]
    groups: list[tuple[MeanDescriptor, frozenset[int]]] = [
        (one, frozenset([i])) for i, one in enumerate(faces) if one is not None
    ]
    while len(groups) > 1:
        pairs = [
            (identity_distance(a[0], b[0]), i, j)
            for i, a in enumerate(groups)
            for j, b in enumerate(groups[:i])
            if not any(len(pair & a[1]) == len(pair & b[1]) == 1 for pair in kept_apart)
        ]
        nearest, i, j = min(pairs, default=(np.inf, 0, 0))
        if nearest >= limit:
            break
        (a, rows), (b, more) = groups[i], groups[j]
        groups = [group for k, group in enumerate(groups) if k not in (i, j)] + [(a.joined(b), rows | more)]
    numbers = [-1] * len(faces)
    for number, (_, rows) in enumerate(sorted(groups, key=lambda group: min(group[1]))):
        for row in rows:
            numbers[row] = number
    return numbers
