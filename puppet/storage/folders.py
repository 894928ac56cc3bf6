"""Where the program keeps its files: assets, configuration, state, the user's actors, jobs and videos.

The only module that imports platformdirs. An environment variable names another folder, for tests and portable use.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

PROGRAM = "puppet-live"  # the name of its folders
ASSETS = Path(__file__).resolve().parents[1] / "assets"
# Processes of the program start here: Python looks for modules where it is started, not only where they are installed,
# and where the user stands may lie anything.
IMPORT_FOLDER = ASSETS.parents[1]
CONFIG, ACTORS, JOBS = "PUPPET_CONFIG_DIR", "PUPPET_ACTORS_DIR", "PUPPET_JOBS_DIR"  # environment variables
LOG, SIGNING = "PUPPET_LOG_DIR", "PUPPET_SIGNING_DIR"


def config_folder() -> Path:
    """The user's configuration, or the folder that PUPPET_CONFIG_DIR names. No folder here needs to exist."""
    return _chosen(CONFIG) or platformdirs.user_config_path(PROGRAM, appauthor=False)


def settings_path() -> Path:
    """The file of settings; bookmarks, neutrals and passwords lie beside it."""
    return config_folder() / "settings.json"


def signing_folder() -> Path:
    """Certificate and key that files are signed with, or the folder that PUPPET_SIGNING_DIR names.

    Not moved by PUPPET_CONFIG_DIR.
    """
    return _chosen(SIGNING) or platformdirs.user_config_path(PROGRAM, appauthor=False) / "signing"


def log_folder() -> Path:
    """The log, in the folder for the state of programs, or the folder that PUPPET_LOG_DIR names."""
    return _chosen(LOG) or platformdirs.user_state_path(PROGRAM, appauthor=False) / "log"


def actors_folder() -> Path:
    """The user's own actors, or the folder that PUPPET_ACTORS_DIR names."""
    return _chosen(ACTORS) or platformdirs.user_data_path(PROGRAM, appauthor=False) / "actors"


def jobs_folder() -> Path:
    """Actors in the making, or the folder that PUPPET_JOBS_DIR names."""
    return _chosen(JOBS) or platformdirs.user_data_path(PROGRAM, appauthor=False) / "making"


def videos_folder() -> Path:
    """Where recordings go while the user has chosen no other folder."""
    return platformdirs.user_videos_path() / "Puppet"


def _chosen(variable: str) -> Path | None:
    folder = os.environ.get(variable)
    return Path(folder) if folder else None
