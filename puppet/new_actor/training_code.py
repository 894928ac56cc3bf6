"""The training code, the packages `models` and `export`: where it lies, what it needs, and its commands.

In a checkout they lie beside `puppet`. An installed program holds them in a folder of its own, so that names as general
as these land in nobody's site-packages; a command puts that folder first on the path of modules, before the folder that
the user stands in. Nothing else in puppet loads them.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from puppet.core.errors import AdvisedError
from puppet.storage import installing
from puppet.storage.folders import IMPORT_FOLDER

LIBRARIES = ("torch", "h5py", "onnx", "onnxscript", "safetensors", "scipy")  # what the extra `train` brings
EXPORT = "export"
COMMANDS = {  # of `puppet`, in the order of --help; all but export are commands of `models`, too
    "prepare": "make a data set from footage of one person",
    "train": "train an actor on a data set",
    EXPORT: "turn a trained run into an actor file",
    "reconstruct": "put somebody's performance on a trained actor",
    "sample": "draw pictures at random, or a walk from one to the next",
    "morph": "turn one face into another",
    "walk": "film a random walk along the useful dimensions",
    "analyze": "report what a latent space has learnt, as one HTML page",
    "evaluate": "score actors against clips of unseen people",
}


def code_folder() -> Path | None:
    """The folder that holds `models` and `export`; None where a part of the program was left out."""
    folder = installing.INSTALLED if installing.is_installed() else IMPORT_FOLDER
    whole = all((folder / package / "__main__.py").is_file() for package in ("models", EXPORT))
    return folder if whole else None


def problem() -> AdvisedError | None:
    """What must be installed before an actor can be trained; None when nothing is missing."""
    if code_folder() is None:
        return AdvisedError(f"The training code is not in {installing.INSTALLED}; install Puppet again")
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    words = f"To train an actor, {', '.join(missing)} must be installed"
    return AdvisedError(words, (installing.install_command("train"),))


def what_is_missing() -> str:
    """`problem` in one line, with the command; empty when nothing is missing."""
    return str(problem() or "")


def run_command(words: Sequence[str]) -> int:
    """Run one of COMMANDS in this process; the exit code. words: the command and its arguments.

    Without the libraries it is one line on stderr and code 2; --help is shown where it needs none of them. Raises
    SystemExit as argparse does.
    """
    folder, missing = code_folder(), what_is_missing()
    if folder is not None and (not missing or not {"-h", "--help"}.isdisjoint(words)):
        sys.path.insert(0, str(folder))
        try:
            if words[0] == EXPORT:
                return _main_of(EXPORT)(words[1:])
            return _main_of("models")(words)
        except ModuleNotFoundError:  # --help of a command whose choices come from a library
            if not missing:
                raise
    print(f"error: {missing}", file=sys.stderr)
    return 2


def _main_of(package: str) -> Callable[[Sequence[str]], int]:
    return importlib.import_module(f"{package}.__main__").main
