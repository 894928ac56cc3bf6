"""Latents as text on the system's clipboard."""

from __future__ import annotations

from PyQt6.QtGui import QGuiApplication

from puppet.core.errors import PuppetError
from puppet.core.types import Floats
from puppet.explore.latent_text import from_text, to_text
from puppet.gui.kit.banners import BannerStack
from puppet.gui.kit.words import translate

BANNER = "text"  # key of the messages


def copy_latent(point: Floats, banners: BannerStack) -> None:
    """Put a latent f32 (D,) on the clipboard."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(to_text(point))
        banners.say(BANNER, translate("puppet", "This face's latent is on the clipboard, as text."))


def pasted_latent(size: int, banners: BannerStack) -> Floats | None:
    """The latent f32 (size,) that is on the clipboard; None, and a message, when there is none."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is None:
        return None
    try:
        point = from_text(clipboard.text(), size)
    except PuppetError as problem:
        banners.say(BANNER, str(problem), "warning")
        return None
    banners.dismiss(BANNER)
    return point
