"""A row that goes on below where there is no room."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QApplication, QPushButton, QWidget

from puppet.gui.kit.flow import FlowLayout

GAP, WIDTH, HEIGHT = 10, 100, 30


@pytest.fixture
def make_row(qtbot):
    rows = []

    def make(width, count=4, spring=None, hidden=()):
        row = QWidget()
        rows.append(row)
        flow = FlowLayout(GAP, row)
        buttons = []
        for number in range(count):
            if number == spring:
                flow.add_spring()
            button = QPushButton()
            button.setFixedSize(WIDTH, HEIGHT)
            button.setVisible(number not in hidden)
            flow.addWidget(button)
            buttons.append(button)
        row.resize(width, 200)
        row.show()
        qtbot.addWidget(row)
        QApplication.processEvents()
        return flow, [(b.x(), b.y()) for b in buttons if b.isVisible()]

    return make


def test_all_stand_in_one_row_where_there_is_room(make_row):
    flow, places = make_row(4 * WIDTH + 3 * GAP)
    assert places == [(n * (WIDTH + GAP), 0) for n in range(4)]
    assert flow.heightForWidth(4 * WIDTH + 3 * GAP) == HEIGHT
    assert flow.sizeHint().width() == 4 * WIDTH + 3 * GAP
    assert flow.minimumSize().width() == WIDTH


def test_what_has_no_room_goes_on_below(make_row):
    flow, places = make_row(2 * WIDTH + GAP)
    assert places == [(0, 0), (WIDTH + GAP, 0), (0, HEIGHT + GAP), (WIDTH + GAP, HEIGHT + GAP)]
    assert flow.heightForWidth(2 * WIDTH + GAP) == 2 * HEIGHT + GAP


def test_what_comes_after_the_spring_stands_at_the_right(make_row):
    _, places = make_row(600, spring=2)
    assert places == [(0, 0), (WIDTH + GAP, 0), (390, 0), (500, 0)]


def test_hidden_widgets_take_no_room(make_row):
    flow, places = make_row(600, hidden=(1,))
    assert places == [(0, 0), (WIDTH + GAP, 0), (2 * (WIDTH + GAP), 0)]
    assert flow.count() == 4
