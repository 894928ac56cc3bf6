"""What the command line changes in a preset."""

from __future__ import annotations

from dataclasses import replace

from tiny_model import tiny_config

from models.training.trainer import Overrides


def test_an_end_on_the_command_line_replaces_the_presets():
    preset = tiny_config(None, epochs=100)
    assert Overrides(minutes=2.0).apply(preset) == replace(preset, epochs=None, minutes=2.0)
    assert Overrides(steps=9).apply(replace(preset, minutes=5.0)) == replace(preset, epochs=None, steps=9)
    assert Overrides(steps=9, minutes=3.0).apply(preset) == replace(preset, epochs=None, steps=9, minutes=3.0)
    assert Overrides(seed=3).apply(preset) == replace(preset, seed=3)
