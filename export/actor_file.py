"""An actor file appears under its name only when the app itself has loaded it. No torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from export import ExportError
from puppet.actor import load_actor
from puppet.actor_card import SUFFIX, ActorCard, write_actor
from puppet.errors import reason


def check_output(out: Path) -> None:
    """Before minutes of work, not after. Raises ExportError."""
    if out.suffix != SUFFIX:
        raise ExportError(f"{out}: an actor file's name ends in {SUFFIX}")
    if out.is_dir() or not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise ExportError(f"{out}: cannot be written there; choose another folder")


def write_verified(out: Path, card: ActorCard, members: Mapping[str, bytes]) -> ActorCard:
    """Under another name first; it gets its own when the app itself has loaded it. Raises PuppetError."""
    trial = out.with_name(f".{out.stem}.{os.getpid()}{SUFFIX}")
    try:
        card = write_actor(trial, card, members)
        load_actor(trial, provider="cpu")
        os.replace(trial, out)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({reason(error)}); choose another folder") from error
    finally:
        trial.unlink(missing_ok=True)
    return card
