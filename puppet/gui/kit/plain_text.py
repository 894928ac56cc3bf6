"""Labels and tooltips that show their text as plain text. No other file makes QLabels or sets tooltips.

Qt treats a text that begins like HTML as HTML, and opens the pictures that it names: the name of an actor or of a file
could make it read files. Characters that turn the direction of writing could make a name look like another one.
"""

from __future__ import annotations

import html
from typing import Protocol

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from puppet.core.texts import one_line


class HasTip(Protocol):
    """A widget or an item of a list, which can have a tooltip."""

    def setToolTip(self, a0: str | None, /) -> None: ...


class Label(QLabel):
    """A label whose text is plain text."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, a0: str | None) -> None:
        super().setText(as_lines(a0 or ""))


def set_tip(on: HasTip, text: str) -> None:
    """Set a tooltip that shows `text` as plain text."""
    on.setToolTip(tip_text(text))


def tip_text(text: str) -> str:
    """What to give Qt so that a tooltip shows `text`: escaped, since tooltips have no plain format."""
    plain = as_lines(text)
    if not set(plain) & set("<&"):  # nothing that Qt could take for HTML
        return plain
    return "<qt>" + "<br>".join(html.escape(plain).split("\n")) + "</qt>"


def as_lines(text: str) -> str:
    """The text, with escapes for characters that cannot be shown in any line, see `texts.one_line`."""
    return "\n".join(one_line(line, None) for line in text.split("\n"))
