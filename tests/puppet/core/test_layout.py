"""Layouts and the choices that stand for them."""

from __future__ import annotations

import pytest

from puppet.core.layout import LAYOUT, Layout, layouts_of


def test_every_choice_stands_for_layouts() -> None:
    assert LAYOUT.choices == ("side-by-side", "actor", "driver", "separate")
    assert layouts_of("actor") == (Layout.ACTOR,)
    assert layouts_of("separate") == tuple(Layout)
    with pytest.raises(ValueError, match="upside-down"):
        layouts_of("upside-down")
