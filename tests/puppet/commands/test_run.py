"""`puppet run` chooses between the window, a table, and the demo as a file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from puppet import cli
from puppet.core.background import parse_background


def test_without_a_display_the_demo_becomes_a_new_file(
    no_display: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def render(video: str, output: Path, **options: object) -> SimpleNamespace:
        calls.append((video, output.name))
        output.write_bytes(b"a video")
        return SimpleNamespace(summary=lambda: f"{output}: done")

    monkeypatch.setattr("puppet.commands.render.render", render)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "puppet-demo.mp4").write_bytes(b"precious")
    assert cli.main([]) == 0
    assert cli.main([]) == 0
    assert calls == [("demo", "puppet-demo-2.mp4"), ("demo", "puppet-demo-3.mp4")]
    assert (tmp_path / "puppet-demo.mp4").read_bytes() == b"precious"
    assert "puppet-demo-3.mp4: done" in capsys.readouterr().out


@pytest.mark.parametrize("wish", [["--source", "0"], ["--record", "x.mp4"], ["--screenshot", "x.png"]])
def test_a_wish_for_the_window_without_a_display_is_an_error(
    wish: list[str], no_display: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(wish) == 2
    assert "--headless" in capsys.readouterr().err


def test_the_window_gets_what_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    got = {}
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr("puppet.commands.window.run_window", lambda **options: got.update(options) or 0)
    given = ["--source", "0", "--actor", "marble", "--loop", "--provider", "cpu", "--frames", "7", "--eyes-gain", "1.5"]
    given += ["--layout", "actor", "--no-badge", "--virtual-camera", "--background", "green"]
    assert cli.main(given) == 0
    assert got == {
        "source": "0",
        "actor": "marble",
        "record": None,
        "frames": 7,
        "screenshot": None,
        "provider": "cpu",
        "loop": True,
        "outputs": {"layout": "actor", "badge": False},
        "virtual_camera": True,
        "tracker": "auto",
        "motion": {"eyes_gain": 1.5},
        "background": parse_background("green"),
    }


def test_a_screenshot_needs_the_window(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--headless", "--screenshot", "x.png"]) == 2
    assert "--screenshot" in capsys.readouterr().err
