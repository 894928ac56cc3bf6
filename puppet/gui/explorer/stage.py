"""The explorer's left half: the picture to hover over, with everything that belongs to it."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QEvent, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from puppet.explore.exploration import REACHES
from puppet.explore.text_commands import COMMANDS
from puppet.gui.explorer.pane import ExplorerPane
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.theme import Colours
from puppet.gui.kit.widgets import ChoiceBox, Switch
from puppet.gui.kit.words import translate

REACH_CHOICES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
assert (REACH_CHOICES[0], REACH_CHOICES[-1]) == REACHES
STARTS = ("d", "b", "g")  # commands that more words belong to
BUTTONS = {  # keys of explore.COMMANDS
    "r": QT_TRANSLATE_NOOP("puppet", "Random"),
    "w": QT_TRANSLATE_NOOP("puppet", "Walk"),
    "u": QT_TRANSLATE_NOOP("puppet", "Undo"),
    "y": QT_TRANSLATE_NOOP("puppet", "Redo"),
    "0": QT_TRANSLATE_NOOP("puppet", "Reset"),
}


class ExplorerStage(QWidget):
    """Only arranges; what happens is the explorer's."""

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
        set_tip(self.take_live, translate("puppet", "Go on from the expression that the actor on stage has now"))
        set_tip(
            self.show_on_actor,
            translate("puppet", "The actor on stage shows this face, in recordings too, until this is off"),
        )
        set_tip(self.paste, translate("puppet", "Go to the latent that is on the clipboard as text"))

    def _arrange(self) -> None:
        choices, below, actions, live = QHBoxLayout(), QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        choices.addWidget(self.basis, 3)
        choices.addWidget(self.reach, 2)
        below.addWidget(self.where, 1)
        below.addWidget(self.frozen)
        for button in (*self.buttons.values(), self.copy, self.paste):
            actions.addWidget(button)
        for widget in (self.take_live, self.show_on_actor):
            live.addWidget(widget)
        live.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(choices)
        column.addWidget(self.pane, 1)
        column.addLayout(below)
        column.addWidget(self.command)
        column.addLayout(actions)
        column.addLayout(live)


def typed_command(event: QEvent | None) -> str:
    """The key of explore.COMMANDS that a plain key stands for anywhere but in a text field, or nothing."""
    if not isinstance(event, QKeyEvent) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return ""
    text = event.text().casefold()
    return text if text in COMMANDS else ""


def explorer_style(c: Colours) -> str:
    """What the window's own style sheet has no need of."""
    return f"""
    ExplorerWidget {{ background: {c.window}; }}
    QLineEdit, QListWidget {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; border-radius: 8px; padding: 4px 10px;
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QLineEdit {{ min-height: 28px; }}
    QLineEdit:focus, QListWidget:focus {{ border: 2px solid {c.accent}; padding: 3px 9px; }}
    QPushButton {{ padding: 0 8px; }}
    QPushButton:focus {{ padding: 0 7px; }}
    QPushButton[role="axis"] {{
        min-height: 24px; max-height: 24px; min-width: 30px; max-width: 30px; padding: 0; border-radius: 6px; }}
    QPushButton[role="axis"]:checked {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; }}
    QScrollArea, QWidget#rows {{ background: transparent; }}
    QTabWidget::pane {{ border: 1px solid {c.border}; border-radius: 10px; background: {c.card}; top: -1px; }}
    QTabBar::tab {{
        background: transparent; color: {c.muted}; border: none; padding: 9px 16px; font-weight: 600; }}
    QTabBar::tab:selected {{ color: {c.accent}; border-bottom: 2px solid {c.accent}; }}
    QTabBar::tab:focus {{ color: {c.text}; }}
    """
