"""What is chosen on the command line reaches the settings and the engine."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from puppet import cli
from puppet.commands.arguments import chosen_outputs, render_options, step_options
from puppet.core.motion import MOTION_OPTIONS
from puppet.engine.options import StepOptions
from puppet.output.settings import OutputSettings


def test_what_is_chosen_for_outputs_becomes_settings() -> None:
    parsed = cli.build_parser().parse_args(
        ["run", "--layout", "separate", "--codec", "ffv1", "--height", "720", "--software", "--no-badge"]
    )
    chosen = OutputSettings(**chosen_outputs(parsed))
    assert chosen == OutputSettings("separate", 720, "ffv1", hardware=False, badge=False)


def test_a_background_reaches_the_engine_and_other_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("beach.png", np.full((40, 80, 3), (1, 2, 3), np.uint8))
    for text, wanted in (("green", "green"), ("#0A0b0c", "#0a0b0c"), ("beach.png", str(tmp_path / "beach.png"))):
        parsed = cli.build_parser().parse_args(["render", "in.mp4", "-o", "out.mp4", "--background", text])
        backdrop = step_options(parsed).background
        assert backdrop.wanted.text == wanted
        assert render_options(parsed)[-2:] == ["--background", wanted]
        if text == "beach.png":
            assert backdrop.picture is not None
            assert backdrop.picture.shape == (40, 40, 3)
            assert (backdrop.picture == (1, 2, 3)).all()
    parsed = cli.build_parser().parse_args(["run"])
    assert step_options(parsed) == StepOptions()
    assert "--background" not in render_options(cli.build_parser().parse_args(["render", "a", "-o", "b"]))


def test_a_transparent_background_chooses_a_codec_that_has_alpha() -> None:
    for name, codec in (("a.mov", "prores-4444"), ("a.webm", "vp9-alpha"), ("a.mp4", "h264")):
        parsed = cli.build_parser().parse_args(["render", "x", "-o", name, "--background", "transparent"])
        assert OutputSettings(**chosen_outputs(parsed, parsed.output)).codec == codec
    parsed = cli.build_parser().parse_args(["render", "x", "-o", "a.mov", "--background", "green"])
    assert OutputSettings(**chosen_outputs(parsed, parsed.output)).codec == "h264"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.png", None, r"gone\.png: there is no such file; a background is own, blur, transparent, green"),
        ("text.png", b"no picture", r"text\.png: .*; choose another picture for the background"),
        ("grren", None, r"grren: there is no such file; a background is own"),
    ],
)
@pytest.mark.parametrize("command", [["render", "in.mp4", "-o", "out.mp4"], ["run", "--headless"]])
def test_a_picture_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name, content, said, command
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert cli.main([*command, "--background", name]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(said, line)
    assert list(tmp_path.glob("out*")) == []


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
