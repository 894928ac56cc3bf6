"""A large picture in a window of its own, in its own size."""

from __future__ import annotations

from PyQt6.QtGui import QImage, QPixmap
from PyQt6.QtWidgets import QDialog, QScrollArea, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label

SHARE, EDGE = 0.9, 24  # of the screen that the window takes at most; px around the picture


class SheetDialog(QDialog):
    """Shows a picture pixel by pixel, with scroll bars where the screen is smaller."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.picture = Label()
        self.picture.setAccessibleName(title)
        scroll = QScrollArea()
        scroll.setWidget(self.picture)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)

    def show_picture(self, image: QImage) -> None:
        """Open the window with this picture."""
        pixmap = QPixmap.fromImage(image)
        self.picture.setPixmap(pixmap)
        self.picture.resize(pixmap.size())
        screen = self.screen()
        if screen is not None:
            room = screen.availableSize() * SHARE
            self.resize(pixmap.size().grownBy(self.contentsMargins()).boundedTo(room))
        self.show()
        self.raise_()
