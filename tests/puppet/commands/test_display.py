"""Whether there is a display."""

from __future__ import annotations

import pytest

from puppet.commands import display


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_a_display_is_found(name: str, no_display: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not display.has_display()
    monkeypatch.setenv(name, "something")
    assert display.has_display()
