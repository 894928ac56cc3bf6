"""The commands: names, help, exit codes, and what happens without a display."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_actor import tiny_actor

import puppet
from puppet import cli
from puppet.commands import doctor
from puppet.core.errors import PuppetError, SourceError
from puppet.engine.puppeteer import StepOptions
from puppet.output.settings import OutputSettings
from puppet.process import log as error_log
from puppet.settings import MotionSettings

COMMANDS = ("run", "render", "cameras", "actors", "doctor")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([command, "--help"])
    assert end.value.code == 0
    assert f"example: puppet {command}" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    look = "import sys; from puppet.cli import build_parser; build_parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "puppet.cli" in loaded
    assert loaded.isdisjoint({"numpy", "cv2", "mediapipe", "onnxruntime", "PyQt6", "torch", "puppet.engine.engine"})


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "puppet", "--version"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"puppet {puppet.__version__}\n")


def test_the_command_multiplies_matrices_on_one_thread() -> None:
    """Idle threads of OpenBLAS spin: a second one would take a whole core from the tracker."""
    pytest.importorskip("threadpoolctl", reason="tells what numpy's BLAS does; comes with the extra 'train'")
    code = (
        "import sys, puppet.cli; assert 'numpy' not in sys.modules\n"
        "puppet.cli.main(['actors']); import threadpoolctl\n"
        "print([pool['num_threads'] for pool in threadpoolctl.threadpool_info() if pool['user_api'] == 'blas'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert set(json.loads(done.stdout.splitlines()[-1])) == {1}


@pytest.mark.parametrize("given", [[], ["--source", "x.mp4", "--frames", "3"], ["run", "--loop"]])
def test_without_a_command_it_is_run(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(cli, "run_live", lambda arguments: seen.append(arguments) or 0)
    assert cli.main(given) == 0
    assert seen[0].source == ("x.mp4" if "--source" in given else None)
    assert seen[0].frames == (3 if "--frames" in given else None)
    assert seen[0].loop == ("--loop" in given)


@pytest.mark.parametrize(
    "given",
    [
        ["dance"],
        ["run", "--frames", "0"],
        ["run", "--frames", "many"],
        ["run", "--provider", "abacus"],
        ["render", "in.mp4"],
        ["render", "in.mp4", "-o", "out.mp4", "--smoothing", "1.5"],
        ["render", "in.mp4", "-o", "out.mp4", "--eyes-gain", "2.1"],
        ["run", "--mouth-gain", "-1"],
        ["run", "--brows-gain", "nan"],
        ["render", "in.mp4", "-o", "out.mp4", "--layout", "diagonal"],
    ],
)
def test_arguments_that_make_no_sense_are_code_2(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(given)
    assert end.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (SourceError("desk camera is busy; close the other program", "busy"), 2, "puppet: desk camera is busy"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_one_line_and_a_code(
    raised: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments):
        raise raised

    monkeypatch.setattr(cli, "run_live", fail)
    assert cli.main(["run"]) == code
    assert capsys.readouterr().err.startswith(said)


def test_a_bug_is_not_hidden_as_a_user_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "run_live", fail)
    assert cli.main(["run"]) == 2
    log = error_log.log_file()
    assert capsys.readouterr().err == f"puppet: puppet run failed unexpectedly (ZeroDivisionError); its log is {log}\n"
    assert "in fail" in log.read_text()


# --- with and without a display ---


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_a_display_is_found(name: str, no_display: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not doctor.has_display()
    monkeypatch.setenv(name, "something")
    assert doctor.has_display()


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
    given += ["--layout", "actor", "--no-badge", "--virtual-camera"]
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
        "motion": {"eyes_gain": 1.5},
    }


def test_what_can_be_chosen_for_outputs_is_what_the_settings_take() -> None:
    choices = {f.name: f.metadata.get("choices") for f in fields(OutputSettings)}
    assert (choices["layout"], choices["codec"], choices["quality"]) == (cli.LAYOUTS, cli.CODECS, cli.QUALITIES)
    assert (0, *cli.HEIGHTS) == choices["height"]
    parsed = cli.build_parser().parse_args(
        ["run", "--layout", "separate", "--codec", "ffv1", "--height", "720", "--software", "--no-badge"]
    )
    chosen = OutputSettings(**cli._outputs(parsed))
    assert chosen == OutputSettings("separate", 720, "ffv1", hardware=False, badge=False)


def test_every_motion_setting_is_an_option_of_run_and_render(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the names and within the limits of the settings, and in words that reach the pipeline."""
    limits = {field.name: field.metadata["range"] for field in fields(MotionSettings)}
    assert {name: (0, most) for name, (most, _) in cli.MOTION.items()} == limits
    got = {}
    monkeypatch.setattr(
        "puppet.commands.render.render", lambda *_, **options: got.update(options) or SimpleNamespace(summary=str)
    )
    given = [word for i, name in enumerate(limits) for word in ("--" + name.replace("_", "-"), str(i / 10))]
    assert cli.main(["render", "in.mp4", "-o", "out.mp4", "--layout", "actor", *given]) == 0
    assert got["options"] == StepOptions(0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert got["outputs"] == OutputSettings(layout="actor")
    monkeypatch.setattr("puppet.commands.headless.run_headless", lambda **options: got.update(options) or 0)
    assert cli.main(["run", "--headless", *given[2:6]]) == 0
    assert got["options"] == StepOptions(expression_gain=0.1, eyes_gain=0.2)


def test_a_screenshot_needs_the_window(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--headless", "--screenshot", "x.png"]) == 2
    assert "--screenshot" in capsys.readouterr().err


# --- lists ---


def test_actors_are_listed_and_a_damaged_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path))
    tiny_actor(tmp_path / "statue.actor")
    assert cli.main(["actors"]) == 0
    assert "statue  64 px  CC0-1.0  made 2026-01-02" in capsys.readouterr().out
    (tmp_path / "broken.actor").write_bytes((tmp_path / "statue.actor").read_bytes()[:1000])
    assert cli.main(["actors"]) == 2
    said = capsys.readouterr()
    assert "broken.actor" in said.err
    assert "statue" in said.out


