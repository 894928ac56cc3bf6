"""Small widgets of the page New actor."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label, set_tip


class TitledColumn(QWidget):
    """A column of widgets below a title."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = Label(title)
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)
        self.column.addWidget(self.title)


def wrapped(words: str) -> Label:
    """A text of several lines."""
    label = Label(words)
    label.setWordWrap(True)
    return label


def small(words: str) -> Label:
    """A text of several lines that explains."""
    label = wrapped(words)
    label.setProperty("role", "value")
    return label


def button(words: str, tooltip: str, action: Callable[[], object]) -> QPushButton:
    """A button; `action` is called without the click's argument."""
    made = QPushButton(words)
    set_tip(made, tooltip)
    made.clicked.connect(lambda: action())
    return made


def bar(name: str) -> QProgressBar:
    """A bar from 0 to 100."""
    made = QProgressBar()
    made.setRange(0, 100)
    made.setTextVisible(False)
    made.setAccessibleName(name)
    return made
