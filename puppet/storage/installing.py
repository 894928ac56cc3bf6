"""How this copy of Puppet was installed, and the commands that add to it: the README has the same."""

from __future__ import annotations

import importlib.util
import sys

from puppet.storage.folders import IMPORT_FOLDER

INSTALLED = IMPORT_FOLDER / "puppet" / "training_code"  # the wheel has it, see pyproject.toml; a checkout does not


def is_installed() -> bool:
    """Whether the program runs as it was installed, and not from a checkout."""
    return INSTALLED.is_dir()


def install_command(extra: str = "") -> str:
    """The command that installs Puppet again, with one of its extras ("train") or as it is; from any folder."""
    part = f"[{extra}]" if extra else ""
    if is_installed():
        return pip_command("install", f'"puppet-live{part}"')
    pins = IMPORT_FOLDER / "constraints.txt"
    return pip_command("install", f'-c {_quoted(str(pins))} -e "{IMPORT_FOLDER}{part}"')


def pip_command(action: str, arguments: str) -> str:
    """A command of this Python's own pip, or of uv where it has none, as in environments that uv makes.

    action: install or uninstall.
    """
    python = _quoted(sys.executable)
    own = importlib.util.find_spec("pip") is not None
    return f"{python} -m pip {action} {arguments}" if own else f"uv pip {action} --python {python} {arguments}"


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
