"""Writes actor files under their name only after the app's own loader has accepted them. No torch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from export import ExportError
from puppet.actor.card import ActorCard
from puppet.actor.file import SUFFIX, write_actor
from puppet.actor.runtime import load_actor
from puppet.core.errors import PuppetError, reason
from puppet.storage.file_lock import only_writer
from puppet.storage.files import publish
from puppet.storage.unfinished import drop_draft, make_draft


def check_output(out: Path) -> None:
    """ExportError for a path that cannot become an actor file; asked before minutes of work."""
    if out.suffix != SUFFIX:
        raise ExportError(f"{out}: an actor file's name ends in {SUFFIX}")
    if out.is_dir() or not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise ExportError(f"{out}: cannot be written there; choose another folder")


@contextlib.contextmanager
def draft_of(out: Path, force: bool) -> Iterator[Path]:
    """A draft that becomes `out` when the block ends well, and is removed otherwise.

    PuppetError when `out` exists and `force` is not given, when another process is writing it, or when it cannot be
    written.
    """
    with only_writer(out):
        if out.exists() and not force:
            raise _exists(out)
        check_output(out)
        draft = _make_draft(out)
        try:
            yield draft
            _publish(draft, out, force)
        except PuppetError as error:
            error.args = tuple(str(part).replace(draft.name, out.name) for part in error.args)
            raise
        finally:
            drop_draft(draft)


def _publish(draft: Path, out: Path, force: bool) -> None:
    try:
        publish(draft, out, force)
    except FileExistsError as error:  # made by another program meanwhile
        raise _exists(out) from error
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({reason(error)}); choose another folder") from error


def _exists(out: Path) -> ExportError:
    return ExportError(f"{out} exists already; choose another name or add --force to replace it")


def _make_draft(out: Path) -> Path:
    try:
        return make_draft(out)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({reason(error)}); choose another folder") from error


def write_verified(out: Path, card: ActorCard, members: Mapping[str, bytes]) -> ActorCard:
    """Write an actor file under a temporary name, load it as the app does, then give it its name; its card.

    Raises PuppetError.
    """
    trial = _make_draft(out)
    try:
        card = write_actor(trial, card, members)
        load_actor(trial, provider="cpu")
        publish(trial, out, replace=True)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({reason(error)}); choose another folder") from error
    finally:
        drop_draft(trial)
    return card
