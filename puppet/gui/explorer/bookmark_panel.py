"""The explorer's list of bookmarks: add one, go to one, delete one."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, pyqtBoundSignal, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from puppet.core.types import Image
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.qimage import to_icon
from puppet.gui.kit.words import translate

ICON = 48  # px


class BookmarkPanel(QWidget):
    """The list and its buttons. Signals carry names of bookmarks; `added` an empty one for "any free name"."""

    added = pyqtSignal(str)
    chosen = pyqtSignal(str)
    deleted = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setPlaceholderText(translate("puppet", "Name of a bookmark"))
        self.name.setAccessibleName(translate("puppet", "Name of a new bookmark"))
        self.add = QPushButton(translate("puppet", "Bookmark this face"))
        set_tip(self.name, translate("puppet", "Empty: it gets a number"))
        set_tip(self.add, translate("puppet", "Keep this face, to go back to it or to morph from or to it"))
        self.list = QListWidget()
        set_tip(self.list, translate("puppet", "Double-click: go there"))
        self.list.setAccessibleName(translate("puppet", "Bookmarks"))
        self.list.setIconSize(QSize(ICON, ICON))
        self.go = QPushButton(translate("puppet", "Go there"))
        self.delete = QPushButton(translate("puppet", "Delete"))
        set_tip(self.go, translate("puppet", "Show the bookmark that is marked in the list"))
        set_tip(
            self.delete, translate("puppet", "Delete the bookmark that is marked in the list; it can be brought back")
        )
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.add)
        below.addStretch(1)
        below.addWidget(self.go)
        below.addWidget(self.delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addLayout(below)
        self.add.clicked.connect(self._add)
        self.name.returnPressed.connect(self._add)
        self.list.itemActivated.connect(lambda item: self.chosen.emit(item.text()))
        self.go.clicked.connect(lambda: self._about_current(self.chosen))
        self.delete.clicked.connect(lambda: self._about_current(self.deleted))
        self.list.currentItemChanged.connect(lambda *_: self._show_buttons())
        self._show_buttons()

    def show_names(self, names: Sequence[str]) -> None:
        """List these bookmarks; those that were listed keep their pictures."""
        icons = {self._item(i).text(): self._item(i).icon() for i in range(self.list.count())}
        self.list.clear()
        for name in names:
            self.list.addItem(QListWidgetItem(icons.get(name, QIcon()), name))
        self._show_buttons()

    def show_picture(self, name: str, image: Image) -> None:
        """Show a picture uint8 (S, S, 3) BGR beside a bookmark."""
        for i in range(self.list.count()):
            if self._item(i).text() == name:
                self._item(i).setIcon(to_icon(image, ICON, self.devicePixelRatioF()))

    def _item(self, row: int) -> QListWidgetItem:
        item = self.list.item(row)
        assert item is not None
        return item

    def _add(self) -> None:
        self.added.emit(self.name.text())
        self.name.clear()

    def _about_current(self, signal: pyqtBoundSignal) -> None:
        item = self.list.currentItem()
        if item is not None:
            signal.emit(item.text())

    def _show_buttons(self) -> None:
        for button in (self.go, self.delete):
            button.setEnabled(self.list.currentItem() is not None)
