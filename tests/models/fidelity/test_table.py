"""The fidelity table in Markdown."""

from __future__ import annotations

from planted_score import planted_score, two_clips

from models.fidelity.criteria import CRITERIA, GROUPS, Measured, figures
from models.fidelity.table import goals_table, markdown

BY_KEY = {criterion.key: criterion for criterion in CRITERIA}


def cells(table: str, row: str) -> list[str]:
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {row} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_of_goals_has_a_verdict_for_each_actor():
    good = Measured({"one": planted_score(ec=0.9)})
    table = goals_table({"marble": figures(two_clips()), "ada": figures(good)})
    assert cells(table, "figure") == ["figure", "goal", "floor", "marble", "verdict", "ada", "verdict"]
    row = cells(table, BY_KEY["ec"].title)
    assert row[1:] == [">= 0.88", ">= 0.82", "0.800 (worst 0.700, low)", "missed", "0.900", "reached"]
    assert cells(table, BY_KEY["amplitude_lids"].title)[1:3] == ["0.8 - 1.25", "0.6 - 1.6"]
    assert cells(table, BY_KEY["self_psnr"].title)[3:] == ["-", "-", "-", "-"]
    still = f"{BY_KEY['ec_still'].title}; {BY_KEY['ec_over_still'].title}"
    assert f"- ada: {still}: no warped still was scored." in table.splitlines()


def test_the_report_lists_every_clip_of_every_actor():
    stills = {"talk_loud": planted_score(ec=0.85)}
    report = markdown({"marble": two_clips(stills=stills)})
    expression, amplitude, picture = report.split("## marble, clip by clip")[1].split(":\n\n")[1:]
    assert cells(expression, "loud")[1:3] == ["0.900", "0.850"]
    assert cells(expression, "low")[1:3] == ["0.700", "-"]
    header = cells(expression, "clip")
    assert header[-len(GROUPS) :] == list(GROUPS.values())
    assert cells(expression, "low")[header.index("mouth open")] == "-"
    assert cells(amplitude, "low")[cells(amplitude, "clip").index("lids")] == "1.50"
    header = cells(picture, "clip")
    assert cells(picture, "loud")[header.index("lag, frames")] == "-2"
    assert cells(picture, "loud")[header.index("flags")] == "none"
    assert "identity leak" in cells(picture, "low")[header.index("flags")]
