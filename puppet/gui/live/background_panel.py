"""The group Background: what is behind the actor."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPixmap
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from puppet.core.background import Background, BackgroundKind
from puppet.gui.kit.pickers import PICTURE_FILES, pick_colour, pick_file
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.widgets import ChoiceBox, caption_of
from puppet.gui.kit.words import translate

CHOICES = {  # texts of backgrounds, in the order of the list
    "own": QT_TRANSLATE_NOOP("puppet", "Its own"),
    "blur": QT_TRANSLATE_NOOP("puppet", "Its own, blurred"),
    "transparent": QT_TRANSLATE_NOOP("puppet", "Transparent"),
    "green": QT_TRANSLATE_NOOP("puppet", "Green"),
}
OTHER_COLOUR, OTHER_PICTURE = "\0colour", "\0picture"  # no path is called so
SWATCH = 16  # px
TIP = QT_TRANSLATE_NOOP(
    "puppet",
    "What is behind the actor, here and in recordings and calls.\n"
    "A picture is cut to a square. Calls get green for Transparent",
)
NO_LAYERS = QT_TRANSLATE_NOOP(
    "puppet", "This actor has no layers: its background is a part of its picture, and no other one can be put there"
)


class BackgroundPanel(QWidget):
    """The box of backgrounds, and a note. chosen: the text of a background; a picture has not been read yet."""

    chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox(translate("puppet", "Background of the actor"))
        self.note = Label()
        self.note.setWordWrap(True)
        self.note.setProperty("role", "value")
        self._current, self._possible = Background(), True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (caption_of(self.box, translate("puppet", "Behind the actor")), self.box, self.note):
            column.addWidget(widget)
        self.box.activated.connect(self._activated)
        self.show_current(self._current)

    def show_current(self, background: Background) -> None:
        """background: the one in force."""
        self._current = background
        own_row = background.text not in CHOICES
        with self.box.refilled():
            for text, words in CHOICES.items():
                self.box.addItem(translate("puppet", words), text)
            if own_row and background.kind is BackgroundKind.COLOUR:
                self.box.addItem(_swatch(background), background.text, background.text)
            self.box.addItem(translate("puppet", "Colour…"), OTHER_COLOUR)
            if background.kind is BackgroundKind.PICTURE:
                self.box.addItem(background.picture.replace("\\", "/").rpartition("/")[2], background.text)
            self.box.addItem(translate("puppet", "Picture…"), OTHER_PICTURE)
        self.show_possible(self._possible, self.note.text())

    def show_possible(self, possible: bool, note: str) -> None:
        """possible: whether an actor that plays has layers; otherwise its own background is shown, whatever was chosen.

        note: a sentence below the box; empty: none.
        """
        self._possible = possible
        self.box.setEnabled(possible)
        if not self.box.is_open:
            self.box.setCurrentIndex(self.box.findData(self._current.text if possible else Background().text))
        set_tip(self.box, translate("puppet", TIP if possible else NO_LAYERS))
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _activated(self, index: int) -> None:
        chosen = self.box.itemData(index)
        if chosen == OTHER_COLOUR:
            chosen = pick_colour(self, translate("puppet", "Choose a colour"), self._current.colour)
        elif chosen == OTHER_PICTURE:
            chosen = pick_file(self, translate("puppet", "Choose a picture"), PICTURE_FILES)
            chosen = Background(BackgroundKind.PICTURE, picture=chosen).text if chosen else ""
        self.show_current(self._current)  # until it is really there
        if chosen:
            self.chosen.emit(chosen)


def _swatch(background: Background) -> QIcon:
    pixmap = QPixmap(SWATCH, SWATCH)
    pixmap.fill(QColor(*background.colour))
    return QIcon(pixmap)
