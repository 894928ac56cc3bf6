"""What the judge's JSON looks like, with planted figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
