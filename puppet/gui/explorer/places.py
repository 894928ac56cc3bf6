"""Bookmarks of the explorer, and the morph from one of them to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QSize, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from puppet.core.types import Image
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.qimage import to_icon
from puppet.gui.kit.widgets import ChoiceBox
from puppet.gui.kit.words import translate

ICON = 48  # px
NOW, MEAN = QT_TRANSLATE_NOOP("puppet", "this face"), QT_TRANSLATE_NOOP("puppet", "the mean face")
SECONDS = (1, 2, 3, 5, 10, 20)  # of a morph
SAME = ""  # the other end of the morph is the same actor


@dataclass(frozen=True)
class MorphWish:
    """From one place to another: names of bookmarks, NOW or MEAN; other: another actor's file, or SAME. With another
    actor `end` is that actor's mean face.
    """

    start: str
    end: str
    spherical: bool
    seconds: float
    other: str = SAME


class BookmarkPanel(QWidget):
    """Named places: add, go, delete."""

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
        icons = {self._item(i).text(): self._item(i).icon() for i in range(self.list.count())}
        self.list.clear()
        for name in names:
            self.list.addItem(QListWidgetItem(icons.get(name, QIcon()), name))
        self._show_buttons()

    def show_picture(self, name: str, image: Image) -> None:
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

    def _about_current(self, signal) -> None:
        item = self.list.currentItem()
        if item is not None:
            signal.emit(item.text())

    def _show_buttons(self) -> None:
        for button in (self.go, self.delete):
            button.setEnabled(self.list.currentItem() is not None)


class MorphPanel(QFrame):
    """Where a morph begins and ends, and how it goes."""

    play_wanted = pyqtSignal(object)  # MorphWish
    export_wanted = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.start, self.end = ChoiceBox(translate("puppet", "Morph from")), ChoiceBox(translate("puppet", "Morph to"))
        set_tip(self.start, translate("puppet", "Where the morph begins"))
        set_tip(self.end, translate("puppet", "Where the morph ends"))
        self.other = ChoiceBox(translate("puppet", "Morph into"))
        set_tip(self.other, translate("puppet", "Stay with this actor, or turn into the usual face of another one"))
        self.shape = ChoiceBox(translate("puppet", "Way of the morph"))
        self.shape.addItem(translate("puppet", "straight"), False)
        self.shape.addItem(translate("puppet", "on an arc"), True)
        set_tip(
            self.shape,
            translate("puppet", "Straight passes nearer to the mean face; an arc keeps its distance from it"),
        )
        self.seconds = ChoiceBox(translate("puppet", "Length of the morph"))
        for seconds in SECONDS:
            self.seconds.addItem(translate("puppet", "{0} s").format(seconds), float(seconds))
        set_tip(self.seconds, translate("puppet", "How long the morph takes"))
        self.seconds.setCurrentIndex(SECONDS.index(3))
        self.play = QPushButton(translate("puppet", "Play"))
        self.export = QPushButton(translate("puppet", "Export video…"))
        set_tip(self.play, translate("puppet", "Look at the morph; it changes nothing"))
        set_tip(self.export, translate("puppet", "Save the morph as a video in the folder of your recordings"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 0)
        for row, (words, box) in enumerate(
            (
                (translate("puppet", "From"), self.start),
                (translate("puppet", "To"), self.end),
                (translate("puppet", "Actor"), self.other),
                (translate("puppet", "Way"), self.shape),
                (translate("puppet", "Length"), self.seconds),
            )
        ):
            label = Label(words)
            label.setProperty("role", "caption")
            label.setBuddy(box)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.play)
        buttons.addWidget(self.export)
        grid.addLayout(buttons, 5, 0, 1, 2)
        self.other.currentIndexChanged.connect(lambda _: self.end.setEnabled(self.other.currentData() == SAME))
        self.play.clicked.connect(lambda: self.play_wanted.emit(self.wish))
        self.export.clicked.connect(lambda: self.export_wanted.emit(self.wish))
        self.show_places([])
        self.show_actors({})

    @property
    def wish(self) -> MorphWish:
        return MorphWish(
            str(self.start.currentData()),
            str(self.end.currentData()),
            bool(self.shape.currentData()),
            float(self.seconds.currentData()),
            str(self.other.currentData()),
        )

    def show_places(self, names: Sequence[str]) -> None:
        for box, places in ((self.start, [NOW, MEAN, *names]), (self.end, [MEAN, NOW, *names])):
            chosen = box.currentData()
            box.clear()
            for place in places:
                box.addItem(translate("puppet", place) if place in (NOW, MEAN) else place, place)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    def show_actors(self, names: Mapping[str, str]) -> None:
        """Other actors: name by file."""
        chosen = self.other.currentData()
        self.other.clear()
        self.other.addItem(translate("puppet", "the same actor"), SAME)
        for path, name in names.items():
            self.other.addItem(translate("puppet", "into {0}").format(name), str(Path(path)))
        self.other.setCurrentIndex(max(0, self.other.findData(chosen)))

    def show_busy(self, busy: bool) -> None:
        """While a film is being made, the same button ends it."""
        self.export.setText(translate("puppet", "Stop") if busy else translate("puppet", "Export video…"))
