"""Where the program keeps what is its own: its assets, and the user's configuration and videos."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

FOLDER_VARIABLE = "PUPPET_CONFIG_DIR"
ASSETS = Path(__file__).resolve().parents[1] / "assets"


def config_folder() -> Path:
    """The user's configuration folder for this program, or the one that the environment's PUPPET_CONFIG_DIR names."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder) if folder else platformdirs.user_config_path("puppet-live", appauthor=False)


def videos_folder() -> Path:
    """Where recordings go while the user has chosen no other folder."""
    return platformdirs.user_videos_path() / "Puppet"
