"""Everything that is read from outside, and how a worker prepares to read it.

A reader may accept a file or refuse it by its own error. Whatever else it does is a finding.
"""

from __future__ import annotations

import os
from pathlib import Path

from fuzz import targets_actors, targets_kept, targets_media, targets_training
from fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (targets_actors, targets_media, targets_kept, targets_training)
    for target in module.TARGETS
}


def refused(target: Target, error: BaseException) -> bool:
    """Whether an exception is one by which this reader refuses."""
    return any(base.__name__ in target.refusals for base in type(error).__mro__)


def in_scratch(path: Path) -> None:
    """Folders of the user's own, for the readers, below a scratch folder."""
    for name in (
        "PUPPET_CONFIG_DIR",
        "PUPPET_ACTORS_DIR",
        "PUPPET_JOBS_DIR",
        "XDG_VIDEOS_DIR",
        "HOME",
        "XDG_CACHE_HOME",
    ):
        os.environ[name] = str(path / "home" / name.lower())
