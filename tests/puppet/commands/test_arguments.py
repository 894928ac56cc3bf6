"""What is chosen on the command line reaches the settings and the engine."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from puppet import cli
from puppet.commands.arguments import chosen_outputs
from puppet.core.motion import MOTION_OPTIONS
from puppet.engine.options import StepOptions
from puppet.output.settings import OutputSettings


def test_what_is_chosen_for_outputs_becomes_settings() -> None:
    parsed = cli.build_parser().parse_args(
        ["run", "--layout", "separate", "--codec", "ffv1", "--height", "720", "--software", "--no-badge"]
    )
    chosen = OutputSettings(**chosen_outputs(parsed))
    assert chosen == OutputSettings("separate", 720, "ffv1", hardware=False, badge=False)


def test_every_motion_setting_is_an_option_of_run_and_render(monkeypatch: pytest.MonkeyPatch) -> None:
    """And reaches the engine."""
    got = {}
    monkeypatch.setattr(
        "puppet.commands.render.render", lambda *_, **options: got.update(options) or SimpleNamespace(summary=str)
    )
    given = [word for i, option in enumerate(MOTION_OPTIONS) for word in (option.flag, str(i / 10))]
    assert cli.main(["render", "in.mp4", "-o", "out.mp4", "--layout", "actor", *given]) == 0
    assert got["options"] == StepOptions(0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert got["outputs"] == OutputSettings(layout="actor")
    monkeypatch.setattr("puppet.commands.headless.run_headless", lambda **options: got.update(options) or 0)
    assert cli.main(["run", "--headless", *given[2:6]]) == 0
    assert got["options"] == StepOptions(expression_gain=0.1, eyes_gain=0.2)
