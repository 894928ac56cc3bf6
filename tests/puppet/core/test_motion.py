"""Every motion option has its place in the settings."""

from __future__ import annotations

from dataclasses import asdict, fields

from puppet.core.motion import MOTION_OPTIONS, MotionSettings


def test_the_settings_have_one_field_for_each_option() -> None:
    assert asdict(MotionSettings()) == {option.name: option.default for option in MOTION_OPTIONS}
    ranges = {field.name: field.metadata["range"] for field in fields(MotionSettings)}
    assert ranges == {option.name: (option.low, option.high) for option in MOTION_OPTIONS}
