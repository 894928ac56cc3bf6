"""The commands: names, help, exit codes, and what happens without a display."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import puppet
from puppet import cli
from puppet.core.errors import SourceError
from puppet.process import log as error_log

COMMANDS = ("run", "render", "bench", "explore", "cameras", "actors", "doctor")


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
    log = error_log.log_folder() / error_log.NAME
    assert capsys.readouterr().err == f"puppet: puppet run failed unexpectedly (ZeroDivisionError); its log is {log}\n"
    assert "in fail" in log.read_text()


@pytest.mark.parametrize("given", [["-v", "actors"], ["--verbose", "actors"], ["actors", "-v"], ["-v"]])
def test_verbose_stands_before_or_behind_the_command(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for name in ("show_actors", "run_live"):
        monkeypatch.setattr(cli, name, lambda arguments, name=name: seen.append((name, arguments.verbose)) or 0)
    monkeypatch.setattr(cli, "start", lambda *_: None)
    assert cli.main(given) == 0
    assert seen == [("show_actors" if "actors" in given else "run_live", True)]


def test_a_message_shows_no_password(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(arguments):
        raise SourceError("usr:hush@cam/live and http://cam/?pwd=hush: nobody answers", "absent")

    monkeypatch.setattr(cli, "run_live", fail)
    assert cli.main(["run"]) == 2
    assert capsys.readouterr().err == "puppet: usr:***@cam/live and http://cam/?pwd=***: nobody answers\n"
