"""`puppet explore`: the explorer of an actor's latent space in a window of its own."""

from __future__ import annotations

from pathlib import Path

from puppet.commands.display import has_display, prepare_qt, refuse_existing
from puppet.core.errors import PuppetError
from puppet.core.providers import AUTO


def run_explorer(actor: str | None, provider: str = AUTO, screenshot: Path | None = None) -> int:
    """Open the explorer; 0 when it is closed.

    actor: name or file; None: the built-in one. screenshot: a new PNG file, saved once all pictures are there; then the
    window closes. Raises PuppetError.
    """
    if not has_display():
        raise PuppetError("The explorer is a window, and there is no display for it")
    prepare_qt()
    refuse_existing(screenshot)
    from puppet.gui.explorer.window import show_explorer

    return show_explorer(actor, provider, screenshot)
