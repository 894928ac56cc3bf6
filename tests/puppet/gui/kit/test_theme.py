"""Colours of both schemes."""

from __future__ import annotations

import pytest
from PyQt6.QtGui import QColor, QPalette

from puppet.gui.kit import theme


@pytest.mark.parametrize(("window", "expected"), [("#ffffff", theme.LIGHT), ("#1e1e1e", theme.DARK)])
def test_light_and_dark(qapp, window, expected):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(window))
    assert theme.colours_for(palette) is expected
    assert theme.colours_for(theme.palette_of(expected)) is expected


@pytest.mark.parametrize("scheme", [theme.LIGHT, theme.DARK])
def test_text_stands_out_from_what_is_behind_it(scheme):
    def luminance(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def contrast(a, b):  # WCAG 2.1
        low, high = sorted((luminance(a), luminance(b)))
        return (high + 0.05) / (low + 0.05)

    for behind in (scheme.window, scheme.card, scheme.notice, scheme.warning, scheme.error):
        assert contrast(scheme.text, behind) >= 7
    for behind in (scheme.window, scheme.card):
        assert contrast(scheme.muted, behind) >= 4.5
        assert contrast(scheme.accent, behind) >= 4.5
        assert contrast(scheme.danger, behind) >= 4.5
    assert contrast(scheme.on_accent, scheme.accent) >= 4.5
