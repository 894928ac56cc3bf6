"""Pictures as arrays become QImage and QIcon."""

from __future__ import annotations

import numpy as np
import pytest
from planted_window import RED, halves
from PyQt6.QtGui import QColor

from puppet.face.landmarks import contour_lines
from puppet.gui.kit.qimage import OUTLINE_COLOUR, to_icon, to_qimage


@pytest.mark.parametrize(("width", "height", "expected"), [(64, 48, (64, 48)), (100, 48, (64, 48)), (30, 90, (30, 22))])
def test_a_picture_keeps_its_colours_and_its_aspect(qapp, width, height, expected):
    image = to_qimage(halves((10, 20, 30), (40, 50, 60)), width, height)
    assert (image.width(), image.height()) == expected
    left, right = QColor(image.pixel(1, 1)), QColor(image.pixel(image.width() - 2, 1))
    assert (left.blue(), left.green(), left.red()) == (10, 20, 30)
    assert (right.blue(), right.green(), right.red()) == (40, 50, 60)


def test_a_picture_survives_its_array(qapp):
    array = halves(RED, RED)
    image = to_qimage(array[:, ::2], 32, 48)  # not contiguous, and gone afterwards
    array[:] = 0
    assert QColor(image.pixel(5, 5)) == QColor("red")


def test_a_thumbnail_has_the_pixels_of_the_screen(qapp):
    pixmap = to_icon(halves(RED, RED, 64, 64), 30, 2.0).pixmap(30, 30)
    assert pixmap.toImage().pixelColor(3, 3) == QColor("red")


def test_the_mesh_lies_on_the_landmarks_and_not_in_the_frame(qapp):
    frame = halves(RED, RED, 480, 640)
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = 10  # all but one line in a corner
    a, b = contour_lines()[0]
    points[a, :2], points[b, :2] = (100, 239.5), (500, 239.5)
    before = frame.copy()
    image = to_qimage(frame, 320, 240, points)
    np.testing.assert_array_equal(frame, before)
    line = QColor(image.pixel(150, 119))  # half as large; 239.5 px from the top is row 119.5
    assert abs(line.green() - OUTLINE_COLOUR[1]) < 150
    assert line.green() > 50
    assert QColor(image.pixel(150, 160)) == QColor("red")
    assert to_qimage(frame, 320, 240) != image
