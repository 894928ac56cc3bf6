"""The buttons below the pictures."""

from __future__ import annotations

import pytest

from puppet.gui.live.transport_panel import clock


@pytest.mark.parametrize(("seconds", "expected"), [(0, "0:00"), (75.9, "1:15"), (3725, "1:02:05")])
def test_clock(seconds, expected):
    assert clock(seconds) == expected
