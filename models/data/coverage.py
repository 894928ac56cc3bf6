"""What a data set shows and what it lacks: figures per frame, gaps, and the report.

Left and right are the picture's, not the person's. Expression figures are relative to the person's own neutral face.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.data.outline import Outline
from puppet.core.types import Floats
from puppet.face import measurements

YAW_EDGES = (-30.0, -18.0, -6.0, 6.0, 18.0, 30.0)  # degrees; the outer cells are open
PITCH_EDGES = (-18.0, -6.0, 6.0, 18.0)
TURNED, NODDED = 12.0, 7.0  # degrees from which a head looks left or right, up or down

OPEN_MOUTH, RAISED_BROWS = 0.06, 0.03  # eye distances above neutral
SMILE, SHUT_EYES = 1.07, 0.4  # ratios to neutral: width of the mouth, opening of the eyes

FEW_SHARE = 0.02  # of the frames; less of a required expression is "few"
LEAST = 5  # frames; fewer count as none: a blink or a tracking error gives that many
LEAST_DIRECTION = 40  # frames that look in a direction before the report says what is missing there
ONE_SIDED = 2.5  # times as often to one side
MANY, ENOUGH = 1000, 300  # frames for a good and for a usable data set
GOOD_GAPS = 3  # so much may be missing from a good data set, if none of it is severe

Verdict = Literal["good", "usable", "too thin"]
GOOD: Verdict = "good"
USABLE: Verdict = "usable"
THIN: Verdict = "too thin"


@dataclass(frozen=True)
class Trait:
    """A figure per frame: its title, the range of its histogram, and its unit ("": a ratio to neutral)."""

    title: str
    low: float
    high: float
    unit: str = "eye distances"


TRAITS: dict[str, Trait] = {
    "mouth": Trait("mouth opening", 0.0, 0.6),
    "smile": Trait("mouth width (1 = neutral)", 0.6, 1.4, ""),
    "eyes": Trait("eye opening (1 = neutral, 0 = shut)", 0.0, 1.6, ""),
    "brow": Trait("height of the inner brows", -0.1, 0.1),
    "gaze_x": Trait("gaze left - right", -0.08, 0.08),
    "gaze_y": Trait("gaze up - down (rough)", -0.06, 0.06),
}
BINS = 24
GAZE_LIDS = 0.5  # eye opening below which gaze is not read


def traits(canonical: Floats, neutral: Floats) -> dict[str, Floats]:
    """The figures of TRAITS, each f32 (N,), of canonical landmarks f32 (N, 478, 3) beside the neutral (478, 3).

    Gaze is 0 while the lids are nearly shut: FaceMesh only guesses the irises then.
    """
    now, rest = measurements.measure(canonical), measurements.measure(neutral)

    def both(values: dict[str, Floats], name: str) -> Floats:
        return (values[f"{name}_left"] + values[f"{name}_right"]) / 2

    def moved(name: str) -> Floats:
        return both(now, name) - both(rest, name)

    eyes = both(now, "lids") / np.maximum(both(rest, "lids"), 1e-3)
    return {
        "mouth": now["mouth_open"] - rest["mouth_open"],
        "smile": now["mouth_width"] / np.maximum(rest["mouth_width"], 1e-3),
        "eyes": eyes,
        "brow": moved("brow_inner"),
        "gaze_x": moved("gaze_x") * (eyes > GAZE_LIDS),
        "gaze_y": moved("gaze_y") * (eyes > GAZE_LIDS),
    }


@dataclass(frozen=True)
class Requirement:
    """Something that footage should show.

    shown: which frames (N,) show it, from the figures of `traits`. missing, few: the words for the report. severe: an
    actor without it looks broken. everywhere: its name where it lacks in one direction of the head only; "": it is not
    required in every direction.
    """

    shown: Callable[[dict[str, Floats]], NDArray[np.bool_]]
    missing: str
    few: str
    advice: str
    severe: bool = False
    everywhere: str = ""


EXPRESSIONS = (
    Requirement(lambda t: t["mouth"] > OPEN_MOUTH, "the mouth never opens", "few frames with an open mouth",
                "talk, and open the mouth wide a few times", True, "open mouth"),
    Requirement(lambda t: t["mouth"] < 0.03, "the mouth never closes", "few frames with a closed mouth",
                "keep the lips together for a few seconds", True),
    Requirement(lambda t: t["eyes"] < SHUT_EYES, "eyes never closed", "few frames with closed eyes",
                "blink slowly, and keep the eyes shut for a second", True, "closed eyes"),
    Requirement(lambda t: t["smile"] > SMILE, "no smile", "few frames with a smile",
                "smile broadly, lips closed and open"),
    Requirement(lambda t: t["smile"] < 0.93, "no pursed lips", "few frames with pursed lips",
                'say "oo", purse the lips'),
    Requirement(lambda t: t["brow"] > RAISED_BROWS, "brows never raised", "few frames with raised brows",
                "raise the brows"),
    Requirement(lambda t: t["brow"] < -0.012, "no frown", "few frames with a frown", "frown"),
    Requirement(lambda t: t["gaze_x"] < -0.025, "eyes never glance left", "few glances to the left",
                "look around with the eyes while the head stays still"),
    Requirement(lambda t: t["gaze_x"] > 0.025, "eyes never glance right", "few glances to the right",
                "look around with the eyes while the head stays still"),
    Requirement(lambda t: t["gaze_y"] < -0.008, "eyes never glance up", "few glances upwards",
                "look up and down with the eyes while the head stays still"),
    Requirement(lambda t: t["gaze_y"] > 0.008, "eyes never glance down", "few glances downwards",
                "look up and down with the eyes while the head stays still"),
)  # fmt: skip

DIRECTIONS: dict[str, Callable[[Floats], NDArray[np.bool_]]] = {  # of the head, from angles (N, 3) in degrees
    "left": lambda a: a[:, 0] < -TURNED,
    "right": lambda a: a[:, 0] > TURNED,
    "up": lambda a: a[:, 1] > NODDED,
    "down": lambda a: a[:, 1] < -NODDED,
}


@dataclass(frozen=True)
class Gap:
    """Something the footage lacks, and what to film."""

    words: str
    advice: str
    severe: bool = False


def find_gaps(angles: Floats, figures: dict[str, Floats]) -> list[Gap]:
    """What the footage lacks; angles f32 (N, 3) degrees, figures as from `traits`."""
    few = max(LEAST, round(FEW_SHARE * len(angles)))
    gaps: list[Gap] = []
    looking = {name: test(angles) for name, test in DIRECTIONS.items()}
    for name, there in looking.items():
        if there.sum() < few:
            amount = "no" if there.sum() < LEAST else "few"
            gaps.append(Gap(f"{amount} frames looking {name}", f"turn the head slowly {name} and back, talking"))
    if words := one_sided(angles):
        less = "right" if looking["left"].sum() > looking["right"].sum() else "left"
        gaps.append(Gap(f"one-sided: {words}; training will show mirrored frames", f"turn the head {less} as well"))
    for required in EXPRESSIONS:
        shown = required.shown(figures)
        if shown.sum() < LEAST:
            gaps.append(Gap(required.missing, required.advice, required.severe))
        elif shown.sum() < few:
            gaps.append(Gap(required.few, required.advice))
        elif required.everywhere:
            gaps += [
                Gap(f"no {required.everywhere} while looking {name}", f"{required.advice}, with the head turned {name}")
                for name, there in looking.items()
                if there.sum() >= LEAST_DIRECTION and (shown & there).sum() < LEAST
            ]
    return gaps


def one_sided(angles: Floats) -> str:
    """In words how a head turns mostly to one side, "" when it does not; angles f32 (N, 3) degrees."""
    left, right = (int(DIRECTIONS[name](angles).sum()) for name in ("left", "right"))
    more, less = ("left", "right") if left > right else ("right", "left")
    ratio = max(left, right) / max(1, min(left, right))
    if max(left, right) < LEAST_DIRECTION or ratio < ONE_SIDED:
        return ""
    times = f"{_times(ratio)} as often as {less}" if min(left, right) else f"but never {less}"
    return f"the head turns {more} {times}"


def _times(ratio: float) -> str:
    words = ("two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{words[round(ratio) - 2]} times" if round(ratio) < 10 else f"{ratio:.0f} times"


@dataclass(frozen=True)
class CoverageReport:
    """The report of `prepare` on one person's footage.

    head: frames by pitch (rows, up first) and yaw (columns, left first), cells between PITCH_EDGES and YAW_EDGES;
    histograms: BINS counts by trait, what lies beyond counts at the ends; ranges: 1st, 50th and 99th percentile.
    one_sided: how the head turns mostly to one side, "" when it does not; training then shows mirrored frames
    (models/networks/mirror.py). people: frames of each person who was seen, most first. outlines: of the person, by
    source.
    """

    sources: list[str]
    looked_at: int
    kept: int
    dropped: dict[str, int]
    head: list[list[int]]
    histograms: dict[str, list[int]]
    ranges: dict[str, list[float]]
    missing: list[str]
    advice: list[str]
    verdict: Verdict
    one_sided: str = ""
    notes: list[str] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dump`."""
        return dataclasses.asdict(self)

    def text(self) -> str:
        """Several lines, for the terminal and DATA.report.txt."""
        lines = [f"Footage: {', '.join(self.sources)}", f"Frames: {self.kept} kept of {self.looked_at} looked at"]
        lines += [f"  {count:6d} dropped: {reason}" for reason, count in self.dropped.items() if count]
        lines += ["", "Head (frames; columns: yaw in degrees, left of the picture first; rows: pitch, up first)"]
        lines += _head_table(self.head)
        lines += ["", f"{'Expression':38}{'1 %':>8}{'median':>8}{'99 %':>8}"]
        for name, values in self.ranges.items():
            trait = TRAITS[name]
            lines.append(f"{trait.title:38}" + "".join(f"{v:8.2f}" for v in values) + f"  {trait.unit}")
        if self.outlines:
            lines += ["", "Outline of the person before the background", *(f"  {one.words()}" for one in self.outlines)]
        lines += ["", "Missing from the footage:" if self.missing else "Nothing is missing from the footage."]
        lines += [f"  - {words}" for words in self.missing]
        lines += [f"Note: {note}" for note in self.notes]
        lines += ["", f"Verdict: {self.verdict}"]
        lines += [f"  film: {words}" for words in self.advice]
        return "\n".join(lines)


