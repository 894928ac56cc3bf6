"""The group View: where the pictures are, and what is drawn over them."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, pyqtSignal
from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from puppet.core.layout import INSET
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.shortcuts import keys_for
from puppet.gui.kit.widgets import ChoiceBox, Switch, caption_of
from puppet.gui.kit.words import translate
from puppet.gui.live.pictures import ACTOR, SIDE_BY_SIDE

LAYOUTS = {  # choices of WINDOW_LAYOUT, in the order of the list
    SIDE_BY_SIDE: QT_TRANSLATE_NOOP("puppet", "Side by side"),
    INSET: QT_TRANSLATE_NOOP("puppet", "Actor large, driver small"),
    ACTOR: QT_TRANSLATE_NOOP("puppet", "Actor only"),
}


class ViewPanel(QWidget):
    """The box of layouts, two switches and the full screen. layout_chosen: a key of LAYOUTS."""

    layout_chosen = pyqtSignal(str)
    mesh_changed = pyqtSignal(bool)
    timings_changed = pyqtSignal(bool)
    full_screen_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox(translate("puppet", "Layout of the pictures"))
        set_tip(
            self.box,
            translate("puppet", "Where the pictures stand; recordings do not change ({0})").format(keys_for("layout")),
        )
        for key, words in LAYOUTS.items():
            self.box.addItem(translate("puppet", words), key)
        self.mesh = Switch(translate("puppet", "Face mesh"))
        set_tip(
            self.mesh,
            translate("puppet", "Draw over the driver what was found of the face; never recorded ({0})").format(
                keys_for("mesh")
            ),
        )
        self.timings = Switch(translate("puppet", "Timings"))
        set_tip(
            self.timings,
            translate(
                "puppet", "How many milliseconds each stage takes, over the actor's picture; never recorded ({0})"
            ).format(keys_for("timings")),
        )
        self.full_screen = QPushButton(translate("puppet", "Full screen"))
        set_tip(
            self.full_screen,
            translate("puppet", "Only the pictures; Esc comes back ({0})").format(keys_for("full_screen")),
        )
        caption = caption_of(self.box, translate("puppet", "Layout"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (caption, self.box, self.mesh, self.timings, self.full_screen):
            column.addWidget(widget)
        self.box.activated.connect(lambda index: self.layout_chosen.emit(self.box.itemData(index)))
        self.mesh.toggled.connect(self.mesh_changed)
        self.timings.toggled.connect(self.timings_changed)
        self.full_screen.clicked.connect(lambda: self.full_screen_clicked.emit())

    def show_choice(self, layout: str, mesh: bool, timings: bool) -> None:
        self.box.setCurrentIndex(max(0, self.box.findData(layout)))
        for switch, on in ((self.mesh, mesh), (self.timings, timings)):
            switch.blockSignals(True)
            switch.setChecked(on)
            switch.blockSignals(False)

    def next_layout(self) -> None:
        """Do as if the user had chosen the next layout."""
        index = (self.box.currentIndex() + 1) % self.box.count()
        self.box.setCurrentIndex(index)
        self.box.activated.emit(index)
