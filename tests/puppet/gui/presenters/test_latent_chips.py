"""What acts while its group is folded is said by chips over the picture, and a click on one removes it."""

from __future__ import annotations

import pytest
from live_actor import Live
from PyQt6.QtCore import Qt


@pytest.fixture
def folded(live) -> Live:
    live.window.side.groups["latent"].fold(True)
    assert not live.panel.isVisible()
    return live


def chips(gui: Live) -> list[str]:
    return [b.text().removesuffix("  ✕") for b in gui.window.pictures.chips.buttons.values() if b.isVisible()]


def chip(gui: Live, words: str):
    (found,) = [b for b in gui.window.pictures.chips.buttons.values() if words in b.text()]
    return found


def test_nothing_acts_at_first(folded):
    assert chips(folded) == []
    assert not folded.window.pictures.chips.isVisible()


def test_an_attribute_has_a_chip_that_removes_it(folded):
    folded.slide(folded.panel.attributes.sliders["smile"], 50)
    folded.slide(folded.panel.attributes.sliders["look_left"], -25)
    assert chips(folded) == ["Smile +1.0", "Look left -0.5"]
    folded.click(chip(folded, "Look left"))
    folded.shows(0.5, 0, 0, 1)
    assert chips(folded) == ["Smile +1.0"]
    assert folded.panel.attributes.sliders["look_left"].value == 0
    folded.click(chip(folded, "Smile"))
    folded.shows(0.5)
    assert chips(folded) == []


def test_a_frozen_face_has_a_chip_that_lets_it_follow_again(folded):
    folded.panel.frozen.click()
    assert chips(folded) == ["Frozen face"]
    folded.look(-15)
    folded.click(chip(folded, "Frozen"))
    folded.shows(-0.5)
    assert chips(folded) == []
    assert not folded.panel.frozen.isChecked()


def test_an_explored_face_has_a_chip_that_lets_the_actor_follow_again(folded):
    folded.slide(folded.panel.attributes.sliders["smile"], 50)
    folded.window.show_page("explore")
    folded.explorer.face.show_on_actor.setChecked(True)
    folded.window.show_page("live")
    assert chips(folded) == ["Explored face"]
    folded.click(chip(folded, "Explored"))
    folded.shows(0.5, 0, 0, 1)
    assert chips(folded) == ["Smile +1.0"]
    assert not folded.explorer.face.show_on_actor.isChecked()


def test_a_morph_has_a_chip_that_ends_it(folded):
    folded.choose(folded.panel.partner, "two")
    folded.until(lambda: chips(folded) == ["Turned into two: 50 %"])
    folded.slide(folded.panel.share, 10)
    assert chips(folded) == ["Turned into two: 60 %"]
    folded.click(chip(folded, "two"))
    assert chips(folded) == []
    folded.until(lambda: folded.puppeteers[-1].options.morph is None)
    assert folded.panel.partner.currentText() == "Nobody"


def test_full_screen_and_snapshots_show_none(folded):
    folded.slide(folded.panel.attributes.sliders["smile"], 50)
    folded.press(Qt.Key.Key_F11)
    folded.until(folded.window.isFullScreen)
    assert not folded.window.pictures.chips.isVisible()
    folded.press(Qt.Key.Key_F11)
    folded.until(folded.window.pictures.chips.isVisible)
