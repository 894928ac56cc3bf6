"""The group Wall of puppets: further actors that show the same face beside the chosen one."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.widgets import Switch
from puppet.gui.kit.words import translate

ICON = 30  # px


class WallPanel(QWidget):
    """One switch for every actor. chosen: paths of the actors that are switched on, in the list's order."""

    chosen = pyqtSignal(list)

    def __init__(self) -> None:
        super().__init__()
        self.switches: dict[str, Switch] = {}
        hint = Label(translate("puppet", "One face, several actors. Each one more costs as much time as the first."))
        hint.setWordWrap(True)
        hint.setProperty("role", "value")
        self._rows = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(hint)
        self._column.addWidget(self._rows)

    @property
    def on(self) -> list[str]:
        return [path for path, switch in self.switches.items() if switch.isChecked()]

    def show_actors(self, actors: dict[str, tuple[str, QIcon]], on: list[str]) -> None:
        """actors: path -> (name, picture). on: paths of those that are switched on."""
        old, self._rows = self._rows, QWidget()
        self._column.replaceWidget(old, self._rows)
        old.deleteLater()
        rows = QVBoxLayout(self._rows)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self.switches = {}
        for path, (name, icon) in actors.items():
            switch = self.switches[path] = Switch(name)
            set_tip(switch, translate("puppet", "Let {0} play the same face beside the chosen actor").format(name))
            switch.setChecked(path in on)
            switch.toggled.connect(lambda _: self.chosen.emit(self.on))
            picture = Label()
            picture.setPixmap(icon.pixmap(ICON, ICON))
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(picture)
            row.addWidget(switch, 1)
            rows.addLayout(row)
