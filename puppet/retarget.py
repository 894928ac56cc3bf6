"""The user's face and the actor's face -> landmarks that drive the actor.

Everything is canonical (`align.canonicalise`): pose removed, unit = outer-eye distance, x right, y down, z away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet import align
from puppet.frames import LANDMARKS, Face, Floats

# Each measurement is linear: sum of sign * coordinate over (sign, landmark, axis). Right and left are the person's own.
X, Y, Z = 0, 1, 2
_Term = tuple[float, int, int]


def _mean_gap(pairs: list[tuple[int, int]], axis: int) -> list[_Term]:
    """Mean over pairs of (second - first) along an axis."""
    weight = 1 / len(pairs)
    return [term for a, b in pairs for term in ((-weight, a, axis), (weight, b, axis))]


def _from_middle(point: int, corners: tuple[int, int], axis: int) -> list[_Term]:
    return [(1.0, point, axis), (-0.5, corners[0], axis), (-0.5, corners[1], axis)]


MEASUREMENTS: dict[str, list[_Term]] = {
    "lids_right": _mean_gap([(159, 145), (158, 153), (160, 144)], Y),
    "lids_left": _mean_gap([(386, 374), (385, 380), (387, 373)], Y),
    "gaze_x_right": _from_middle(468, (33, 133), X),
    "gaze_x_left": _from_middle(473, (362, 263), X),
    "gaze_y_right": _from_middle(468, (33, 133), Y),
    "gaze_y_left": _from_middle(473, (362, 263), Y),
    "mouth_open": _mean_gap([(13, 14), (81, 178), (311, 402)], Y),
    "mouth_width": _mean_gap([(61, 291)], X),
    "mouth_corner_right": _mean_gap([(2, 61)], Y),
    "mouth_corner_left": _mean_gap([(2, 291)], Y),
    "mouth_side": _from_middle(13, (33, 263), X) + _from_middle(14, (33, 263), X),
    "upper_lip": _mean_gap([(2, 13)], Y),
    "upper_lip_thickness": _mean_gap([(0, 13), (37, 82), (267, 312)], Y),
    "lower_lip_thickness": _mean_gap([(14, 17), (87, 84), (317, 314)], Y),
    "lip_protrusion": _mean_gap([(2, 0), (2, 17)], Z),
    "jaw_open": _mean_gap([(2, 152)], Y),
    "jaw_side": _from_middle(152, (33, 263), X),
    "brow_inner_right": _mean_gap([(107, 133), (55, 133)], Y),
    "brow_inner_left": _mean_gap([(336, 362), (285, 362)], Y),
    "brow_outer_right": _mean_gap([(70, 33), (46, 33)], Y),
    "brow_outer_left": _mean_gap([(300, 263), (276, 263)], Y),
    "brow_distance": _mean_gap([(55, 285)], X),
    "cheek_right": _mean_gap([(145, 205)], Y),
    "cheek_left": _mean_gap([(374, 425)], Y),
    "nose_width": _mean_gap([(129, 358)], X),
}
MEASUREMENT_NAMES = tuple(MEASUREMENTS)


def measurement_matrix() -> Floats:
    """f32 (M, 478 * 3): measurements = matrix @ canonical landmarks, flattened; in outer-eye distances."""
    matrix = np.zeros((len(MEASUREMENTS), LANDMARKS, 3), np.float32)
    for row, terms in zip(matrix, MEASUREMENTS.values(), strict=True):
        for weight, point, axis in terms:
            row[point, axis] += weight
    return matrix.reshape(len(MEASUREMENTS), -1)


_MATRIX = measurement_matrix()


def measure(canonical: Floats) -> dict[str, Floats]:
    """Named measurements in outer-eye distances of canonical landmarks f32 (..., 478, 3), each f32 (...)."""
    values = canonical.reshape(*canonical.shape[:-2], -1) @ _MATRIX.T
    return {name: values[..., i] for i, name in enumerate(MEASUREMENT_NAMES)}


EYE_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
EYE_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
IRIS_RIGHT, IRIS_LEFT = tuple(range(468, 473)), tuple(range(473, 478))
BROWS = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409) + (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415
)  # fmt: skip


def nearness(canonical: Floats, centres: tuple[int, ...], reach: float) -> Floats:
    """How near each landmark lies to a set of landmarks: 1 on them, Gaussian fall-off with `reach`; f32 (478,)."""
    flat = canonical[:, :2]
    squared = ((flat[:, None] - flat[None, list(centres)]) ** 2).sum(-1).min(1)
    return np.exp(-squared / (2 * reach**2)).astype(np.float32)


FRONTAL_DEGREES = 12.0  # frames turned further than this from the usual pose tell less about the neutral


def estimate_neutral(canonical: Floats, angles: Floats) -> Floats:
    """The relaxed face of a person who was never asked to relax: canonical f32 (N, 478, 3), angles (N, 3) -> (478, 3).

    Each region takes the frames in which it is at rest: eyes open but not wide, lips together, brows where they
    mostly are. Regions blend smoothly, so that the result is a face although no frame may have shown it.
    """
    turned = np.abs(angles - np.median(angles, 0)).max(1)
    frontal = turned <= max(FRONTAL_DEGREES, float(np.quantile(turned, 0.3)))
    shapes = canonical[frontal]
    middle = np.median(shapes, 0)
    shapes = np.stack([align.canonicalise(shape, middle)[0] for shape in shapes])
    usual = np.median(shapes, 0)
    values = measure(shapes)
    lids = values["lids_right"] + values["lids_left"]
    eyes = _mean_between(shapes, lids, 0.5, 0.85)
    closed = shapes[_between(values["mouth_open"], 0.0, 0.2)]
    spread = measure(closed)["mouth_width"]
    mouth = _mean_between(closed, spread, 0.25, 0.75)
    near_eyes = np.maximum(nearness(usual, EYE_RIGHT + IRIS_RIGHT, 0.06), nearness(usual, EYE_LEFT + IRIS_LEFT, 0.06))
    near_mouth = np.maximum(nearness(usual, LIPS, 0.25), usual[:, 1] > 0.75)
    for region, weight in ((eyes, near_eyes), (mouth, near_mouth)):
        usual = usual + weight[:, None] * (region - usual)
    return usual.astype(np.float32)


def _between(values: Floats, low: float, high: float) -> NDArray[np.bool_]:
    return (values >= np.quantile(values, low)) & (values <= np.quantile(values, high))


def _mean_between(shapes: Floats, values: Floats, low: float, high: float) -> Floats:
    """Mean shape over the rows whose value lies between two quantiles."""
    return shapes[_between(values, low, high)].mean(0)


@dataclass(frozen=True, slots=True)
class Transfer:
    """How one user's face drives one actor's: made once per (user neutral, actor neutral), applied every frame.

    user, actor: neutral canonical landmarks f32 (478, 3). gain: f32 (478, 3), user offset -> actor offset.
    pose: the user's neutral head rotation f64 (3, 3), taken off so that "straight ahead" is what the user does.
    """

    user: Floats
    actor: Floats
    gain: Floats
    pose: NDArray[np.float64]


MAX_REGION_GAIN = 1.8  # the smallest eyes in the largest face still move plausibly


def make_transfer(user: Floats, actor: Floats, rotation: NDArray[np.float64]) -> Transfer:
    """Per-region gains: a shut eye shuts the actor's eye however large the two eyes are; mouths scale by their width."""
    of_user, of_actor = measure(user), measure(actor)

    def ratio(name: str) -> float:
        return float(np.clip(of_actor[name] / max(of_user[name], 1e-3), 1 / MAX_REGION_GAIN, MAX_REGION_GAIN))

    gain = np.ones((LANDMARKS, 3), np.float32)
    for eye, iris, lids in ((EYE_RIGHT, IRIS_RIGHT, "lids_right"), (EYE_LEFT, IRIS_LEFT, "lids_left")):
        near = nearness(user, eye, 0.05)
        near[list(iris)] = 0
        gain[:, Y] += near * (ratio(lids) - 1)
    near_mouth = nearness(user, LIPS, 0.15)
    gain += (near_mouth * (ratio("mouth_width") - 1))[:, None]
    return Transfer(user, actor, gain, rotation)


def drive_landmarks(face: Face, transfer: Transfer, expression_gain: float = 1.0) -> tuple[Floats, Floats]:
    """A tracked face -> landmarks on the actor f32 (478, 3), and head pose f32 (3,) in degrees from the user's own.

    The pose is fitted anew against the user's own neutral: the average face that tracking uses would leave a bit of
    the user's identity in the pose, and a bit of the pose in the expression.
    """
    canonical, pose = align.canonicalise(face.points, transfer.user)
    offset = (canonical - transfer.user) * transfer.gain * np.float32(expression_gain)
    angles = align.angles_of(pose.rotation @ transfer.pose.T)
    return transfer.actor + offset, angles
