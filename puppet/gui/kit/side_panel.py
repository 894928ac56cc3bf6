"""The column of groups of controls beside the pictures, each of which can be folded."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QFrame, QScrollArea, QToolButton, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.words import translate

WIDTH, GAP = 312, 12  # px
BAR = 14  # px, of the bar at the right


class Group(QFrame):
    """A heading, and below it the widget that a click on the heading folds."""

    def __init__(self, title: str, inside: QWidget) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.inside = inside
        self.heading = QToolButton()
        self.heading.setText(title)
        self.heading.setProperty("role", "heading")
        self.heading.setCheckable(True)
        self.heading.setChecked(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.heading.toggled.connect(self._toggled)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 8)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(inside)
        self._toggled(True)

    @property
    def open(self) -> bool:
        return self.heading.isChecked()

    def fold(self, folded: bool) -> None:
        self.heading.setChecked(not folded)

    def _toggled(self, open_: bool) -> None:
        self.inside.setVisible(open_)
        self.heading.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        title = self.heading.text()
        set_tip(
            self.heading,
            translate("puppet", "Hide {0}").format(title) if open_ else translate("puppet", "Show {0}").format(title),
        )
        self.heading.setAccessibleDescription(translate("puppet", "open") if open_ else translate("puppet", "folded"))


class Column(QScrollArea):
    """A column that scrolls up and down only, as wide as its content needs and at least `least` px."""

    def __init__(self, name: str, least: int) -> None:
        super().__init__()
        self._least = least
        self.setAccessibleName(name)
        self.setFixedWidth(least)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        inside = self.widget()
        if a1 is not None and a0 is inside and inside is not None and a1.type() == QEvent.Type.LayoutRequest:
            self.setFixedWidth(max(self._least, inside.minimumSizeHint().width() + BAR))
        return super().eventFilter(a0, a1)


class SidePanel(Column):
    """The groups, in the order in which they were added; `groups` has them by key."""

    def __init__(self) -> None:
        super().__init__("Controls", WIDTH)
        self.groups: dict[str, Group] = {}
        self._folded: set[str] = set()
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(GAP)
        self._column.addStretch(1)
        self.setWidget(inside)

    @property
    def folded(self) -> list[str]:
        """Keys of the groups that are folded."""
        return [key for key, group in self.groups.items() if not group.open]

    def add_group(self, key: str, title: str, inside: QWidget) -> Group:
        """Add a group at the bottom. key: its name in `folded` and `groups`."""
        group = self.groups[key] = Group(title, inside)
        group.fold(key in self._folded)
        self._column.insertWidget(self._column.count() - 1, group)
        return group

    def fold(self, keys: Iterable[str]) -> None:
        """Fold exactly these; a group that is added later is folded too if it is among them."""
        self._folded = set(keys)
        for key, group in self.groups.items():
            group.fold(key in self._folded)
