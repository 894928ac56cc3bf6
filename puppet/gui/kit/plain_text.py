"""Texts in the window are plain, wherever they come from. The one place that makes labels and sets tooltips.

Qt takes a text that begins like HTML for HTML, and then opens the pictures that it names: a name in an actor file, or
of a file, would have files read. And characters that turn the direction of writing would have a name read as another.
"""

from __future__ import annotations

import html
from typing import Protocol

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from puppet.core.texts import one_line


class HasTip(Protocol):
    def setToolTip(self, a0: str | None, /) -> None: ...


class Label(QLabel):
    """A label that shows its text as it is."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, a0: str | None) -> None:
        super().setText(as_lines(a0 or ""))


def set_tip(on: HasTip, text: str) -> None:
    """A tooltip that shows its text as it is."""
    on.setToolTip(tip_text(text))


def tip_text(text: str) -> str:
    """What to give Qt for a tooltip to show `text`: tooltips cannot be told that a text is plain."""
    plain = as_lines(text)
    if not set(plain) & set("<&"):  # nothing that Qt could take for HTML
        return plain
    return "<qt>" + "<br>".join(html.escape(plain).split("\n")) + "</qt>"


def as_lines(text: str) -> str:
    """The same with escapes for what cannot be shown, see `texts.one_line`."""
    return "\n".join(one_line(line, None) for line in text.split("\n"))
