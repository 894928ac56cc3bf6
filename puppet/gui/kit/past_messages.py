"""The list of what was said in banners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from PyQt6.QtCore import QLocale, Qt, QTime
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.kit.plain_text import Label
from puppet.gui.kit.words import translate

WARNING = "⚠"  # the colour alone would not be seen by everybody
SIZE = (560, 420)  # px

Kind = Literal["notice", "warning", "error"]
Action = tuple[str, Callable[[], None]]  # text of a button, and what a click on it does


@dataclass(frozen=True)
class Message:
    """What was said, and when. action: what can still be done about it."""

    key: str
    text: str
    kind: Kind
    action: Action | None
    at: QTime = field(default_factory=QTime.currentTime)

    def without_action(self) -> Message:
        """The same, with nothing to be done about it."""
        return replace(self, action=None)


def marked(text: str, kind: Kind) -> str:
    """The text, with a sign before it where it is more than news."""
    return text if kind == "notice" else f"{WARNING} {text}"


class PastMessages(QDialog):
    """The dialog that lists messages, the newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("puppet", "Messages"))
        self.resize(*SIZE)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(translate("puppet", "Messages"))
        title = Label(translate("puppet", "Messages"))
        title.setProperty("role", "title")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        if close is not None:
            close.setIcon(QIcon())  # the style's own is black, on dark too
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(14)
        for widget in (title, self._scroll, buttons):
            column.addWidget(widget)

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Open, and list these."""
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        for row, message in enumerate(messages):
            at = Label(QLocale().toString(message.at, QLocale.FormatType.ShortFormat))
            at.setProperty("role", "value")
            text = Label(marked(message.text, message.kind))
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(at, row, 0, top)
            grid.addWidget(text, row, 1, top)
            if message.action is not None:
                grid.addWidget(self._button(*message.action), row, 2, top)
        if not messages:
            grid.addWidget(Label(translate("puppet", "There were no messages yet.")), 0, 1, top)
        grid.setRowStretch(max(1, len(messages)), 1)
        self._scroll.setWidget(inside)
        self.show()
        self.raise_()

    def _button(self, words: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(words)
        button.clicked.connect(lambda: (self.accept(), act()))
        return button
