"""The fidelity table in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from models.fidelity import criteria
from models.fidelity.criteria import ANGLES, CRITERIA, GROUPS, Figure, Measured, Score

Figures = Mapping[str, Figure]


def markdown(measured: Mapping[str, Measured]) -> str:
    """The whole report on actors by name: the table of goals, then for each actor its tables by clip."""
    figures = {actor: criteria.figures(m) for actor, m in measured.items()}
    parts = ["# Fidelity", goals_table(figures)]
    for actor, m in measured.items():
        parts += [f"## {actor}, clip by clip", expression_table(m), amplitude_table(m), picture_table(m)]
    return "\n\n".join(parts) + "\n"


def goals_table(figures: Mapping[str, Figures]) -> str:
    """For each criterion goal, floor, and each actor's figure and verdict; below it why figures are missing."""
    columns = [cell for actor in figures for cell in (actor, "verdict")]
    rows = []
    for criterion in CRITERIA:
        cells = [criterion.title, _bound(criterion.goal), _bound(criterion.floor)]
        for found in figures.values():
            figure = found[criterion.key]
            cells += [_measured(figure, criterion.pattern), criterion.verdict(figure.value)]
        rows.append(cells)
    table = _table(["figure", "goal", "floor", *columns], rows)
    return "\n\n".join([table, *_reasons(figures)])


def _reasons(figures: Mapping[str, Figures]) -> list[str]:
    """A paragraph that says why figures are missing, none when all are there."""
    titles: dict[tuple[str, str], list[str]] = {}
    for actor, found in figures.items():
        for criterion in CRITERIA:
            if found[criterion.key].value is None:
                titles.setdefault((actor, found[criterion.key].note), []).append(criterion.title)
    lines = [f"- {actor}: {'; '.join(missing)}: {why}." for (actor, why), missing in titles.items()]
    return ["Missing (`-`):\n\n" + "\n".join(lines)] if lines else []


def expression_table(measured: Measured) -> str:
    """Expression correlation by clip: of the actor, of the warped still, by chance, and by group."""

    def still(clip: str) -> float | None:
        return criteria.ec(measured.stills[clip]) if clip in measured.stills else None

    columns: dict[str, Callable[[str, Score], float | None]] = {
        "EC": lambda _, s: criteria.ec(s),
        "warped still": lambda clip, _: still(clip),
        "without gaze": lambda _, s: criteria.expression(s, "ec_without_gaze"),
        "chance": lambda _, s: criteria.expression(s, "ec_chance_mean"),
        "most by chance": lambda _, s: criteria.expression(s, "ec_chance_max"),
    }
    for group, title in GROUPS.items():
        columns[title] = lambda _, s, g=group: criteria.of_group(s, g, "correlation")
    return _by_clip("Expression correlation", measured, columns)


def amplitude_table(measured: Measured) -> str:
    """Amplitude of the output over the driver's, by clip, for groups that the driver moves."""
    columns: dict[str, Callable[[str, Score], float | None]] = {
        title: lambda _, s, g=group: criteria.of_group(s, g, "amplitude_ratio") for group, title in GROUPS.items()
    }
    return _by_clip("Amplitude ratio", measured, columns, "{:.2f}")


def picture_table(measured: Measured) -> str:
    """Head pose, detection, jitter, lag, sharpness, identity and the judge's flags, by clip."""
    columns: dict[str, Callable[[str, Score], float | None]] = {}
    for angle in ANGLES:
        columns[angle] = lambda _, s, a=angle: s["pose"][a]["correlation"] if s["pose"] else None
    columns |= {
        "error, degrees": lambda _, s: criteria.of_pose(s, "mae_centred_deg"),
        "detection": lambda _, s: s["detection_rate"],
        "jitter, blendshapes": lambda _, s: criteria.jitter(s, "blendshapes"),
        "blendshapes at rest": lambda _, s: criteria.jitter(s, "blendshapes", "quiet_ratio"),
        "jitter, landmarks": lambda _, s: criteria.jitter(s, "landmarks"),
        "landmarks at rest": lambda _, s: criteria.jitter(s, "landmarks", "quiet_ratio"),
        "lag, frames": lambda _, s: s["lag_frames"],
        "sharpness": lambda _, s: criteria.sharpness(s),
    }
    for kind in ("skin", "bone"):
        columns[f"{kind} ratio"] = lambda _, s, k=kind: criteria.identity(s, k, "ratio")
        columns[f"{kind} leak"] = lambda _, s, k=kind: criteria.identity(s, k, "leak")
        columns[f"{kind} spread"] = lambda _, s, k=kind: criteria.identity(s, k, "spread_ratio")
    flags = {clip: "; ".join(score["flags"]) or "none" for clip, score in measured.scores.items()}
    return _by_clip("Head and picture", measured, columns, "{:.2f}", {"flags": flags})


def _by_clip(
    title: str,
    measured: Measured,
    columns: Mapping[str, Callable[[str, Score], float | None]],
    pattern: str = "{:.3f}",
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    names, words = criteria.short_names(list(measured.scores)), words or {}
    rows = []
    for clip, score in measured.scores.items():
        values = [get(clip, score) for get in columns.values()]
        cells = ["-" if value is None else _number(value, pattern) for value in values]
        rows.append([names[clip], *cells, *(column[clip] for column in words.values())])
    return f"{title}:\n\n" + _table(["clip", *columns, *words], rows)


def _number(value: float, pattern: str) -> str:
    return str(value) if isinstance(value, int) else pattern.format(value)


def _bound(bound: object) -> str:
    return "-" if bound is None else str(bound)


def _measured(figure: Figure, pattern: str) -> str:
    if figure.value is None:
        return "-"
    return pattern.format(figure.value) + (f" ({figure.note})" if figure.note else "")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)
