"""The group Latent space: freeze the face, add attributes, and turn into another actor."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from puppet.gui.explorer.attribute_panel import AttributePanel
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.widgets import ChoiceBox, PercentSlider, Switch, caption_of
from puppet.gui.kit.words import translate

NOBODY = ""  # the actor does not turn into anybody


class LatentPanel(QWidget):
    """The switch, the attributes' sliders (hidden for an actor without any), and the partner of a morph."""

    freeze_changed = pyqtSignal(bool)
    explore_wanted = pyqtSignal()
    attribute_moved = pyqtSignal(str, float)
    attributes_reset = pyqtSignal()
    partner_chosen = pyqtSignal(str)  # path of an actor file, or NOBODY
    share_moved = pyqtSignal(float)  # 0 .. 1

    def __init__(self) -> None:
        super().__init__()
        self.frozen = Switch(translate("puppet", "Freeze the face"))
        set_tip(self.frozen, translate("puppet", "The actor keeps the expression it has; attributes still change it"))
        self.explore = QPushButton(translate("puppet", "Explore it"))
        set_tip(
            self.explore, translate("puppet", "Go on from the expression that the actor has now, on the page Explore")
        )
        self.attributes = AttributePanel()
        self.reset = QPushButton(translate("puppet", "Reset"))
        self.reset.setProperty("role", "plain")
        set_tip(self.reset, translate("puppet", "All attributes back to 0; a double-click on a slider resets that one"))
        self.reset.setAccessibleName(translate("puppet", "Reset attributes"))
        self.partner = ChoiceBox(translate("puppet", "Turn into"))
        set_tip(
            self.partner, translate("puppet", "Another actor that plays the same face: what is shown lies between both")
        )
        self.share = PercentSlider(
            translate("puppet", "Share"),
            translate("puppet", "How far the actor has turned into the other one"),
            low=0.0,
            high=1.0,
            default=0.0,
        )
        top = QHBoxLayout()
        top.addWidget(self.frozen, 1)
        top.addWidget(self.explore)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.attributes)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(caption_of(self.partner, translate("puppet", "Turn into")))
        column.addWidget(self.partner)
        column.addWidget(self.share)
        self.frozen.clicked.connect(self.freeze_changed)
        self.explore.clicked.connect(self.explore_wanted)
        self.attributes.moved.connect(self.attribute_moved)
        self.reset.clicked.connect(self.attributes_reset)
        self.partner.activated.connect(lambda _: self.partner_chosen.emit(self.partner.currentData()))
        self.share.moved.connect(self.share_moved)
        self.show_attributes([])
        self.show_partners({}, NOBODY)

    def show_attributes(self, names: list[str]) -> None:
        self.attributes.show_attributes(names)
        for widget in (self.attributes, self.reset):
            widget.setVisible(bool(names))

    def show_partners(self, names: dict[str, str], chosen: str) -> None:
        """names: of actors by path. chosen: a path or NOBODY; the share is hidden with NOBODY."""
        self.partner.clear()
        self.partner.addItem(translate("puppet", "Nobody"), NOBODY)
        for path, name in names.items():
            self.partner.addItem(name, path)
        self.partner.setCurrentIndex(max(0, self.partner.findData(chosen)))
        self.share.setVisible(self.partner.currentData() != NOBODY)
