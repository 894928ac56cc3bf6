"""The keys: one table that makes the shortcuts and the sheet that lists them."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget


@dataclass(frozen=True)
class Shortcut:
    """`wish` names what the window does; the first of `keys` is the one that is shown on buttons. page: the only one
    on which it works, empty: on every one."""

    keys: tuple[str, ...]
    wish: str
    words: str
    page: str = "live"


SHORTCUTS = (
    Shortcut(("R",), "record", "Start or finish a recording"),
    Shortcut(("S",), "snapshot", "Save a snapshot"),
    Shortcut(("C",), "calibrate", "Calibrate: show the camera your neutral face"),
    Shortcut(("Shift+C",), "uncalibrate", "Back to the automatic neutral"),
    Shortcut(("M",), "mirror_preview", "Mirror the preview"),
    Shortcut(("Shift+M",), "mirror_output", "Mirror the output"),
    Shortcut(("V",), "layout", "Next layout of the pictures"),
    Shortcut(("F",), "mesh", "Face mesh over the driver on or off"),
    Shortcut(("T",), "timings", "Timings over the actor on or off"),
    Shortcut(("F2",), "rename", "Rename the actor", page="library"),
    Shortcut(("Del",), "remove", "Remove the actor; it can be brought back", page="library"),
    Shortcut(("F11",), "full_screen", "Full screen on or off", page=""),
    Shortcut(("Esc",), "step_back", "Cancel the calibration; leave the full screen", page=""),
    Shortcut(("F1", "?"), "help", "Show this list", page=""),
    Shortcut(("Ctrl+Q",), "quit", "Quit", page=""),
)


def keys_for(wish: str) -> str:
    """The key to show for a wish, as this system writes it."""
    return next(_native(s.keys[0]) for s in SHORTCUTS if s.wish == wish)


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


class ShortcutSheet(QDialog):
    """Lists the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        title = QLabel("Keyboard shortcuts")
        title.setProperty("role", "title")
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        for row, shortcut in enumerate(SHORTCUTS):
            keys = QHBoxLayout()
            keys.setSpacing(6)
            for key in shortcut.keys:
                label = QLabel(_native(key))
                label.setProperty("role", "key")
                keys.addWidget(label)
            keys.addStretch(1)
            grid.addLayout(keys, row, 0)
            grid.addWidget(QLabel(shortcut.words), row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(26, 22, 26, 20)
        column.setSpacing(18)
        column.addWidget(title)
        column.addLayout(grid)
        column.addWidget(buttons)
