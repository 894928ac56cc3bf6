"""The keyboard shortcuts: one table, from which the window makes its keys and the dialog that lists them."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtGui import QIcon, QKeySequence
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label
from puppet.gui.kit.words import translate


@dataclass(frozen=True)
class Shortcut:
    """Keys for one of the window's commands.

    keys: the first one is shown in tooltips. command: a key of `MainWindow.commands`. words: what it does. page: the
    only page on which it works; empty: it works on every one.
    """

    keys: tuple[str, ...]
    command: str
    words: str
    page: str = "live"


SHORTCUTS = (
    Shortcut(("R",), "record", QT_TRANSLATE_NOOP("puppet", "Start or finish a recording")),
    Shortcut(("S",), "snapshot", QT_TRANSLATE_NOOP("puppet", "Save a snapshot")),
    Shortcut(("C",), "calibrate", QT_TRANSLATE_NOOP("puppet", "Calibrate: show the camera your neutral face")),
    Shortcut(("Shift+C",), "uncalibrate", QT_TRANSLATE_NOOP("puppet", "Back to the automatic neutral")),
    Shortcut(("M",), "mirror_preview", QT_TRANSLATE_NOOP("puppet", "Mirror the preview")),
    Shortcut(("Shift+M",), "mirror_output", QT_TRANSLATE_NOOP("puppet", "Mirror the output")),
    Shortcut(("V",), "layout", QT_TRANSLATE_NOOP("puppet", "Next layout of the pictures")),
    Shortcut(("F",), "mesh", QT_TRANSLATE_NOOP("puppet", "Face mesh over the driver on or off")),
    Shortcut(("T",), "timings", QT_TRANSLATE_NOOP("puppet", "Timings over the actor on or off")),
    Shortcut(("F2",), "rename", QT_TRANSLATE_NOOP("puppet", "Rename the actor"), page="library"),
    Shortcut(("Del",), "remove", QT_TRANSLATE_NOOP("puppet", "Remove the actor; Undo brings it back"), page="library"),
    Shortcut(("F11",), "full_screen", QT_TRANSLATE_NOOP("puppet", "Full screen on or off"), page=""),
    Shortcut(("Esc",), "step_back", QT_TRANSLATE_NOOP("puppet", "End the calibration or the full screen"), page=""),
    Shortcut(("F1", "?"), "help", QT_TRANSLATE_NOOP("puppet", "Show this list"), page=""),
    Shortcut(("Ctrl+L",), "messages", QT_TRANSLATE_NOOP("puppet", "Show what was said before"), page=""),
    Shortcut(("Ctrl+Q",), "quit", QT_TRANSLATE_NOOP("puppet", "Quit"), page=""),
)


def keys_for(command: str) -> str:
    """The first key of a command, as this system writes it."""
    return next(_native(s.keys[0]) for s in SHORTCUTS if s.command == command)


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


class ShortcutSheet(QDialog):
    """The dialog that lists the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("puppet", "Keyboard shortcuts"))
        title = Label(translate("puppet", "Keyboard shortcuts"))
        title.setProperty("role", "title")
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        for row, shortcut in enumerate(SHORTCUTS):
            keys = QHBoxLayout()
            keys.setSpacing(6)
            for key in shortcut.keys:
                label = Label(_native(key))
                label.setProperty("role", "key")
                keys.addWidget(label)
            keys.addStretch(1)
            grid.addLayout(keys, row, 0)
            grid.addWidget(Label(translate("puppet", shortcut.words)), row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        if close is not None:
            close.setIcon(QIcon())  # the style's own is black, on dark too
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(26, 22, 26, 20)
        column.setSpacing(18)
        column.addWidget(title)
        column.addLayout(grid)
        column.addWidget(buttons)
