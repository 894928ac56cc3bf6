"""The keyboard shortcuts: one table, from which the window makes its keys and the dialog that lists them."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QSize
from PyQt6.QtGui import QIcon, QKeySequence, QShowEvent
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.kit.plain_text import Label
from puppet.gui.kit.words import translate

SIDES, BAR = 26, 16  # px of the dialog
ON_SCREEN = 0.9  # of the screen that the dialog may fill


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
    Shortcut(("P",), "pause", QT_TRANSLATE_NOOP("puppet", "Pause the recording, or go on with it")),
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
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 12, 0)
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
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName(translate("puppet", "Keyboard shortcuts"))
        scroll.setWidget(inside)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        if close is not None:
            close.setIcon(QIcon())  # the style's own is black, on dark too
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(SIDES, 22, SIDES, 20)
        column.setSpacing(18)
        column.addWidget(title)
        column.addWidget(scroll, 1)
        column.addWidget(buttons)
        self._scroll, self._inside, self._grid = scroll, inside, grid

    def showEvent(self, a0: QShowEvent | None) -> None:
        """Be as large as the list, whose keys the style sheet has made larger by now, and no larger than the screen."""
        super().showEvent(a0)
        self._grid.invalidate()
        around = QSize(2 * SIDES + BAR, self.sizeHint().height() - self._scroll.sizeHint().height())
        wanted, screen = self._inside.sizeHint() + around, self.screen()
        self.resize(wanted if screen is None else wanted.boundedTo(screen.availableSize() * ON_SCREEN))
        self._inside.resize(self._inside.size().expandedTo(self._inside.minimumSizeHint()))
