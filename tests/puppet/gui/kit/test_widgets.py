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


def test_the_range_meter_is_painted_again_only_when_it_looks_different(qapp):
    class Counting(RangeMeter):
        updates = 0

        def update(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            self.updates += 1

    meter = Counting("Range")
    for value in (1.0, 1.001, 0.999, 1.0):
        meter.show_value(value)
    assert meter.updates == 1
    assert meter.accessibleDescription() == "within"
    for _ in range(30):
        meter.show_value(2.0)
    assert 20 < meter.updates < 32
    assert meter.accessibleDescription() == "beyond"
    meter.show_value(None)
    assert meter.updates > 21
    assert meter.accessibleDescription() == ""
