"""Folders: environment variables, and the system's own places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from puppet.storage import folders


@pytest.mark.parametrize(
    ("variable", "folder", "named", "usual"),
    [
        ("PUPPET_CONFIG_DIR", folders.config_folder, "", "config/puppet-live"),
        ("PUPPET_CONFIG_DIR", folders.settings_path, "settings.json", "config/puppet-live/settings.json"),
        ("PUPPET_SIGNING_DIR", folders.signing_folder, "", "config/puppet-live/signing"),
        ("PUPPET_LOG_DIR", folders.log_folder, "", "state/puppet-live/log"),
        ("PUPPET_ACTORS_DIR", folders.actors_folder, "", "data/puppet-live/actors"),
        ("PUPPET_JOBS_DIR", folders.jobs_folder, "", "data/puppet-live/making"),
    ],
)
def test_each_folder_has_a_variable_and_a_usual_place(
    variable: str,
    folder: Callable[[], Path],
    named: str,
    usual: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in ("config", "state", "data"):
        monkeypatch.setattr(
            folders.platformdirs, f"user_{kind}_path", lambda name, appauthor, kind=kind: tmp_path / kind / name
        )
    monkeypatch.setenv(variable, str(tmp_path / "chosen"))
    assert folder() == tmp_path / "chosen" / named
    monkeypatch.delenv(variable)
    assert folder() == tmp_path / usual


def test_assets_are_there() -> None:
    assert (folders.ASSETS / "demo.mp4").is_file()
