"""What `puppet prepare` says of footage, read from its report: the verdict, what is missing, and what to film."""

from __future__ import annotations

from dataclasses import dataclass

VERDICT, MISSING, FILM = "Verdict: ", "  - ", "  film: "
MORE = "more: "  # the advice to film more of everything


@dataclass(frozen=True)
class Coverage:
    """verdict: good, usable or too thin; empty for a report that has none. advice: what to film, most urgent first."""

    verdict: str = ""
    missing: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def coverage_of(report: str) -> Coverage:
    """What a report tells, from its lines."""
    lines = report.splitlines()
    verdicts = [line.removeprefix(VERDICT) for line in lines if line.startswith(VERDICT)]
    return Coverage(
        verdicts[-1] if verdicts else "",
        tuple(line.removeprefix(MISSING) for line in lines if line.startswith(MISSING)),
        tuple(line.removeprefix(FILM) for line in lines if line.startswith(FILM)),
    )
