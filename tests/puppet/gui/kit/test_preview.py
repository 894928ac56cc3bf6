"""The widget that shows one picture."""

from __future__ import annotations

from planted_window import BLUE, RED, halves

from puppet.gui.kit.preview import PreviewPane
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
