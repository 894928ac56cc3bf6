"""Small controls."""

from __future__ import annotations

from puppet.gui.kit.widgets import RangeMeter


def test_the_range_meter_is_calm(qapp):
    """One strange frame is not seen, several are."""
    meter = RangeMeter("Range")
    meter.show_value(0.4)
    meter.show_value(3.0)
    assert meter.value is not None
    assert meter.value < 1
    for _ in range(20):
        meter.show_value(3.0)
    assert meter.value > 2.5
