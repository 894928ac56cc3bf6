"""Goals and floors of the fidelity table, and its figures from the judge's scores of several clips."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal

Score = Mapping[str, Any]  # what the judge's --json holds for one clip
Verdict = Literal["reached", "floor", "missed", "-"]
Missing = Literal["footage", "still", "self", "self_ec"]  # what an evaluation may lack

GROUPS = {  # the judge's names -> ours
    "mouth_open": "mouth open",
    "mouth_shape": "mouth shape",
    "lids": "lids",
    "brows": "brows",
    "gaze": "gaze",
}
ANGLES = ("yaw", "pitch", "roll")
IDENTITY_FLAGS = ("identity leak", "the face does not look like", "face nearly motionless")  # first words of flags


@dataclass(frozen=True)
class Range:
    """Bounds of a figure: at least `low`, at most `high`; None: no bound on that side."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Whether the value is within the bounds."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f">= {self.low:g}" if self.high is None else f"<= {self.high:g}"
        return f"{self.low:g} - {self.high:g}"


@dataclass(frozen=True)
class Criterion:
    """A row of the table.

    goal: what a good actor reaches; floor: what every actor must reach; None: no bound. pattern: of the number.
    """

    key: str
    title: str
    goal: Range | None = None
    floor: Range | None = None
    pattern: str = "{:.3f}"

    def verdict(self, value: float | None) -> Verdict:
        """Whether the goal is reached, only the floor, or neither; "-" without a figure or a bound."""
        if value is None or (self.goal is None and self.floor is None):
            return "-"
        if self.floor is not None and not self.floor.holds(value):
            return "missed"
        return "reached" if self.goal is None or self.goal.holds(value) else "floor"


def _at_least(key: str, title: str, goal: float | None, floor: float | None, pattern: str = "{:.3f}") -> Criterion:
    bounds = (None if bound is None else Range(low=bound) for bound in (goal, floor))
    return Criterion(key, title, *bounds, pattern=pattern)


def _at_most(key: str, title: str, goal: float | None, floor: float | None, pattern: str = "{:.2f}") -> Criterion:
    bounds = (None if bound is None else Range(high=bound) for bound in (goal, floor))
    return Criterion(key, title, *bounds, pattern=pattern)


_GROUP_BOUNDS = {  # goal, floor of the correlation
    "mouth_open": (0.95, 0.85),
    "mouth_shape": (0.88, 0.78),
    "lids": (0.92, 0.84),
    "brows": (0.88, 0.75),
    "gaze": (0.88, 0.75),
}
_IDENTITY = {"ratio": "distance / the actor's own", "leak": "leak to the driver", "spread_ratio": "spread / footage's"}

CRITERIA: tuple[Criterion, ...] = (  # the one place for goals and floors
    _at_least("ec", "expression correlation EC, mean over clips", 0.88, 0.82),
    _at_least("ec_lowest", "EC, lowest clip", None, 0.70),
    Criterion("ec_still", "EC of the warped still, mean over clips"),
    _at_least("ec_over_still", "EC less that of the warped still, lowest clip", 0.0, None),
    Criterion("ec_without_gaze", "EC without gaze, mean over clips"),
    Criterion("ec_chance", "EC at wrong times (chance), mean over clips"),
    *(_at_least(f"group_{g}", f"EC, {GROUPS[g]}", *bounds) for g, bounds in _GROUP_BOUNDS.items()),
    _at_least("pose", "head pose correlation", 0.97, 0.93),
    _at_most("pose_error", "head pose mean error, degrees", 3.0, None),
    *(
        Criterion(f"amplitude_{g}", f"amplitude ratio, {title}", Range(0.8, 1.25), Range(0.6, 1.6), "{:.2f}")
        for g, title in GROUPS.items()
    ),
    _at_least("detection", "detection rate", 0.995, 0.99, "{:.4f}"),
    _at_most("jitter_blendshapes", "jitter ratio, blendshapes", 1.0, 1.3),
    _at_most("jitter_landmarks", "jitter ratio, landmarks", 1.0, 1.3),
    _at_most("lag", "lag with default smoothing, frames, largest", 1.0, None, "{:.0f}"),
    _at_least("sharpness", "sharpness relative to the footage", 0.90, 0.70, "{:.2f}"),
    _at_most("identity", "clips with an identity flag (leak, stranger, frozen)", 0, 0, "{:.0f}"),
    *(
        Criterion(f"identity_{kind}_{figure}", f"identity, {kind}: {title}", pattern="{:.2f}")
        for kind in ("skin", "bone")
        for figure, title in _IDENTITY.items()
    ),
    _at_least("self_psnr", "held-out self-reconstruction, PSNR, dB", 32.0, 28.0, "{:.1f}"),
    _at_least("self_ssim", "held-out self-reconstruction, SSIM", 0.95, None),
    _at_least("self_ec", "held-out self-reconstruction, EC", 0.95, None),
    Criterion("self_psnr_tracked", "texture alone over the tracked mesh, PSNR, dB", pattern="{:.1f}"),
)
PATTERNS = {criterion.key: criterion.pattern for criterion in CRITERIA}


