"""The widget that shows one picture."""

from __future__ import annotations

import numpy as np
import pytest
from planted_window import BLUE, RED, halves
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QColor, QImage, QRegion
from PyQt6.QtWidgets import QWidget

from puppet.gui.kit.preview import CORNER, PreviewPane
from puppet.gui.kit.qimage import to_qimage


def test_latency_is_measured_when_the_picture_is_painted(qapp):
    pane = PreviewPane("pane")
    image = to_qimage(halves(RED, BLUE), 64, 48)
    assert pane.latency_ms == 0
    pane.show_image(image, captured_at=-1000.0)  # long before perf_counter began
    assert pane.latency_ms == 0  # nothing painted yet
    pane.grab()
    assert pane.latency_ms > 1_000_000
    first = pane.latency_ms
    pane.grab()  # painted again, but not for the first time
    assert pane.latency_ms == first


BEHIND = QColor(10, 200, 90)


def painted(pane: PreviewPane) -> QImage:
    """The pane over BEHIND."""
    picture = QImage(pane.width(), pane.height(), QImage.Format.Format_RGB32)
    picture.fill(BEHIND)
    pane.render(picture, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    return picture


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("height", [300, 240, 285])  # the picture fills the pane, leaves bars, leaves thin bars
def test_a_picture_that_fits_is_painted_pixel_by_pixel(qapp, mirrored: bool, height: int) -> None:
    pane = PreviewPane("pane")
    pane.resize(200, 300)
    pane.set_mirrored(mirrored)
    noise = np.random.default_rng(0).integers(0, 256, (height, 200, 3), np.uint8)
    image = to_qimage(noise, *pane.device_size)
    pane.show_image(image)
    top, expected = (300 - height) // 2, image.mirrored(mirrored, False)
    edge = max(0, round(CORNER) + 1 - top)  # rows beside the corners of the pane
    found = painted(pane).copy(0, top, 200, height)
    assert found.copy(0, edge, 200, height - 2 * edge) == expected.copy(0, edge, 200, height - 2 * edge)
    beside = round(CORNER) + 1
    assert found.copy(beside, 0, 200 - 2 * beside, height) == expected.copy(beside, 0, 200 - 2 * beside, height)


def test_the_corners_show_what_is_behind_the_pane(qapp) -> None:
    pane = PreviewPane("pane")
    pane.resize(200, 300)
    for size in ((200, 300), (100, 150)):  # as large as the pane; as large as the pane was before
        pane.show_image(to_qimage(halves(RED, RED, 300, 200), *size))
        shown = painted(pane)
        assert {QColor(shown.pixel(x, y)).name() for x in (0, 199) for y in (0, 299)} == {BEHIND.name()}
        assert {QColor(shown.pixel(x, y)).name() for x in (0, 199) for y in (round(CORNER) + 2, 150)} == {"#ff0000"}


def test_a_picture_can_be_turned_while_it_is_shown(qapp) -> None:
    pane = PreviewPane("pane")
    pane.resize(200, 300)
    pane.show_image(to_qimage(halves(RED, BLUE, 300, 200), 200, 300))
    for mirrored in (False, True, False):
        pane.set_mirrored(mirrored)
        left = QColor(painted(pane).pixel(20, 150)).name()
        assert left == ("#0000ff" if mirrored else "#ff0000")
    pane.set_mirrored(True)
    pane.show_image(to_qimage(halves(BLUE, RED, 300, 200), 200, 300))  # the next picture is turned too
    assert QColor(painted(pane).pixel(20, 150)).name() == "#ff0000"
