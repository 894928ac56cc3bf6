"""Chips over the actor's picture."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QRect
from PyQt6.QtWidgets import QWidget

from puppet.gui.live.chips import MARGIN, NOTE, Chips


@pytest.fixture
def chips(qtbot):
    whole = QWidget()
    qtbot.addWidget(whole)
    whole.resize(600, 400)
    chips = Chips(whole)
    chips.place(QRect(300, 0, 300, 400))
    whole.show()
    chips.whole = whole  # pyright: ignore[reportAttributeAccessIssue]
    return chips


def test_they_stand_at_the_lower_right_above_the_note(chips):
    chips.show_chips({"a": "Smile +1.2"})
    assert chips.isVisible()
    assert (chips.geometry().right(), chips.geometry().bottom()) == (599 - MARGIN, 399 - MARGIN - NOTE)
    one = chips.height()
    chips.show_chips({name: f"A long word {name}" for name in "abcdef"})
    assert chips.height() > 2 * one
    assert QRect(300, 0, 300, 400).contains(chips.geometry())
    assert len({(b.x(), b.y()) for b in chips.buttons.values()}) == 6


def test_a_chip_keeps_its_place_while_its_words_change_and_goes_when_nothing_acts(chips):
    chips.show_chips({"a": "Smile +1.2"})
    button = chips.buttons["a"]
    chips.show_chips({"a": "Smile +1.3"})
    assert chips.buttons["a"] is button
    assert (button.text(), button.accessibleName()) == ("Smile +1.3  ✕", "Remove Smile +1.3")
    chips.show_chips({})
    assert not chips.isVisible()


def test_only_the_pictures_fill_the_full_screen(chips):
    chips.show_chips({"a": "Smile +1.2"})
    chips.show_alone(True)
    assert not chips.isVisible()
    chips.show_alone(False)
    assert chips.isVisible()
