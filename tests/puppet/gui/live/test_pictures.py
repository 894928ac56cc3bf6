"""Cells for the pictures of several actors."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QRect

from puppet.gui.live.pictures import grid


@pytest.mark.parametrize(
    ("width", "height", "count", "columns"),
    [(400, 400, 1, 1), (400, 400, 4, 2), (900, 300, 3, 3), (300, 900, 3, 1), (600, 400, 5, 3)],
)
def test_cells_of_the_wall_are_equal_apart_and_inside(width, height, count, columns):
    area = QRect(10, 20, width, height)
    cells = grid(area, count)
    assert len(cells) == count
    assert len({cell.left() for cell in cells}) == columns
    assert len({(cell.width(), cell.height()) for cell in cells}) == 1
    assert all(area.contains(cell) for cell in cells)
    assert not any(a.intersects(b) for i, a in enumerate(cells) for b in cells[:i])
