"""Tone mapping."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.media.hdr import PEAK, to_sdr, white_of


def test_bright_light_is_drawn_in_and_keeps_its_hue() -> None:
    ramp = np.linspace(0.05, 1, 40)
    shown = to_sdr(np.repeat(ramp[:, None], 3, axis=1), "smpte2084")
    assert np.all(np.diff(shown[:, 0]) >= 0)
    assert shown.min() >= 0
    assert shown.max() == 1
    nits = np.array([[120.0, 300.0, PEAK]]).T * np.array([[1.0, 0.6, 0.4]])
    power = (nits / 10000) ** 0.1593017578125
    signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    light = to_sdr(signal, "smpte2084", "bt709") ** 2.4
    assert light[:, 1] / light[:, 0] == pytest.approx([0.6] * 3, abs=0.01)
    assert white_of(signal[:1], "smpte2084") == pytest.approx(120, abs=2)
    assert white_of(signal, "smpte2084") == 203.0
    assert white_of(signal / 2, "smpte2084") == 100.0
