"""Which plain keys are commands of the explorer, wherever the focus is but in a text field."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent

from puppet.explore.text_commands import COMMANDS

STARTS = ("d", "b", "g")  # commands that are followed by numbers or a name


def typed_command(event: QEvent | None) -> str:
    """The key of COMMANDS that a press of a key without modifiers stands for, or nothing."""
    if not isinstance(event, QKeyEvent) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return ""
    text = event.text().casefold()
    return text if text in COMMANDS else ""
