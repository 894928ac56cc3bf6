"""The page Actors: the collection as a grid, and the details of the selected actor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.kit.flow import FlowLayout
from puppet.gui.kit.pickers import ACTOR_FILES, pick_files
from puppet.gui.kit.plain_text import Label, as_lines, set_tip
from puppet.gui.kit.side_panel import Column
from puppet.gui.kit.words import translate

PICTURE = 148  # px, side of a preview in the grid
LARGE = 220  # px, side of the selected actor's preview
DETAILS_WIDTH = 320  # px
PATH = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, eq=False)
class ActorCardView:
    """What the page shows of an actor file.

    facts: (caption, value). problem: why it cannot be used, or empty. built_in: it came with the program.
    """

    path: str
    name: str
    small: QIcon
    large: QIcon
    facts: Sequence[tuple[str, str]]
    problem: str
    built_in: bool


class LibraryPage(QWidget):
    """The grid and the details. Signals carry paths of actor files."""

    play_clicked = pyqtSignal(str)
    rename_wanted = pyqtSignal(str, str)  # path, the new name
    remove_clicked = pyqtSignal(str)
    files_chosen = pyqtSignal(list)  # files from elsewhere, to be added
    new_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self._views: dict[str, ActorCardView] = {}
        self.new = QPushButton(translate("puppet", "New actor from video…"))
        set_tip(
            self.new,
            translate("puppet", "Film somebody, or choose footage of them, and train an actor that moves as you do"),
        )
        self.add = QPushButton(translate("puppet", "Add actor file…"))
        set_tip(
            self.add, translate("puppet", "Choose an .actor file to join the collection; or drop one onto this page")
        )
        self.hint = Label(translate("puppet", "Drop .actor files here. Each is checked before it joins."))
        self.hint.setProperty("role", "value")
        self.hint.setWordWrap(True)
        self.grid = QListWidget()
        self.grid.setAccessibleName(translate("puppet", "Actors"))
        self.grid.setViewMode(QListWidget.ViewMode.IconMode)
        self.grid.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.grid.setMovement(QListWidget.Movement.Static)
        self.grid.setIconSize(QSize(PICTURE, PICTURE))
        self.grid.setSpacing(8)
        self.grid.setWordWrap(True)
        set_tip(self.grid, translate("puppet", "Enter or a double-click plays an actor"))
        self.picture = Label()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = Label()
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.problem = Label()
        self.problem.setWordWrap(True)
        self.play = QPushButton(translate("puppet", "Play"))
        set_tip(self.play, translate("puppet", "Play this actor (Enter)"))
        self.rename = QPushButton(translate("puppet", "Rename…"))
        self.remove = QPushButton(translate("puppet", "Remove"))
        self.play.clicked.connect(lambda: self.play_clicked.emit(self.current))
        self.rename.clicked.connect(self._ask_name)
        self.remove.clicked.connect(lambda: self.remove_clicked.emit(self.current))
        self.new.clicked.connect(lambda: self.new_clicked.emit())
        self.add.clicked.connect(self._choose_file)
        self.grid.currentItemChanged.connect(lambda *_: self._show_details())
        self.grid.itemActivated.connect(self._activated)
        self._arrange()
        self._show_details()

    @property
    def current(self) -> str:
        """Path of the selected actor; empty without one."""
        item = self.grid.currentItem()
        return item.data(PATH) if item is not None else ""

    def show_actors(self, views: Sequence[ActorCardView], current: str = "") -> None:
        """Fill the grid. current: the path to select; empty: as before."""
        current = current or self.current
        self._views = {view.path: view for view in views}
        self.grid.blockSignals(True)
        self.grid.clear()
        for view in views:
            item = QListWidgetItem(view.small, as_lines(view.name if not view.problem else f"⚠ {view.name}"))
            item.setData(PATH, view.path)
            set_tip(item, view.problem or view.name)
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            item.setSizeHint(QSize(PICTURE + 16, PICTURE + 2 * self.grid.fontMetrics().height() + 14))
            self.grid.addItem(item)
            if view.path == current:
                self.grid.setCurrentItem(item)
        if self.grid.currentItem() is None and views:
            self.grid.setCurrentRow(0)
        self.grid.blockSignals(False)
        self._show_details()

    def _arrange(self) -> None:
        top = FlowLayout(10)
        top.addWidget(self.new)
        top.addWidget(self.add)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addLayout(top)
        left.addWidget(self.hint)
        left.addWidget(self.grid, 1)
        inside = QWidget()
        self._facts = QFormLayout()
        self._facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._facts.setVerticalSpacing(4)
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        for widget in (self.picture, self.title, self.problem):
            column.addWidget(widget)
        buttons = FlowLayout(8)
        for button in (self.play, self.rename, self.remove):
            buttons.addWidget(button)
        column.addLayout(self._facts)
        column.addStretch(1)
        scroll = Column(translate("puppet", "Details of the actor"), DETAILS_WIDTH)
        scroll.setWidget(inside)
        card = QFrame()
        card.setProperty("role", "card")
        whole = QVBoxLayout(card)
        whole.setContentsMargins(0, 0, 0, 12)
        whole.addWidget(scroll, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 0, 16, 0)
        foot.addLayout(buttons)
        whole.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(left, 1)
        row.addWidget(card)

    def _show_details(self) -> None:
        view = self._views.get(self.current)
        while self._facts.rowCount():
            self._facts.removeRow(0)
        usable, own = view is not None and not view.problem, view is not None and not view.built_in
        self.play.setEnabled(usable)
        self.rename.setEnabled(usable and own)
        self.remove.setEnabled(own)
        fixed = translate("puppet", "It came with the program and stays as it is")
        set_tip(self.rename, translate("puppet", "Give it another name (F2)") if own else fixed)
        set_tip(self.remove, translate("puppet", "Put it aside; it can be brought back (Delete)") if own else fixed)
        self.title.setText(view.name if view else translate("puppet", "No actor chosen"))
        self.problem.setText(f"⚠ {view.problem}" if view else "")
        self.problem.setVisible(view is not None and bool(view.problem))
        self.picture.setPixmap(view.large.pixmap(LARGE, LARGE) if view else QIcon().pixmap(1, 1))
        self.picture.setVisible(usable)
        for what, words in view.facts if view else ():
            caption, value = Label(what), Label(words)
            caption.setProperty("role", "caption")
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addRow(caption, value)

    def _activated(self, item: QListWidgetItem) -> None:
        if self.play.isEnabled():
            self.play_clicked.emit(item.data(PATH))

    def _ask_name(self) -> None:
        view = self._views.get(self.current)
        if view is not None:
            name, taken = QInputDialog.getText(
                self, translate("puppet", "Rename"), translate("puppet", "New name of the actor:"), text=view.name
            )
            if taken and name.strip() != view.name:
                self.rename_wanted.emit(view.path, name)

    def _choose_file(self) -> None:
        files = pick_files(self, translate("puppet", "Choose actors"), ACTOR_FILES)
        if files:
            self.files_chosen.emit(files)
