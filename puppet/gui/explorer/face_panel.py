"""The explorer's left half: the picture to hover over, and the controls that belong to it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from puppet.explore.directions import Basis
from puppet.explore.exploration import REACHES, Exploration
from puppet.explore.text_commands import COMMANDS
from puppet.gui.explorer.pane import ExplorerPane
from puppet.gui.kit.flow import FlowLayout
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.widgets import ChoiceBox, Switch
from puppet.gui.kit.words import decimal, translate

GAP = 10  # px
REACH_CHOICES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
assert (REACH_CHOICES[0], REACH_CHOICES[-1]) == REACHES
BUTTONS = {  # keys of COMMANDS
    "r": QT_TRANSLATE_NOOP("puppet", "Random"),
    "w": QT_TRANSLATE_NOOP("puppet", "Walk"),
    "u": QT_TRANSLATE_NOOP("puppet", "Undo"),
    "y": QT_TRANSLATE_NOOP("puppet", "Redo"),
    "0": QT_TRANSLATE_NOOP("puppet", "Reset"),
}


class FacePanel(QWidget):
    """Builds the controls and arranges them; the explorer connects them."""

    def __init__(self) -> None:
        super().__init__()
        self.basis = ChoiceBox(translate("puppet", "Directions"))
        self.reach = ChoiceBox(translate("puppet", "Range"))
        self.pane = ExplorerPane(translate("puppet", "Explored face"))
        self.where = Label()
        self.frozen = Switch(translate("puppet", "Frozen"))
        self.command = QLineEdit()
        self.buttons = {key: QPushButton(translate("puppet", words)) for key, words in BUTTONS.items()}
        self.copy, self.paste = QPushButton(translate("puppet", "Copy")), QPushButton(translate("puppet", "Paste"))
        self.take_live = QPushButton(translate("puppet", "Take the live expression"))
        self.show_on_actor = Switch(translate("puppet", "Show on the live actor"))
        for reach in REACH_CHOICES:
            self.reach.addItem(f"± {reach:g} σ", reach)
        self.reach.setCurrentIndex(REACH_CHOICES.index(1.0))
        self._explain()
        self._arrange()

    def show_bases(self, there: Sequence[Basis]) -> None:
        """Offer the bases that the actor has."""
        self.basis.clear()
        for basis in there:
            self.basis.addItem(basis.value[0].upper() + basis.value[1:], basis)

    def show_choices(self, at: Exploration) -> None:
        """Select its basis and reach in the boxes."""
        self.basis.setCurrentIndex(max(0, self.basis.findData(at.basis)))
        self.reach.setCurrentIndex(max(0, self.reach.findData(at.reach)))

    def show_exploration(self, at: Exploration) -> None:
        """Show whether it is frozen, what can be undone, and where the face is along the pair of directions."""
        self.frozen.blockSignals(True)
        self.frozen.setChecked(at.frozen)
        self.frozen.blockSignals(False)
        self.buttons["u"].setEnabled(bool(at.past))
        self.buttons["y"].setEnabled(bool(at.future))
        (right, x), (up, y) = ((number, at.coordinate(number)) for number in at.pair)
        across, upwards = (decimal(place, 2, signed=True) for place in (x, y))
        right_title, up_title = at.direction(right).title, at.direction(up).title
        self.where.setText(f"→ {right_title} {across}     ↑ {up_title} {upwards}")
        self.pane.show_cross((x / at.reach, y / at.reach), hides_mouse=not at.frozen)
        self.pane.set_note(translate("puppet", "Frozen: click to follow the mouse again") if at.frozen else "")

    def show_walking(self, walking: bool) -> None:
        """Let the button Walk say what it does now."""
        self.buttons["w"].setText(translate("puppet", "Stop") if walking else translate("puppet", "Walk"))

    def show_rate(self, rate: float) -> None:
        """Tell in a tooltip how many pictures a second are drawn, and how late they are."""
        words = translate("puppet", "{0:.0f} pictures per second, {1:.0f} ms from the mouse to the screen")
        set_tip(self.where, words.format(rate, self.pane.latency_ms))

    def _explain(self) -> None:
        set_tip(
            self.reach,
            translate("puppet", "What the picture's edges stand for, in standard deviations of the actor's footage"),
        )
        set_tip(self.basis, translate("puppet", "What the mouse and the sliders move the face along"))
        self.command.setPlaceholderText(
            translate("puppet", "Type a command: d 0 1 chooses two directions, r a random face, h lists all")
        )
        self.command.setAccessibleName(translate("puppet", "Command"))
        self.where.setProperty("role", "value")
        for key, button in self.buttons.items():
            words = translate("puppet", COMMANDS[key][1])
            set_tip(button, f"{words[0].upper()}{words[1:]} ({key.upper()})")
        set_tip(self.frozen, translate("puppet", "The mouse changes nothing (a click on the picture, or F)"))
        set_tip(self.copy, translate("puppet", "Copy this face's latent as text"))
        set_tip(self.take_live, translate("puppet", "Go on from the expression that the live actor has now"))
        set_tip(
            self.show_on_actor,
            translate("puppet", "The live actor shows this face, in recordings too, until this is off"),
        )
        set_tip(self.paste, translate("puppet", "Go to the latent that is on the clipboard as text"))

    def _arrange(self) -> None:
        choices, below, actions, live = QHBoxLayout(), QHBoxLayout(), FlowLayout(GAP), FlowLayout(GAP)
        choices.addWidget(self.basis, 3)
        choices.addWidget(self.reach, 2)
        below.addWidget(self.where, 1)
        below.addWidget(self.frozen)
        for button in (*self.buttons.values(), self.copy, self.paste):
            actions.addWidget(button)
        for widget in (self.take_live, self.show_on_actor):
            live.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(choices)
        column.addWidget(self.pane, 1)
        column.addLayout(below)
        column.addWidget(self.command)
        column.addLayout(actions)
        column.addLayout(live)
