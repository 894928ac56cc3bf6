"""A person's face at rest, guessed from a single picture, where no other expression is known to compare with.

The likely rest is an average face with this face's bone (ridge regression, learned from synthetic people by
`models/assets/learn_people.py`). What a region differs by from it is an expression as far as it exceeds what people's
rests differ by (positive-part James-Stein); lips that stand apart are always one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache

import numpy as np

from puppet.core.types import LANDMARKS, Face, Floats
from puppet.face import align
from puppet.face.identity import MAX_BYTES, MODEL_FILE
from puppet.face.landmarks import BONE, BROWS, EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, LIPS
from puppet.face.measurements import measure, nearness
from puppet.parsing.arrays import read_arrays

HANDFUL = 5  # faces; fewer, or that many, are no video
FROZEN_SHAPE, FROZEN_ANGLE = 0.004, 0.4  # eye distances and degrees: a picture that was made into a video moves less

REGIONS: dict[str, tuple[int, ...]] = {"eyes": EYE_RIGHT + EYE_LEFT, "brows": BROWS, "mouth": LIPS}
# Root mean square in the picture plane, eye distances, of what people's rests differ by from the likely one.
DIFFERS = {"eyes": 0.02, "brows": 0.05, "mouth": 0.03}
STILL, FOREIGN = 0.1, 0.1  # where no region reaches, root mean square in eye distances: people keep below 0.07
LIDS_SHUT = (0.35, 0.6)  # of the likely rest's gap: shut, and no longer surely so
LIPS_APART = (0.02, 0.05)  # eye distances: lips at rest are nearer than the first, lips that act are at the second


def shows_one_picture(faces: Sequence[Face]) -> bool:
    """Whether the faces show no more than one picture, or a handful of them."""
    if len(faces) <= HANDFUL:
        return True
    shapes = np.stack([face.canonical for face in faces])[:, list(itertools.chain(*REGIONS.values()))]
    angles = np.stack([align.angles_of(face.pose.rotation) for face in faces])
    away: Floats = np.sqrt(((shapes - np.median(shapes, 0)) ** 2).sum(-1).mean(1))
    turned: Floats = np.abs(angles - np.median(angles, 0)).max(1)
    return bool(np.quantile(away, 0.95) < FROZEN_SHAPE and np.quantile(turned, 0.95) < FROZEN_ANGLE)


def rest_from_picture(canonical: Floats) -> Floats:
    """The likely face at rest f32 (478, 3) of a person seen in one face f32 (478, 3), both canonical.

    A face built like none that the average was learned from is returned as it is.
    """
    likely = average_rest(canonical)
    still = np.max([where for _, where in _regions().values()], 0) < STILL
    if np.sqrt(((canonical - likely)[still, :2] ** 2).sum(1).mean()) > FOREIGN:
        return canonical.astype(np.float32)
    offset, shown, usual = canonical - likely, measure(canonical), measure(likely)
    lids = min(shown[f"lids_{side}"] / max(float(usual[f"lids_{side}"]), 1e-3) for side in ("right", "left"))
    apart = np.float32(np.interp(shown["mouth_open"], LIPS_APART, (0, 1)))
    sure = {"mouth": apart, "eyes": np.float32(np.interp(lids, LIDS_SHUT, (1, 0)))}
    lips = offset[list(LIPS)].mean(0) * (1 - apart)  # where a shut mouth sits is a matter of bone
    rest = canonical.astype(np.float32)
    for region, (points, where) in _regions().items():
        away = offset - lips if region == "mouth" else offset
        size = float(np.sqrt((away[list(points), :2] ** 2).sum(1).mean()))
        share = np.float32(max(0.0, 1 - (DIFFERS[region] / max(size, DIFFERS[region])) ** 2))
        share = max(share, sure.get(region, share))
        rest -= share * where[:, None] * away
    return rest


def average_rest(canonical: Floats) -> Floats:
    """The average face at rest with the bone of this face, placed on it; both canonical f32 (478, 3)."""
    average, bones, rests = _model()
    placed = align.canonicalise(canonical, average)[0]
    likely = average + ((placed - average)[list(BONE)].ravel() @ bones @ rests).reshape(LANDMARKS, 3)
    return align.place(likely, align.head_pose(canonical, likely))


@cache
def _regions() -> dict[str, tuple[tuple[int, ...], Floats]]:
    """By region: landmarks that its expression is told by, and how far each landmark belongs to it, f32 (478,)."""
    average = _model()[0]
    eyes = np.maximum(nearness(average, EYE_RIGHT + IRIS_RIGHT, 0.06), nearness(average, EYE_LEFT + IRIS_LEFT, 0.06))
    mouth = np.maximum(nearness(average, LIPS, 0.25), average[:, 1] > 0.75) * (1 - eyes)
    brows = nearness(average, BROWS, 0.12) * (1 - eyes)
    where = {"eyes": eyes, "brows": brows, "mouth": mouth}
    return {name: (points, where[name].astype(np.float32)) for name, points in REGIONS.items()}


@cache
def _model() -> tuple[Floats, Floats, Floats]:
    """Learned arrays: average f32 (478, 3); bone -> amounts (B, R); amounts -> all of the face (R, 478 * 3)."""
    file = read_arrays(MODEL_FILE, MAX_BYTES)
    average, bones, rests = (file[name].astype(np.float32) for name in ("average", "bones", "rests"))
    return average, bones, rests