@dataclass(frozen=True)
class Measured:
    """Everything that was measured on one actor.

    scores: clip -> the judge's score; stills: clip -> the judge's score of the warped still, where there is one;
    self_figures: psnr, ssim, psnr_tracked (dB, -, dB) and ec of the held-out frames, where known, and their frames,
    blocks and size (px). missing: what could not be measured -> why.
    """

    scores: Mapping[str, Score]
    stills: Mapping[str, Score] = field(default_factory=dict)
    self_figures: Mapping[str, float] = field(default_factory=dict)
    missing: Mapping[Missing, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """A figure of the table. note: the worst clip and clips left out, or why there is no value."""

    value: float | None
    note: str = ""


def figures(measured: Measured) -> dict[str, Figure]:
    """Criterion key -> figure, for every criterion."""
    scores, names = measured.scores, short_names(list(measured.scores))
    found: dict[str, Figure] = {}

    def mean(key: str, get: Callable[[Score], float | None], worst: Callable[[float], float], why: str) -> None:
        """worst: of a clip's value, the smaller the worse."""
        found[key] = _mean({names[clip]: get(score) for clip, score in scores.items()}, key, worst, why)

    mean("ec", ec, _low, "the judge gives no EC")
    mean("ec_without_gaze", lambda s: expression(s, "ec_without_gaze"), _low, "the judge gives no EC")
    mean("ec_chance", lambda s: expression(s, "ec_chance_mean"), _high, "the judge gives no EC")
    for group in GROUPS:
        unmoved = "no driver moves it"
        mean(f"group_{group}", lambda s, g=group: of_group(s, g, "correlation"), _low, unmoved)
        mean(f"amplitude_{group}", lambda s, g=group: of_group(s, g, "amplitude_ratio"), _near_one, unmoved)
    mean("pose", lambda s: of_pose(s, "correlation"), _low, "no driver moves the head")
    mean("pose_error", lambda s: of_pose(s, "mae_centred_deg"), _high, "no driver moves the head")
    mean("detection", lambda s: s["detection_rate"], _low, "not judged")
    for kind in ("blendshapes", "landmarks"):
        mean(f"jitter_{kind}", lambda s, k=kind: jitter(s, k), _high, "no common frames")
    no_footage = measured.missing.get("footage", "no output with a face")
    mean("sharpness", sharpness, _low, no_footage)
    for kind in ("skin", "bone"):
        mean(f"identity_{kind}_ratio", lambda s, k=kind: identity(s, k, "ratio"), _high, no_footage)
        leak_why = measured.missing.get("footage", "driver and actor look too much alike to tell")
        mean(f"identity_{kind}_leak", lambda s, k=kind: identity(s, k, "leak"), _high, leak_why)
        mean(f"identity_{kind}_spread_ratio", lambda s, k=kind: identity(s, k, "spread_ratio"), _high, no_footage)
    found["ec_lowest"] = _lowest({names[clip]: ec(score) for clip, score in scores.items()}, found["ec"].note)
    found["lag"] = _lag({names[clip]: score["lag_frames"] for clip, score in scores.items()})
    found["identity"] = _identity_flags({names[clip]: score for clip, score in scores.items()}, no_footage)
    return found | _still_figures(measured, names) | _self_figures(measured)


# ---------------------------------------------------------------- one clip


def ec(score: Score) -> float | None:
    """Expression correlation, with driver frames for which the output shows no face; None: the driver is at rest."""
    return score["ec_counting_missing"]


def expression(score: Score, name: str) -> float | None:
    """A figure of the whole expression; None when the output shows no face."""
    return score["expression"][name] if score["expression"] else None


def of_group(score: Score, group: str, name: str) -> float | None:
    """A figure of a group of blendshapes; None where the driver does not move it."""
    found = score["expression"]["groups"][group] if score["expression"] else None
    return None if found is None or found["correlation"] is None else found[name]


def of_pose(score: Score, name: str) -> float | None:
    """Mean of a figure over the angles that the driver moves; None when there are none."""
    angles = score["pose"] or {}
    moved = [angles[a][name] for a in ANGLES if a in angles and angles[a]["correlation"] is not None]
    return fmean(moved) if moved else None


def jitter(score: Score, kind: str, name: str = "ratio") -> float | None:
    """Jitter of the output over the driver's; None without common frames.

    kind: "blendshapes" or "landmarks"; name: "ratio", or "quiet_ratio" where the driver is at rest.
    """
    return score["jitter"][kind][name] if score["jitter"] else None


def sharpness(score: Score) -> float | None:
    """Sharpness of the output over that of the actor's footage; None without footage."""
    return score["sharpness"].get("output_vs_actor")


def identity(score: Score, kind: str, name: str) -> float | None:
    """A figure of the identity. None without footage; of a leak also where the two people look alike.

    kind: "skin" or "bone"; name: "ratio", "leak" or "spread_ratio".
    """
    return score["identity"][kind][name] if "identity" in score else None


def short_names(clips: Sequence[str]) -> dict[str, str]:
    """Clip -> its name without the beginning that all names share, up to an underscore."""
    common = os.path.commonprefix(list(clips)) if len(clips) > 1 else ""
    cut = common.rfind("_") + 1
    return {clip: clip[cut:] or clip for clip in clips}


# ---------------------------------------------------------------- over clips

ByClip = Mapping[str, float | None]


def _low(value: float) -> float:
    return value


def _high(value: float) -> float:
    return -value


def _near_one(ratio: float) -> float:
    return min(ratio, 1 / ratio) if ratio > 0 else 0.0


def _mean(values: ByClip, key: str, worst: Callable[[float], float], why_none: str) -> Figure:
    known = {clip: value for clip, value in values.items() if value is not None}
    if not known:
        return Figure(None, why_none)
    clip = min(known, key=lambda c: worst(known[c]))
    note = f"worst {PATTERNS[key].format(known[clip])}, {clip}" if len(set(known.values())) > 1 else ""
    if len(known) < len(values):
        note = "; ".join(filter(None, [note, f"{len(known)} of {len(values)} clips"]))
    return Figure(fmean(known.values()), note)


def _lowest(values: ByClip, why_none: str) -> Figure:
    known = {clip: value for clip, value in values.items() if value is not None}
    if not known:
        return Figure(None, why_none)
    clip = min(known, key=lambda c: known[c])
    return Figure(known[clip], clip)


def _lag(lags: Mapping[str, int]) -> Figure:
    clip = max(lags, key=lambda c: abs(lags[c]))
    return Figure(float(abs(lags[clip])), clip if lags[clip] else "")


def _identity_flags(scores: Mapping[str, Score], no_footage: str) -> Figure:
    if not any("identity" in score for score in scores.values()):
        return Figure(None, no_footage)
    flagged = [c for c, s in scores.items() if any(flag.startswith(IDENTITY_FLAGS) for flag in s["flags"])]
    return Figure(float(len(flagged)), ", ".join(flagged))


def _still_figures(measured: Measured, names: Mapping[str, str]) -> dict[str, Figure]:
    why = measured.missing.get("still", "no warped still was scored")
    stills = {names[clip]: ec(measured.stills[clip]) if clip in measured.stills else None for clip in measured.scores}
    over: dict[str, float | None] = {}
    for clip, score in measured.scores.items():
        own, still = ec(score), stills[names[clip]]
        over[names[clip]] = None if own is None or still is None else own - still
    return {"ec_still": _mean(stills, "ec_still", _low, why), "ec_over_still": _lowest(over, why)}


def _self_figures(measured: Measured) -> dict[str, Figure]:
    known, facts = measured.self_figures, ""
    if known:
        plural = "" if known["blocks"] == 1 else "s"
        facts = f"{known['frames']:.0f} frames in {known['blocks']:.0f} block{plural}, {known['size']:.0f} px"
    why = measured.missing.get("self", "this network does not measure it")
    found = {}
    for name in ("psnr", "ssim", "psnr_tracked", "ec"):
        reason = measured.missing.get("self_ec", why) if name == "ec" else why
        found[f"self_{name}"] = Figure(known[name], facts) if name in known else Figure(None, reason)
    return found
