"""What is read from the report of `puppet prepare`, as `prepare` writes it."""

from __future__ import annotations

from models.data.coverage import CoverageReport
from puppet.new_actor.coverage import MORE, Coverage, coverage_of


def test_the_words_of_a_real_report_are_found():
    advice = [f"{MORE}about two minutes of talking", "raise the brows"]
    report = CoverageReport(["a.mp4"], 9, 8, {}, [[0] * 7] * 5, {}, {}, ["no frown", "no smile"], advice, "too thin")
    assert coverage_of(report.text()) == Coverage("too thin", ("no frown", "no smile"), tuple(advice))


def test_a_report_of_something_else_says_nothing():
    assert coverage_of("") == coverage_of("Pictures: 12") == Coverage()
