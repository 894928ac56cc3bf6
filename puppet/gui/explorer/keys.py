"""Which plain keys are commands of the explorer, wherever the focus is but in a text field."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractItemView, QComboBox, QWidget

from puppet.explore.text_commands import COMMANDS

STARTS = ("d", "b", "g")  # commands that are followed by numbers or a name


def typed_command(event: QEvent | None) -> str:
    """The key of COMMANDS that a press of a key without modifiers stands for, or nothing."""
    if not isinstance(event, QKeyEvent) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return ""
    text = event.text().casefold()
    return text if text in COMMANDS else ""


class LettersForCommands(QObject):
    """Gives the letters of commands to `press` where a box or a list within a widget would look for a row by them."""

    def __init__(self, within: QWidget, press: Callable[[QKeyEvent], None]) -> None:
        super().__init__(within)
        self._press = press
        for control in (*within.findChildren(QComboBox), *within.findChildren(QAbstractItemView)):
            control.installEventFilter(self)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress and typed_command(a1):
            self._press(a1)
            return True
        return super().eventFilter(a0, a1)