def test_cameras_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from puppet.sources.devices import Camera

    monkeypatch.setattr("puppet.sources.registry.list_cameras", lambda: [Camera(2, "Desk", "/dev/video2", 200)])
    assert cli.main(["cameras"]) == 0
    assert capsys.readouterr().out == "2  Desk  /dev/video2\n"
    monkeypatch.setattr("puppet.sources.registry.list_cameras", list)
    assert cli.main(["cameras"]) == 0
    assert "No camera" in capsys.readouterr().err


def test_the_providers_are_those_the_actor_knows() -> None:
    from puppet.actor.providers import PROVIDERS

    assert ("auto", *PROVIDERS) == cli.PROVIDERS


# --- doctor ---


def test_the_doctor_goes_through_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path))
    tiny = tiny_actor(tmp_path / "statue.actor")
    assert cli.main(["doctor", "--actor", str(tiny)]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    for about in ("python", "packages", "ffmpeg", "display", "tracking", "actor statue", "provider: cpu works"):
        assert f"] {about}" in said
    assert "provider: CUDA is not used" in said or "provider: cuda works" in said


def test_the_doctor_finds_a_damaged_actor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path))
    (tmp_path / "broken.actor").write_bytes(b"PK nonsense")
    findings = list(doctor.check_actors())
    assert [f.level for f in findings if f.about == "actor broken"] == ["bad"]


def test_a_check_that_breaks_is_a_finding() -> None:
    def check_something():
        yield doctor.Finding("good", "first", "fine")
        raise PuppetError("it fell over")

    first, second = doctor.run_check(check_something)
    assert first.level == "good"
    assert (second.level, second.about) == ("bad", "something")
    assert "it fell over" in second.text


def test_opencv_python_beside_contrib_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "4.11" if name == "opencv-python" else None)
    (finding,) = doctor.check_opencv()
    assert finding.level == "bad"
    assert "opencv-python" in finding.text
