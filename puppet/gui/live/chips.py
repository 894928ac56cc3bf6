"""Chips over the actor's picture: what changes the actor beside the user's face. A click on one removes it."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QRect, Qt, pyqtSignal
from PyQt6.QtWidgets import QPushButton, QWidget

from puppet.gui.kit.flow import FlowLayout
from puppet.gui.kit.plain_text import as_lines, set_tip
from puppet.gui.kit.words import translate

GAP, MARGIN, NOTE = 6, 12, 40  # px between chips, from the picture's edge, and of the note below


class Chips(QWidget):
    """Chips at the lower right of an area, above the line of the picture's note. removed: the key of one clicked."""

    removed = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._buttons: dict[str, QPushButton] = {}
        self._area = QRect()
        self._alone = False
        self._flow = FlowLayout(GAP, self)
        self._flow.add_spring()
        self.hide()

    @property
    def buttons(self) -> dict[str, QPushButton]:
        """The chips by key."""
        return dict(self._buttons)

    def show_chips(self, words: Mapping[str, str]) -> None:
        """Have one chip for each key, with its words; none hides the row."""
        for key in [key for key in self._buttons if key not in words]:
            button = self._buttons.pop(key)
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        for key, text in words.items():
            button = self._buttons.get(key) or self._made(key)
            button.setText(f"{as_lines(text)}  ✕")
            button.setAccessibleName(translate("puppet", "Remove {0}").format(text))
        self._place()

    def place(self, area: QRect) -> None:
        """area: of the actor's picture, in px of the parent."""
        self._area = area.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN - NOTE)
        self._place()

    def show_alone(self, alone: bool) -> None:
        """alone: only the pictures are on the screen, without the chips."""
        self._alone = alone
        self._place()

    def _made(self, key: str) -> QPushButton:
        button = self._buttons[key] = QPushButton()
        button.setProperty("role", "chip")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        set_tip(button, translate("puppet", "It changes the actor, here and in what is recorded; a click removes it"))
        button.clicked.connect(lambda: self.removed.emit(key))
        self._flow.addWidget(button)
        button.show()  # Qt would do so later, and a hidden one takes no room
        return button

    def _place(self) -> None:
        self._flow.invalidate()
        width = min(self._flow.sizeHint().width(), self._area.width())
        height = min(self._flow.heightForWidth(width), self._area.height())
        self.setGeometry(self._area.right() + 1 - width, self._area.bottom() + 1 - height, width, height)
        self.setVisible(bool(self._buttons) and not self._alone)
