"""How the driver's motion reaches the actor: the options of smoothing and of the gains, and their settings."""

from __future__ import annotations

from dataclasses import dataclass

from puppet.core.options import NumberOption

SMOOTHING = NumberOption("smoothing", 0.5, 0, 1, "how much trembling is removed: 0 none, 1 most, which lags behind")
EXPRESSION_GAIN = NumberOption(
    "expression_gain",
    *(1.0, 0, 2),
    "how strongly the actor shows what the face does: 0 not at all, 1 as the driver, 2 twice",
)
EYES_GAIN = NumberOption("eyes_gain", 1.0, 0, 2, "the same for lids and gaze, times the expression gain")
MOUTH_GAIN = NumberOption("mouth_gain", 1.0, 0, 2, "the same for mouth, jaw and cheeks, times the expression gain")
BROWS_GAIN = NumberOption("brows_gain", 1.0, 0, 2, "the same for the brows, times the expression gain")
POSE_GAIN = NumberOption("pose_gain", 1.0, 0, 2, "how far the head turns and moves: 1 as the driver's")
MOTION_OPTIONS = (SMOOTHING, EXPRESSION_GAIN, EYES_GAIN, MOUTH_GAIN, BROWS_GAIN, POSE_GAIN)


@dataclass(frozen=True)
class MotionSettings:
    """How the driver's motion reaches the actor, one field for each of MOTION_OPTIONS, in their order.

    The gains of eyes, mouth and brows are multiplied by `expression_gain`.
    """

    smoothing: float = SMOOTHING.field()
    expression_gain: float = EXPRESSION_GAIN.field()
    eyes_gain: float = EYES_GAIN.field()
    mouth_gain: float = MOUTH_GAIN.field()
    brows_gain: float = BROWS_GAIN.field()
    pose_gain: float = POSE_GAIN.field()
