"""Retargeting: the user's expression on the actor's face, as landmarks that drive the actor.

Everything is canonical (`align.canonicalise`): pose removed, unit = outer-eye distance, x right, y down, z away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

import numpy as np

from puppet.core.types import LANDMARKS, Face, Floats, HeadPose
from puppet.face import align
from puppet.face.landmarks import (
    BROWS,
    CHEEKS,
    EYE_LEFT,
    EYE_RIGHT,
    IRIS_LEFT,
    IRIS_RIGHT,
    JAW,
    LIP_TOP,
    LIPS,
    NOSE_BASE,
    UPPER_LIP,
)
from puppet.face.measurements import Y, measurement_rows, nearness
from puppet.face.neutral import Neutral

MAX_REGION_GAIN = 1.8  # the smallest eyes in the largest face still move plausibly
MAX_RESPONSE_GAIN = 2.0  # an actor that responds with less than half is driven twice as much
LIP_ROOM = 0.75  # of the way to the nose, how far up a lip may go
COMPARED = ("lids_right", "lids_left", "mouth_width")  # measurements by whose ratio the two faces' movements differ
_COMPARED = measurement_rows(COMPARED)
KNEE = 0.75  # share of that up to which nothing is held back


@dataclass(frozen=True, slots=True)
class Gains:
    """How strongly the actor shows the user's expression: 1 as the user does, 0 not at all.

    A region's gain is multiplied by `overall`. eyes: lids and gaze; mouth: lips, jaw and cheeks.
    """

    overall: float = 1.0
    eyes: float = 1.0
    mouth: float = 1.0
    brows: float = 1.0

    def times(self, other: Gains) -> Gains:
        """The product, gain by gain."""
        return Gains(*(getattr(self, f.name) * getattr(other, f.name) for f in fields(self)))


AS_THE_USER = Gains()


class Retargeter:
    """Drives one actor's face by anybody's: the actor's neutral plus the user's offset from their own neutral.

    Per-region gains: a shut eye shuts the actor's eye however large the two eyes are; mouths scale by their width;
    where the actor responds weakly, it is driven more. The upper lip stays below the nose.

    actor: neutral canonical landmarks f32 (478, 3). response: share of a driven movement that is seen on the actor, by
    region of `measurements.RESPONSE_REGIONS` (see `export.response`).
    """

    def __init__(self, actor: Floats, response: Mapping[str, float] = MappingProxyType({})) -> None:
        self.actor = actor
        needed = {
            region: float(np.clip(1 / max(share, 1e-3), 1, MAX_RESPONSE_GAIN)) for region, share in response.items()
        }
        self._needed = replace(AS_THE_USER, **needed)
        self._of_actor: list[float] = (_COMPARED @ actor.ravel()).tolist()
        self._lids = np.stack(
            [
                _without(nearness(actor, EYE_RIGHT, 0.05), IRIS_RIGHT),
                _without(nearness(actor, EYE_LEFT, 0.05), IRIS_LEFT),
            ]
        )
        by_ratio = np.zeros((len(COMPARED), LANDMARKS, 3), np.float32)
        by_ratio[:2, :, Y] = self._lids
        by_ratio[2] = nearness(actor, LIPS, 0.15)[:, None]
        self._by_ratio = by_ratio.reshape(len(COMPARED), -1)
        lower = tuple(set(LIPS) - set(UPPER_LIP))
        self._upper_lip = _without(nearness(actor, UPPER_LIP, 0.06), lower)
        self._lip_room = LIP_ROOM * max(0.0, float(actor[LIP_TOP, Y] - actor[NOSE_BASE, Y]))
        eyes = nearness(actor, EYE_RIGHT + IRIS_RIGHT + EYE_LEFT + IRIS_LEFT, 0.06)
        brows = nearness(actor, BROWS, 0.12) * (1 - eyes)
        mouth = nearness(actor, LIPS + JAW + CHEEKS, 0.2) * (1 - eyes)
        self._regions = np.stack([eyes, mouth, brows])  # in the order of the gains

    def drive(self, face: Face, user: Neutral, chosen: Gains = AS_THE_USER) -> tuple[Floats, Floats]:
        """A tracked face -> landmarks on the actor f32 (478, 3) and head movement f32 (6,), both as in `types.Drive`.

        The pose is fitted again, against the user's own neutral: the average face that tracking uses would leave a bit
        of the user's identity in the pose, and a bit of the pose in the expression.
        """
        canonical, pose = align.canonicalise(face.points, user.landmarks)
        offset = (canonical - user.landmarks) * self.gains(user.landmarks)
        wanted = self._needed.times(chosen)
        if wanted != AS_THE_USER:
            offset *= self._chosen(offset, wanted)
        rise = float(offset[NOSE_BASE, Y] - offset[LIP_TOP, Y])
        held_back = rise - _soft_limit(rise, self._lip_room)
        if held_back:
            offset[:, Y] += self._upper_lip * held_back
        return self.actor + offset, head_movement(pose, user.pose)

    def gains(self, user: Floats) -> Floats:
        """User offset -> actor offset, f32 (478, 3), for a user's neutral f32 (478, 3)."""
        of_user: list[float] = (_COMPARED @ user.ravel()).tolist()
        ratios = [actor / max(own, 1e-3) for actor, own in zip(self._of_actor, of_user, strict=True)]
        more = [min(max(ratio, 1 / MAX_REGION_GAIN), MAX_REGION_GAIN) - 1 for ratio in ratios]
        return (np.float32(1) + np.array(more, np.float32) @ self._by_ratio).reshape(LANDMARKS, 3)

    def _chosen(self, offset: Floats, chosen: Gains) -> Floats:
        """Factor f32 (478, 1) or (478, 3) on an offset f32 (478, 3) for the chosen gains.

        A shut eye cannot be shut further.
        """
        more = np.array([chosen.eyes - 1, chosen.mouth - 1, chosen.brows - 1], np.float32)
        factor = ((np.float32(1) + more @ self._regions) * np.float32(chosen.overall))[:, None]
        wanted = chosen.overall * chosen.eyes
        if wanted <= 1:
            return factor
        factor = np.repeat(factor, 3, axis=1)
        change: list[float] = (_COMPARED @ offset.ravel()).tolist()
        for near, gap, moved in zip(self._lids, self._of_actor, change, strict=False):
            if moved < 0:
                shut = max(1.0, gap / -moved)  # the factor that just shuts it
                factor[:, Y] *= 1 - near * np.float32(1 - min(1.0, shut / wanted))
        return factor


def head_movement(pose: HeadPose, usual: HeadPose) -> Floats:
    """How a pose differs from the usual one, f32 (6,) as in `types.Drive`; both in px of the same frames."""
    angles = align.angles_of(pose.rotation @ usual.rotation.T)
    moved = (pose.translation - usual.translation)[:2] / usual.scale
    return np.array([*angles, *moved, math.log(pose.scale / usual.scale)], np.float32)


def _soft_limit(value: float, limit: float) -> float:
    """The value up to KNEE of the limit; from there on a tanh that never passes it."""
    knee = KNEE * limit
    return value if value <= knee else knee + (limit - knee) * math.tanh((value - knee) / max(limit - knee, 1e-9))


def _without(weight: Floats, points: tuple[int, ...]) -> Floats:
    weight = weight.copy()
    weight[list(points)] = 0
    return weight
