"""Likeness and sharpness, drawn and in words."""

from __future__ import annotations

import pytest
from PyQt6.QtGui import QColor

from puppet.gui.actors.quality_curve import QualityCurve, in_words
from puppet.gui.kit.theme import colours_for
from puppet.new_actor.job import Quality


@pytest.fixture
def curve(qtbot):
    made = QualityCurve()
    qtbot.addWidget(made)
    made.resize(360, made.height())
    made.show()
    return made


def rows_of(curve: QualityCurve, colour: str, column: float) -> list[int]:
    """Where a colour is in one column of the picture, in px from the top."""
    picture = curve.grab().toImage()
    x, wanted = round(column * picture.width()), QColor(colour)
    near = [abs(picture.pixelColor(x, y).blue() - wanted.blue()) < 12 and picture.pixelColor(x, y).red() < 120
            for y in range(picture.height())]  # fmt: skip
    return [y for y, there in enumerate(near) if there]


def test_a_rising_curve_rises(curve):
    curve.show_quality([Quality(60.0 * i, 0.9, 0.3 + 0.02 * i) for i in range(30)])
    accent = colours_for(curve.palette()).accent
    early, late = (rows_of(curve, accent, column) for column in (0.3, 0.9))
    assert min(late) < min(early) - 20
    assert curve.accessibleDescription() == "Likeness 90 %, Sharpness 88 %"


def test_one_sample_is_no_curve_yet_and_many_are_thinned_out(curve):
    curve.show_quality([])
    assert curve.accessibleDescription() == "nothing yet"
    curve.show_quality([Quality(1, 0.5, 0.5)])
    assert len(curve.points) == 1
    curve.show_quality([Quality(i, 0.5, i / 5000) for i in range(5000)])
    assert 300 < len(curve.points) < 500
    assert curve.points[-1].seconds == 4999


@pytest.mark.parametrize(
    ("likeness", "sharpness", "words"),
    [(0.95, 0.94, "Very like"), (0.95, 0.85, "Good;"), (0.9, 0.5, "soft still: train on"), (0.5, 0.9, "Not very like")],
)
def test_how_good_it_is_in_words(likeness, sharpness, words):
    assert words in in_words(Quality(1, likeness, sharpness))
