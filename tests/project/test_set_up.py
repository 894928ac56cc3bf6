"""What `make run` and `make test` do before anything of the project can be imported."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The set-up script, working on a made-up checkout; it starts no pip."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / ".ci" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recipe = (tmp_path / "pyproject.toml", tmp_path / "constraints.txt")
    for path in recipe:
        path.write_text("one")
    (tmp_path / ".venv").mkdir()
    settings = {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "LOG": tmp_path / ".venv/install.log", "RECIPE": recipe}
    for name, value in settings.items():
        monkeypatch.setattr(module, name, value)
    return module


@pytest.fixture
def installed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pip was asked to install, one entry a call."""
    calls: list[str] = []
    monkeypatch.setattr(bootstrap, "pip_install", lambda command: calls.append(Path(command[-1]).name))
    return calls


def test_packages_are_installed_once_and_again_when_the_recipe_changes(
    bootstrap: ModuleType, installed: list[str], tmp_path: Path
) -> None:
    for _ in range(2):
        bootstrap.provide_packages("run")
    assert installed == [tmp_path.name]
    (tmp_path / "constraints.txt").write_text("two")
    bootstrap.provide_packages("run")
    assert len(installed) == 2


def test_what_the_tests_need_includes_what_running_needs(
    bootstrap: ModuleType, installed: list[str], tmp_path: Path
) -> None:
    for purpose in ("run", "test", "run", "test", "run"):
        bootstrap.provide_packages(purpose)
    assert installed == [tmp_path.name, f"{tmp_path.name}[train,dev]"]


def test_a_failed_installation_is_tried_again(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str]) -> None:
        raise bootstrap.SetupError("planted")

    monkeypatch.setattr(bootstrap, "pip_install", fail)
    for _ in range(2):
        with pytest.raises(bootstrap.SetupError, match="planted"):
            bootstrap.provide_packages("run")


def test_pips_last_lines_are_shown_when_it_fails(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    says = "print('Collecting one'); [print('line', k) for k in range(100)]; raise SystemExit(1)"
    with pytest.raises(bootstrap.SetupError) as problem:
        bootstrap.pip_install([sys.executable, "-c", says])
    lines = str(problem.value).splitlines()
    assert lines[0] == f"line {100 - bootstrap.TAIL}"
    assert "line 99" in lines
    assert str(bootstrap.LOG) in lines[-1]
    assert bootstrap.LOG.read_text().startswith("Collecting one\nline 0\n")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system packages are Linux's")
def test_who_may_not_install_gets_the_exact_command(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "loadable", lambda library: library != "libxcb-cursor.so.0")
    monkeypatch.setattr(bootstrap, "working_venv", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("DISPLAY", ":0")
    for tool, command in (
        ("apt-get", "sudo apt-get install libxcb-cursor0"),
        ("dnf", "sudo dnf install xcb-util-cursor"),
    ):
        monkeypatch.setattr(shutil, "which", lambda name, tool=tool: f"/usr/bin/{name}" if name == tool else None)
        with pytest.raises(bootstrap.SetupError) as problem:
            bootstrap.provide_system_packages("run")
        assert str(problem.value).endswith(f"\n  {command}")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system packages are Linux's")
def test_without_a_display_running_needs_no_window_libraries(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(bootstrap, "loadable", lambda library: asked.append(library) or True)
    monkeypatch.setattr(bootstrap, "working_venv", lambda: True)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    bootstrap.provide_system_packages("run")
    assert asked
    assert not [library for library in asked if "xcb" in library]


def test_a_venv_of_another_place_or_none_is_not_used(bootstrap: ModuleType, tmp_path: Path) -> None:
    assert not bootstrap.working_venv()
    (tmp_path / ".venv" / "made-for").write_text("somewhere else")
    assert not bootstrap.working_venv()


@pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="needs make")
def test_a_shim_for_a_python_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    """pyenv leaves such names on the PATH: they exist, and fail when they are run."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python3.11", "python3.12", "python3.10"):
        (programs / name).write_text("#!/bin/sh\nexit 127\n")
        (programs / name).chmod(0o755)
    (programs / "python3").write_text('#!/bin/sh\n[ "$1" = -c ] || echo "this one: $*"\n')
    (programs / "python3").chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path)
    environment = {"PATH": f"{programs}:/bin:/usr/bin"}
    make = [str(shutil.which("make")), "-C", str(tmp_path), "--no-print-directory", "run"]
    done = subprocess.run(make, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("this one: .ci/bootstrap.py run\n")
