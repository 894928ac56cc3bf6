"""The real window is timed while it plays."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.actor.runtime import Actor
from puppet.commands import bench_window


def test_the_real_window_is_timed_to_its_paint_and_to_a_flash(
    loaded_actor: Actor, qapp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_window, "WARM_UP", 0.6)
    clip = [np.full((48, 64, 3), i, np.uint8) for i in range(4)]
    figures = bench_window.bench_in_window(loaded_actor, clip, 3.0, flash=True)
    assert figures["latency_to"] == "paint"
    assert 0 < figures["paint_ms"]["p50"] < figures["latency_ms"]["p50"]
    assert figures["flash_ms"]["p50"] > 0
    assert figures["live_fps"] > 0
