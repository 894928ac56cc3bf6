"""Keeps addresses that hold a password, apart from the settings, in a file that only its owner may read.

Settings, lists and messages hold an address with "***" in the password's place (`addresses.hidden`).
"""

from __future__ import annotations

import json
from pathlib import Path

from puppet.core.addresses import HIDDEN, hidden, without_secrets
from puppet.core.errors import SourceError
from puppet.parsing.plain_json import read_json
from puppet.storage.files import write_whole
from puppet.storage.folders import config_folder

MOST = 50  # addresses that are remembered
LARGEST = 1 << 20  # bytes


def passwords_path() -> Path:
    """The private file, beside the settings."""
    return config_folder() / "passwords.json"


def keep(spec: str) -> str:
    """`spec` as it may be written down; the password in it, if any, is kept in the private file. Raises OSError."""
    name = hidden(spec)
    if name == spec or HIDDEN in spec:
        return spec
    known = _known()
    known.pop(name, None)
    newest = dict([*known.items(), (name, spec)][-MOST:])
    write_whole(passwords_path(), json.dumps(newest, indent=2) + "\n")  # readable for the owner alone
    return name


def reveal(spec: str) -> str:
    """The whole address for one that was kept. Raises SourceError when its password is not known any more."""
    if HIDDEN not in spec or hidden(spec) != spec:
        return spec
    known = _known().get(spec)
    if known is None:
        raise SourceError(
            f"{without_secrets(spec)}: its password is not known any more; enter the address anew, with the password",
            "denied",
        )
    return known


def _known() -> dict[str, str]:
    """Only what belongs together: a name and the address it is made of. Anything else in the file is ignored."""
    try:
        stored = read_json(passwords_path(), LARGEST)
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {name: spec for name, spec in stored.items() if isinstance(spec, str) and hidden(spec) == name}
