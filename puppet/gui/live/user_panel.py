"""The group Your neutral face: calibrations are kept for each user and camera."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QInputDialog, QPushButton, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.shortcuts import keys_for
from puppet.gui.kit.widgets import ChoiceBox, caption_of
from puppet.gui.kit.words import translate

NEW = "\0new"  # no user has this name


class UserPanel(QWidget):
    """The box of users, the state of the calibration, and the button that starts it.

    chosen: the name of a user or of a new one, which has not been checked yet.
    """

    chosen = pyqtSignal(str)
    calibrate_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox(translate("puppet", "User"))
        set_tip(self.box, translate("puppet", "Who sits before the camera. Everybody has a neutral face of their own"))
        self.state = Label()
        self.state.setWordWrap(True)
        self.state.setProperty("role", "value")
        self.calibrate = QPushButton(translate("puppet", "Calibrate…"))
        set_tip(
            self.calibrate,
            translate("puppet", "Show the camera your neutral face, guided ({0})").format(keys_for("calibrate")),
        )
        caption = caption_of(self.box, translate("puppet", "User"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (caption, self.box, self.state, self.calibrate):
            column.addWidget(widget)
        self.box.activated.connect(self._activated)
        self.calibrate.clicked.connect(lambda: self.calibrate_clicked.emit())

    def show_users(self, names: Sequence[str], current: str) -> None:
        with self.box.refilled():
            for name in names:
                self.box.addItem(name, name)
            self.box.insertSeparator(self.box.count())
            self.box.addItem(translate("puppet", "Somebody else…"), NEW)
            self.box.setCurrentIndex(self.box.findData(current))
        self._current = current

    def show_state(self, words: str) -> None:
        if words != self.state.text():
            self.state.setText(words)

    def _activated(self, index: int) -> None:
        chosen = self.box.itemData(index)
        self.box.setCurrentIndex(self.box.findData(self._current))  # until it is taken
        if chosen == NEW:
            chosen, _ = QInputDialog.getText(
                self, translate("puppet", "Somebody else"), translate("puppet", "Name of who sits before the camera:")
            )
        if chosen:
            self.chosen.emit(chosen)
