"""The commands that add to an installation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from puppet.storage import installing

ROOT = Path(__file__).resolve().parents[3]


def test_a_checkout_is_named_with_its_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(installing, "IMPORT_FOLDER", Path("/home/jo/puppet"))
    assert installing.install_command("cuda") == (
        f'{sys.executable} -m pip install -c /home/jo/puppet/constraints.txt -e "/home/jo/puppet[cuda]"'
    )
    assert installing.install_command().endswith('-e "/home/jo/puppet"')


def test_what_was_installed_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installing, "INSTALLED", tmp_path)
    monkeypatch.setattr(installing.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(installing.sys, "executable", "/home/Jö B/bin/python")
    assert installing.install_command("cuda") == 'uv pip install --python "/home/Jö B/bin/python" "puppet-live[cuda]"'


def test_the_readme_has_the_same_words() -> None:
    """But for the folders: the reader of the README stands in the checkout."""
    line = 'python -m pip install -c constraints.txt -e ".[cuda]"'
    assert line in (ROOT / "README.md").read_text(encoding="utf-8")
