"""The box in which the user chooses the actor."""

from __future__ import annotations

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QWidget

from puppet.gui.kit.pickers import ACTOR_FILES, THUMBNAIL, pick_file
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.widgets import ChoiceBox, captioned_column
from puppet.gui.kit.words import translate

ACTOR_FILE = "\0actor"  # no path is called so


class ActorPanel(QWidget):
    """The actor's box."""

    chosen = pyqtSignal(str)  # path of an actor file
    list_wanted = pyqtSignal()  # the list is about to open: files may have come or gone

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox(translate("puppet", "Actor"))
        set_tip(self.box, translate("puppet", "Who is driven. Changing the actor does not interrupt anything"))
        self.box.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self._actors: dict[str, tuple[str, QIcon]] = {}
        self._current = ""
        captioned_column(self, translate("puppet", "Actor"), self.box)
        self.box.activated.connect(self._activated)
        self.box.opening.connect(self.list_wanted)
        self._fill()

    def show_actors(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        """Path -> (name, thumbnail)."""
        self._actors = dict(actors)
        self._fill()

    def show_current(self, path: str) -> None:
        """path: of the actor that plays; empty: none."""
        self._current = path
        self._fill()

    def _fill(self) -> None:
        with self.box.refilled():
            for path, (name, icon) in self._actors.items():
                self.box.addItem(icon, name, path)
            if self._actors:
                self.box.insertSeparator(self.box.count())
            self.box.addItem(translate("puppet", "Open actor file…"), ACTOR_FILE)
            self.box.setPlaceholderText(translate("puppet", "Choose an actor"))
            self.box.setCurrentIndex(self.box.findData(self._current) if self._current else -1)

    def _activated(self, index: int) -> None:
        chosen = self.box.itemData(index)
        if chosen == ACTOR_FILE:
            chosen = pick_file(self, translate("puppet", "Choose an actor"), ACTOR_FILES)
        self.show_current(self._current)  # until the actor is really there
        if chosen:
            self.chosen.emit(chosen)
