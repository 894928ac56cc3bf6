"""What the judge's JSON looks like, with planted figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.fidelity.criteria import Measured

GROUPS = ("mouth_open", "mouth_shape", "lids", "brows", "gaze")


def planted_score(
    ec: float = 0.8,
    groups: Mapping[str, tuple[float | None, float]] | None = None,
    pose: Mapping[str, tuple[float | None, float]] | None = None,
    jitter: tuple[float, float] = (0.9, 0.9),
    lag: int = 0,
    skin: tuple[float, float | None, float] = (1.0, 0.0, 1.0),
    flags: Sequence[str] = (),
) -> dict[str, Any]:
    """groups: correlation (None: not moved) and amplitude ratio, by default 0.8 and 1. pose: angle -> correlation and
    centred error in degrees, by default 0.95 and 2. jitter: blendshapes, landmarks. skin: ratio, leak, spread."""
    told = {group: (0.8, 1.0) for group in GROUPS} | dict(groups or {})
    angles = {angle: (0.95, 2.0) for angle in ("yaw", "pitch", "roll")} | dict(pose or {})
    alike = {"ratio": 1.0, "leak": 0.0, "spread_ratio": 1.0}
    return {
        "ec_counting_missing": ec,
        "detection_rate": 1.0,
        "lag_frames": lag,
        "expression": {
            "ec": ec,
            "ec_without_gaze": ec - 0.05,
            "ec_chance_mean": 0.05,
            "ec_chance_max": 0.2,
            "groups": {name: {"correlation": r, "amplitude_ratio": ratio} for name, (r, ratio) in told.items()},
        },
        "pose": {
            name: {"correlation": r, "mae_deg": 99.0, "mae_centred_deg": error} for name, (r, error) in angles.items()
        },
        "jitter": {
            name: {"ratio": ratio, "quiet_ratio": 2 * ratio}
            for name, ratio in zip(("blendshapes", "landmarks"), jitter, strict=True)
        },
        "sharpness": {"output": 8.0, "driver": 9.0, "actor": 10.0, "output_vs_actor": 0.8},
        "identity": {"skin": dict(zip(alike, skin, strict=True)), "bone": alike},
        "flags": list(flags),
    }


def two_clips(**changes) -> Measured:
    """EC 0.9 and 0.7; mouth open 0.8 and not moved; yaw moved in the first clip only."""
    lively = planted_score(
        ec=0.9,
        groups={"mouth_open": (0.8, 1.5), "lids": (0.9, 0.5)},
        pose={"yaw": (0.96, 2.0), "pitch": (0.90, 4.0), "roll": (None, 50.0)},
        jitter=(0.5, 0.7),
        lag=-2,
        skin=(1.0, 0.1, 1.2),
    )
    quiet = planted_score(
        ec=0.7,
        groups={"mouth_open": (None, 9.0), "lids": (0.7, 1.5)},
        pose={"yaw": (None, 50.0), "pitch": (None, 50.0), "roll": (None, 50.0)},
        jitter=(1.1, 0.9),
        lag=1,
        skin=(2.0, None, 0.8),
        flags=["identity leak: the face looks far more like the driver than like the actor", "something else"],
    )
    return Measured({"talk_loud": lively, "talk_low": quiet}, **changes)
