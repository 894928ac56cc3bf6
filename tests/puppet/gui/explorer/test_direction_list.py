"""The explorer's rows of directions, with their sliders and small pictures."""

from __future__ import annotations

import pytest
from explorer_user import LEFT, RANKED, point
from planted_window import ROOM
from PyQt6.QtCore import QPoint

from puppet.core.types import Latent
from puppet.gui.explorer.worker import SPREAD


def test_directions_are_listed_by_use_with_what_they_do(user):
    rows = user.window.rows
    user.qtbot.waitUntil(
        lambda: rows.complete and all(not r.pictures[1].pixmap().isNull() for r in rows.rows.values()), timeout=ROOM
    )
    assert list(rows.rows) == list(RANKED)  # as they stand, from the top
    tops = [row.mapTo(user.window, QPoint(0, 0)).y() for row in rows.rows.values()]
    assert tops == sorted(tops)
    for number, row in rows.rows.items():
        before, after = (label.pixmap().toImage() for label in row.pictures)
        assert before != after, f"direction {number} shows no difference"
    moved = [user.actor.decode(Latent(point(d3=s))).image.mean() for s in (-SPREAD, SPREAD)]
    assert moved[1] > moved[0]
    lights = [_light(label.pixmap().toImage()) for label in rows.rows[0].pictures]
    assert lights[1] - lights[0] > 40, "the brighter end is not on the right"


def _light(image) -> float:
    colour = image.pixelColor(2, 2)
    return colour.red() + colour.green() + colour.blue()


def test_sliders_set_every_direction_and_the_mouse_does_not_undo_them(user):
    for number, dimension in RANKED.items():
        user.slide(user.window.rows.rows[number].slider, 10)
        assert user.somewhere()[dimension] == pytest.approx(0.2)
    user.hover(1, 1)
    user.sees(point(d0=0.2, d1=0.2, d3=0.2))
    user.qtbot.mouseDClick(user.window.rows.rows[0].slider.slider, LEFT)
    user.qtbot.mouseRelease(user.window.rows.rows[0].slider.slider, LEFT)  # else Qt sends later moves of the mouse here
    user.sees(point(d0=0.2, d1=0.2))


def test_arrows_of_a_row_choose_what_the_mouse_moves(user):
    right, up = user.window.rows.rows[0].buttons
    user.click(right)
    assert user.window.exploration.pair == (0, 1)
    user.click(user.window.rows.rows[0].buttons[1])  # it gives its own place away
    assert user.window.exploration.pair == (1, 0)
    assert [b.isChecked() for b in (right, up)] == [False, True]
    user.hover(0.5, 1)
    assert user.somewhere()[[1, 3]] == pytest.approx((0.5, 1), abs=0.01)
