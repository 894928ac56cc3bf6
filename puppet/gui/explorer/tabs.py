"""The explorer's right half: tabs of directions, attributes, and bookmarks with their morphs."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QGridLayout, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from puppet.explore.exploration import Exploration
from puppet.explore.text_commands import COMMANDS
from puppet.gui.explorer.attribute_panel import AttributePanel
from puppet.gui.explorer.bookmark_panel import BookmarkPanel
from puppet.gui.explorer.direction_list import DirectionList
from puppet.gui.explorer.morph_panel import MorphPanel
from puppet.gui.kit.plain_text import Label
from puppet.gui.kit.words import translate

ATTRIBUTE_MARGIN = 14  # px


class ExplorerTabs(QTabWidget):
    """Builds the panels and arranges them; they say themselves what the user wants."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = DirectionList()
        self.attributes = AttributePanel(ATTRIBUTE_MARGIN)
        self.bookmarks = BookmarkPanel()
        self.morph = MorphPanel()
        self.addTab(self.rows, translate("puppet", "Directions"))
        attributes = QWidget()
        column = QVBoxLayout(attributes)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.attributes)
        column.addStretch(1)
        self.addTab(_scrolling(attributes), translate("puppet", "Attributes"))
        places = QWidget()
        column = QVBoxLayout(places)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(12)
        column.addWidget(self.bookmarks, 1)
        column.addWidget(self.morph)
        self.addTab(_scrolling(places), translate("puppet", "Places"))
        self._help = _scrolling(_list_of_commands())
        self.addTab(self._help, translate("puppet", "Keys"))

    def show_help(self) -> None:
        """Show the list of commands, beside the picture."""
        self.setCurrentWidget(self._help)

    def show_exploration(self, at: Exploration, before: Exploration | None) -> None:
        """Show its coordinates and amounts. before: what was shown; None: every row is set anew."""
        if before is None or before.place is not at.place:
            if before is None or before.gesture != at.gesture or at.gesture[:1] in ((), ("walk",)):
                changed = tuple(direction.number for direction in at.directions)
            else:
                slid = at.gesture[0] == "slider"
                changed = tuple(n for n in at.gesture[2:] if isinstance(n, int)) if slid else at.pair
            self.rows.show_coordinates({number: at.coordinate(number) for number in changed})
        self.rows.show_pair(at.pair)
        self.attributes.show_amounts(at.place.amounts)


def _list_of_commands() -> QWidget:
    inside = QWidget()
    grid = QGridLayout(inside)
    grid.setContentsMargins(14, 14, 14, 14)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(1, 1)
    for row, (typed, words) in enumerate(COMMANDS.values()):
        key, what = Label(typed), Label(translate("puppet", words))
        key.setProperty("role", "key")
        what.setWordWrap(True)
        grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        grid.addWidget(what, row, 1)
    grid.setRowStretch(len(COMMANDS), 1)
    return inside


def _scrolling(inside: QWidget) -> QScrollArea:
    """`inside`, which scrolls where there is too little room for it."""
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setWidget(inside)
    return scroll