def _head_table(head: list[list[int]]) -> list[str]:
    yaws, pitches = _cell_names(YAW_EDGES), _cell_names(PITCH_EDGES)[::-1]
    lines = [" " * 12 + "".join(f"{name:>11}" for name in yaws)]
    return lines + [f"{name:>12}" + "".join(f"{n:11d}" for n in row) for name, row in zip(pitches, head, strict=True)]


def _cell_names(edges: tuple[float, ...]) -> list[str]:
    inner = [f"{a:.0f}..{b:.0f}" for a, b in zip(edges, edges[1:], strict=False)]
    return [f"< {edges[0]:.0f}", *inner, f"> {edges[-1]:.0f}"]


def head_cells(angles: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row (up first) and column (left first) of each frame in the head grid, from angles (N, 3) degrees."""
    return len(PITCH_EDGES) - np.digitize(angles[:, 1], PITCH_EDGES), np.digitize(angles[:, 0], YAW_EDGES)


def make_report(
    canonical: Floats,
    angles: Floats,
    neutral: Floats,
    *,
    looked_at: int,
    dropped: dict[str, int],
    sources: list[str],
    notes: list[str] | None = None,
    people: list[int] | None = None,
    outlines: list[Outline] | None = None,
) -> CoverageReport:
    """Report on the kept frames: canonical f32 (N, 478, 3), angles f32 (N, 3) degrees, neutral f32 (478, 3).

    looked_at, dropped (by reason): counts of frames. people: frames of each person who was seen.
    """
    figures = traits(canonical, neutral)
    gaps = find_gaps(angles, figures)
    head = np.zeros((len(PITCH_EDGES) + 1, len(YAW_EDGES) + 1), int)
    np.add.at(head, head_cells(angles), 1)
    return CoverageReport(
        sources=sources,
        looked_at=looked_at,
        kept=len(canonical),
        dropped=dropped,
        head=head.tolist(),
        histograms={name: histogram(figures[name], trait).tolist() for name, trait in TRAITS.items()},
        ranges={name: np.quantile(figures[name], [0.01, 0.5, 0.99]).round(4).tolist() for name in TRAITS},
        missing=[gap.words for gap in gaps],
        advice=_advice(len(canonical), gaps),
        verdict=_verdict(len(canonical), gaps),
        one_sided=one_sided(angles),
        notes=notes or [],
        people=people or [],
        outlines=outlines or [],
    )


def histogram(values: Floats, trait: Trait) -> NDArray[np.intp]:
    """BINS counts over the trait's range; values beyond it count in the end bins."""
    return np.histogram(np.clip(values, trait.low, trait.high), BINS, (trait.low, trait.high))[0]


def _verdict(kept: int, gaps: list[Gap]) -> Verdict:
    severe = sum(gap.severe for gap in gaps)
    if kept < ENOUGH or severe > 1:
        return THIN
    return GOOD if kept >= MANY and not severe and len(gaps) <= GOOD_GAPS else USABLE


def _advice(kept: int, gaps: list[Gap]) -> list[str]:
    advice = list(dict.fromkeys(gap.advice for gap in sorted(gaps, key=lambda gap: not gap.severe)))
    if kept < MANY:
        advice.insert(0, "more: about two minutes of talking and making faces, head moving slowly")
    return advice
