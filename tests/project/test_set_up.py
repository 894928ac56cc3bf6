"""What `make run` and `make test` do before anything of the project can be imported."""

from __future__ import annotations

import importlib.util
import os
import platform
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
    recipe = (tmp_path / "pyproject.toml", tmp_path / "constraints.txt", tmp_path / "light.txt")
    for path in recipe:
        path.write_text("one")
    (tmp_path / ".venv").mkdir()
    settings = {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "LOG": tmp_path / ".venv/install.log", "RECIPE": recipe}
    for name, value in settings.items():
        monkeypatch.setattr(module, name, value)
    return module


@pytest.fixture
def installed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip was asked to install, one entry a call. The project requires numpy, mediapipe, and its extras' names."""
    calls: list[list[str]] = []

    def install(what: list[str]) -> None:
        constrained = what[:2] == ["-c", str(bootstrap.ROOT / "constraints.txt")]
        calls.append(what[2:] if constrained else ["without constraints", *what])

    monkeypatch.setattr(bootstrap, "pip_install", install)
    monkeypatch.setattr(bootstrap, "split_requirements", lambda extras: (["mediapipe==1"], ["numpy", "attrs", *extras]))
    return calls


def test_packages_are_installed_once_and_again_when_the_recipe_changes(
    bootstrap: ModuleType, installed: list[list[str]], tmp_path: Path
) -> None:
    for _ in range(2):
        bootstrap.provide_packages("run")
    assert installed == [["--no-deps", "-e", str(tmp_path)], ["numpy", "attrs"], ["--no-deps", "mediapipe==1"]]
    (tmp_path / "constraints.txt").write_text("two")
    bootstrap.provide_packages("run")
    assert len(installed) == 6


def test_what_the_tests_need_includes_what_running_needs(bootstrap: ModuleType, installed: list[list[str]]) -> None:
    for purpose in ("run", "test", "run", "test", "run"):
        bootstrap.provide_packages(purpose)
    assert installed[1::3] == [["numpy", "attrs"], ["numpy", "attrs", "train", "dev"]]


