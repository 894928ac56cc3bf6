"""The commands that train: where their code is, what they say without their libraries, and what they run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.__main__ import COMMANDS as OF_MODELS
from puppet import cli
from puppet.new_actor import job, training_code
from puppet.storage import installing

ROOT = Path(__file__).resolve().parents[3]


def planted(folder: Path) -> Path:
    """A folder that looks like one with the training code."""
    for name in ("models", "export"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__main__.py").write_text("")
    return folder


def without_libraries(monkeypatch: pytest.MonkeyPatch, installed: Path | None) -> None:
    monkeypatch.setattr(training_code, "LIBRARIES", ("torch_of_nobody", "json"))
    if installed is not None:
        monkeypatch.setattr(installing, "INSTALLED", installed)


def test_a_checkout_has_it_beside_puppet_and_an_installed_program_inside(tmp_path, monkeypatch):
    assert training_code.code_folder() == training_code.IMPORT_FOLDER == ROOT
    monkeypatch.setattr(installing, "INSTALLED", planted(tmp_path / "puppet" / "training_code"))
    assert training_code.code_folder() == tmp_path / "puppet" / "training_code"


def test_puppet_lists_every_command_of_models_and_export():
    assert list(OF_MODELS) == [name for name in training_code.COMMANDS if name != training_code.EXPORT]
    shown = cli.build_parser().format_help()
    for name, line in training_code.COMMANDS.items():
        assert f"    {name}" in shown
        assert line in " ".join(shown.split())


@pytest.mark.parametrize("python", ["/usr/bin/python3", "/home/Jö B/bin/python"])
def test_an_installed_program_names_its_extra(python, tmp_path, monkeypatch):
    without_libraries(monkeypatch, planted(tmp_path))
    monkeypatch.setattr(installing.sys, "executable", python)
    monkeypatch.setattr(training_code.importlib.util, "find_spec", lambda name: None if "nobody" in name else name)
    shown = f'"{python}"' if " " in python else python
    words = f"To train an actor, torch_of_nobody must be installed: {shown} -m pip install"
    assert training_code.what_is_missing() == job.what_is_missing() == f'{words} "puppet-live[train]"'


def test_an_environment_without_pip_is_told_of_uv(tmp_path, monkeypatch):
    without_libraries(monkeypatch, planted(tmp_path))
    monkeypatch.setattr(training_code.importlib.util, "find_spec", lambda name: name if name == "json" else None)
    command = f'uv pip install --python {sys.executable} "puppet-live[train]"'
    assert training_code.what_is_missing().endswith(f"must be installed: {command}")


def test_a_checkout_names_its_pins_so_that_the_line_works_from_any_folder(monkeypatch):
    without_libraries(monkeypatch, None)
    words = training_code.what_is_missing()
    assert words.startswith("To train an actor, torch_of_nobody must be installed: ")
    pins = f'"{ROOT / "constraints.txt"}"' if " " in str(ROOT) else str(ROOT / "constraints.txt")
    assert words.endswith(f'-c {pins} -e "{ROOT}[train]"')


def test_a_program_without_its_training_code_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installing, "INSTALLED", tmp_path / "nowhere")
    monkeypatch.setattr(training_code, "IMPORT_FOLDER", tmp_path)
    for words in (["train", "x.h5", "-o", "run"], ["train", "--help"]):
        assert cli.main(words) == 2
        assert capsys.readouterr().err == f"error: {training_code.what_is_missing()}\n"
    assert "install Puppet again" in training_code.what_is_missing()


def test_without_its_libraries_a_command_is_one_line_and_code_2(monkeypatch, capsys):
    without_libraries(monkeypatch, None)
    for words in (["prepare", "x.mp4", "-o", "x.h5"], ["-v", "train"], ["export", "run"]):
        assert cli.main(words) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err == f"error: {training_code.what_is_missing()}\n"


BARE = """
import sys
sys.modules.update(dict.fromkeys({names!r}))
from puppet.cli import main
from puppet.storage.folders import IMPORT_FOLDER
sys.exit(main([sys.argv[1], "--help"]))
"""


@pytest.mark.parametrize("command", list(training_code.COMMANDS))
def test_help_without_the_libraries_is_help_or_one_line(command, tmp_path):
    """Nobody has to download torch to read how to use it."""
    blocked = ("torch", "h5py", "onnx", "safetensors", "scipy", "sklearn")
    code = BARE.format(names=blocked)
    done = subprocess.run(
        [sys.executable, "-c", code, command],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    if command == "prepare":  # its choices come from the room that reads data sets
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("error: To train an actor, torch, h5py")
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"usage: puppet {command} ")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["train", "absent.h5", "-o", "run"], 2, "absent.h5: no such data set; make one with `puppet prepare`"),
        (["export", "absent", "-o", "x.actor", "--consent", "Me."], 2, "train one with `puppet train`"),
        (["export", "attributes", "absent.actor", "absent.h5"], 2, "absent.actor"),
        (["prepare", "absent.mp4", "-o", "x.h5"], 2, "absent.mp4"),
    ],
)
def test_a_command_runs_where_the_user_stands(words, code, said, tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert cli.main(words) == code
    assert said in capsys.readouterr().err
    assert sys.path == [str(ROOT), *before]
    sys.path[:] = before
    assert list(tmp_path.iterdir()) == []


def test_packages_of_the_same_name_in_the_users_folder_are_left_alone(tmp_path):
    for name in ("models", "export"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("print('a stranger')\nraise SystemExit(99)\n")
        (tmp_path / name / "__main__.py").write_text("")
    for words in (["train", "--help"], ["export", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "puppet", *words],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"usage: puppet {words[0]} ")