def test_the_light_environment_has_pins_of_its_own(
    bootstrap: ModuleType, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """constraints.txt has numpy 1 on Pythons with mediapipe; the light one has numpy 2 everywhere."""
    for _ in range(2):
        bootstrap.provide_packages("light")
    assert installed == [["without constraints", "-r", str(bootstrap.LIGHT)]]


def test_where_nothing_is_installed_alone_pip_is_not_asked_for_it(
    bootstrap: ModuleType, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "split_requirements", lambda extras: ([], ["numpy"]))
    bootstrap.provide_packages("run")
    assert installed == [["--no-deps", "-e", str(tmp_path)], ["numpy"]]


@pytest.fixture
def planted_project(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The metadata of an installed project, which the running Python finds; to be filled with requirements."""
    monkeypatch.setattr(bootstrap, "venv_python", lambda: Path(sys.executable))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    info = tmp_path / "puppet_live-9.dist-info"
    info.mkdir()
    return info / "METADATA"


def test_mediapipe_is_installed_without_what_it_never_uses(bootstrap: ModuleType, planted_project: Path) -> None:
    planted_project.write_text(
        "Metadata-Version: 2.4\nName: puppet-live\nVersion: 9\n"
        "Requires-Dist: numpy<3,>=1.26\n"
        "Requires-Dist: mediapipe==0.10.21; python_version < '9'\n"
        "Requires-Dist: other; python_version > '9'\n"
        "Requires-Dist: runtime[cuda]>=1; extra == 'cuda'\n"
        "Requires-Dist: torch==2; extra == 'train'\n"
    )
    alone, others = bootstrap.split_requirements(())
    assert alone == ["mediapipe==0.10.21"]
    assert others == ["numpy<3,>=1.26", *bootstrap.ALONE["mediapipe"]]
    assert bootstrap.split_requirements(("train", "cuda"))[1] == [*others, "runtime[cuda]>=1", "torch==2"]


def test_without_mediapipe_nothing_is_installed_for_it(bootstrap: ModuleType, planted_project: Path) -> None:
    planted_project.write_text(
        "Metadata-Version: 2.4\nName: puppet-live\nVersion: 9\n"
        "Requires-Dist: numpy<3\nRequires-Dist: mediapipe==0.10.21; python_version > '9'\n"
    )
    assert bootstrap.split_requirements(()) == ([], ["numpy<3"])


def test_what_is_installed_alone_is_a_requirement(bootstrap: ModuleType) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in bootstrap.ALONE:
        assert f'"{name}==' in text


def test_a_failed_installation_is_tried_again(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(what: list[str]) -> None:
        raise bootstrap.SetupError("planted")

    monkeypatch.setattr(bootstrap, "pip_install", fail)
    for _ in range(2):
        with pytest.raises(bootstrap.SetupError, match="planted"):
            bootstrap.provide_packages("run")


def test_pips_last_lines_are_shown_when_it_fails(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    says = "print('Collecting one'); [print('line', k) for k in range(100)]; raise SystemExit(1)"
    with pytest.raises(bootstrap.SetupError) as problem:
        bootstrap.run_logged([sys.executable, "-c", says])
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


def test_a_venv_of_an_earlier_layout_is_made_anew(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first layout's has half a gigabyte of packages that nothing uses, and a stamp that says it is complete."""
    monkeypatch.setattr(bootstrap, "venv_python", lambda: Path(sys.executable))
    made_for = tmp_path / ".venv" / "made-for"
    made_for.write_text(bootstrap.made_for_this())
    assert bootstrap.working_venv()
    made_for.write_text(str(tmp_path))
    assert not bootstrap.working_venv()
    bootstrap.stamp("run").write_text(bootstrap.fingerprint())
    monkeypatch.undo()
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    bootstrap.provide_venv()
    assert bootstrap.working_venv()
    assert not bootstrap.stamp("run").exists()


@pytest.mark.parametrize(
    ("version", "system", "machine", "told"),
    [
        ((3, 9), "linux", "x86_64", "3.10 to 3.14. "),
        ((3, 10), "linux", "x86_64", None),
        ((3, 14), "linux", "aarch64", None),
        ((3, 14), "darwin", "arm64", None),
        ((3, 14), "darwin", "x86_64", "3.10 to 3.13 on an Intel Mac. "),
        ((3, 13), "darwin", "x86_64", None),
        ((3, 15), "win32", "AMD64", "3.10 to 3.14. "),
    ],
)
def test_a_python_that_does_not_fit_is_refused_with_those_that_do(
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, int],
    system: str,
    machine: str,
    told: str | None,
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 1))
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    if told is None:
        bootstrap.check_python()
        return
    with pytest.raises(bootstrap.SetupError) as problem:
        bootstrap.check_python()
    assert f"Puppet needs {told}" in str(problem.value)


def test_every_place_says_the_same_pythons(bootstrap: ModuleType) -> None:
    oldest, newest = (".".join(map(str, version)) for version in (bootstrap.OLDEST, bootstrap.NEWEST))
    after = f"3.{bootstrap.NEWEST[1] + 1}"
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "Makefile", "README.md")}
    assert f'requires-python = ">={oldest},<{after}"' in texts["pyproject.toml"]
    assert f'"Programming Language :: Python :: {newest}"' in texts["pyproject.toml"]
    assert f"{bootstrap.OLDEST} <= sys.version_info[:2] <= {bootstrap.NEWEST})" in texts["Makefile"]
    assert f"Python {oldest} to {newest}" in texts["Makefile"]
    assert f"Python {oldest} to {newest}" in texts["README.md"]


@pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="needs make")
def test_without_a_fitting_python_the_advice_names_those_that_fit(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")
    shutil.copy(ROOT / "Makefile", tmp_path)
    make = [str(shutil.which("make")), "-C", str(tmp_path), "--no-print-directory", "run"]
    done = subprocess.run(make, env={"PATH": str(programs)}, capture_output=True, text=True, timeout=60)
    assert done.returncode
    assert "Puppet needs Python 3.10 to 3.14, and found none." in done.stderr


@pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="needs make")
def test_a_shim_for_a_python_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    """pyenv leaves such names on the PATH: they exist, and fail when they are run."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python3.11", "python3.12", "python3.10", "python3.13", "python3.14"):
        (programs / name).write_text("#!/bin/sh\nexit 127\n")
        (programs / name).chmod(0o755)
    (programs / "python3").write_text('#!/bin/sh\n[ "$1" = -c ] || echo "this one: $*"\n')
    (programs / "python3").chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path)
    environment = {"PATH": f"{programs}:/bin:/usr/bin"}
    make = [str(shutil.which("make")), "-C", str(tmp_path), "--no-print-directory", "run"]
    done = subprocess.run(make, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("this one: .ci/bootstrap.py run\n")
